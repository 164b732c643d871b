/** Stored bytes that a bad disk, a crash or a person changed are never sent: they are set aside, and fetched again. */
import { expect, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { hash } from "../../src/contract/digest.ts";
import { NotFound } from "../../src/lib/errors.ts";
import { failure } from "../support/engine.ts";
import { LARGE, SMALL, setUp } from "../support/files-cache.ts";

type All = Awaited<ReturnType<typeof setUp>>;
type Path = "/f/small" | "/f/large" | "/raw/large" | "/index.json";

const BYTES: Partial<Record<Path, Uint8Array>> = { "/f/small": SMALL, "/f/large": LARGE, "/raw/large": LARGE };

/** Its digest is compared where it enters memory; for larger files only the size is seen at once. */
function flip(file: string): void {
  const bytes = readFileSync(file);
  bytes[9]! ^= 1;
  writeFileSync(file, bytes);
}

const damages: Record<string, { harm: (file: string) => void; of: Path[]; leavesNothing?: boolean }> = {
  "was emptied": { harm: (file) => truncateSync(file, 0), of: ["/f/small", "/f/large", "/raw/large", "/index.json"] },
  "was cut in half": { harm: (file) => truncateSync(file, 5_000), of: ["/f/small", "/f/large", "/raw/large"] },
  "has more bytes": {
    harm: (file) => writeFileSync(file, "more", { flag: "a" }),
    of: ["/f/small", "/f/large", "/index.json"],
  },
  "has another bit": { harm: flip, of: ["/f/small", "/index.json"] },
  "was removed": { harm: (file) => rmSync(file), of: ["/f/small", "/f/large", "/index.json"], leavesNothing: true },
  "is a folder": {
    harm: (file) => {
      rmSync(file);
      mkdirSync(file);
    },
    of: ["/f/small", "/f/large", "/index.json"],
  },
};

async function stored(path: Path): Promise<{ all: All; file: string; right: Buffer }> {
  const all = await setUp();
  const right = await all.get(path);
  await all.cache.drain();
  const { artifacts, documents, storage } = all.cache.context;
  const row = artifacts.find("files", path) ?? documents.find("files", path)!;
  all.upstream.forget();
  all.cache.memory.clear();
  return { all, file: storage.file(row.sha256), right };
}

const quarantined = ({ dir }: All) =>
  existsSync(join(dir, "quarantine-v1")) ? readdirSync(join(dir, "quarantine-v1")).length : 0;

for (const [damage, { harm, of, leavesNothing = false }] of Object.entries(damages))
  for (const path of of) {
    test(`${path} ${damage}: it is fetched again, and what was there is set aside`, async () => {
      const { all, file, right } = await stored(path);
      await using _ = all;
      harm(file);
      expect((await all.get(path)).equals(right)).toBe(true);
      await all.cache.drain();
      expect(all.upstream.count(path)).toBe(1);
      expect(quarantined(all)).toBe(leavesNothing ? 0 : 1);
      if (BYTES[path]) expect(readFileSync(file).equals(BYTES[path])).toBe(true);
      expect((await all.get(path)).equals(right)).toBe(true);
      expect(all.upstream.count(path)).toBe(1);
    });
    test(`${path} ${damage}, offline: it is missed, and not sent`, async () => {
      const { all, file } = await stored(path);
      await using _ = all;
      harm(file);
      const offline = await all.again({ makesUpstreamRequests: false });
      expect(await failure(all.answer(path, offline))).toBeInstanceOf(NotFound);
    });
  }

test("damaged bytes are not taken for another path that has the same digest", async () => {
  const { all, file } = await stored("/f/large");
  await using _ = all;
  await all.database.writer.write(() => all.tables.artifacts.remove("files", "/f/large"));
  truncateSync(file, 1_000);
  // Nothing says how long it is.
  all.upstream.fault("/f/large", ({ headers: { "content-length": _length, ...headers }, ...reply }) => ({
    ...reply,
    headers,
  }));
  expect((await all.get("/f/large")).equals(LARGE)).toBe(true);
  await all.cache.drain();
  expect(hash("sha256", readFileSync(file))).toBe(hash("sha256", LARGE));
});
