/**
 * The reference for misses: the least that Bun can do to fetch a file, keep it so that a power cut leaves it whole, and send it.
 * Verifies nothing, remembers nothing. Run as a process: `bun bare-store.ts FOLDER UPSTREAM` prints its port.
 */
import { open, rename } from "node:fs/promises";
import { join } from "node:path";

const [folder = ".", upstream = ""] = process.argv.slice(2);
let stored = 0;
const server = Bun.serve({
  hostname: "127.0.0.1",
  port: 0,
  fetch: async ({ url }) => {
    const response = await fetch(upstream + url.slice(url.indexOf("/", 8)));
    const bytes = await response.bytes();
    const file = join(folder, `${stored++}`);
    const handle = await open(`${file}.part`, "wx");
    await handle.writeFile(bytes);
    await handle.datasync();
    await handle.close();
    await rename(`${file}.part`, file);
    return new Response(bytes);
  },
});
console.log(server.port);
