/**
 * The reference for mirrors: the least that Bun can do to fetch files, hash them and keep them so that a power cut leaves them
 * whole. Run as a process: `bun bare-loop.ts FOLDER CONCURRENCY < addresses`, a line each.
 */
import { open } from "node:fs/promises";
import { join } from "node:path";
import pLimit from "p-limit";

const [folder = ".", concurrency = "16"] = process.argv.slice(2);
const addresses = (await Bun.stdin.text()).split("\n").filter(Boolean);
const limit = pLimit(Number(concurrency));

await Promise.all(
  addresses.map((address, at) =>
    limit(async () => {
      const bytes = await (await fetch(address)).bytes();
      const digest = new Bun.CryptoHasher("sha512").update(bytes).digest("hex");
      const file = await open(join(folder, `${at}-${digest.slice(0, 16)}`), "wx");
      await file.writeFile(bytes);
      await file.datasync();
      await file.close();
    }),
  ),
);
