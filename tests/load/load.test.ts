/** What must hold on any machine, however busy. Speeds are compared by scripts/bench. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { join } from "node:path";
import { memory, resetPeak } from "../../scripts/benchmark/usage.ts";
import { delayed } from "../support/faults.ts";
import { BIG, type NpmProxy, npmProxy, SMALL } from "../support/npm-proxy.ts";
import { json } from "../support/tree.ts";

const MB = 1024 * 1024;
const CLIENTS = 32;
const LARGE = 200 * MB;
/** Bytes. About twice what scripts/bench finds: this is to notice what grows with a file's size or from start to start. */
const AT_REST = 170 * MB;
const ADDED = 100 * MB;

let all: NpmProxy;
beforeAll(async () => {
  all = await npmProxy({ http_timeout: "30s", artifact_max_size: "1GB" });
});
afterAll(() => all[Symbol.asyncDispose]());

test.skipIf(process.platform !== "linux")("memory at rest", () => {
  expect(memory(all.proxy.pid).now).toBeLessThan(AT_REST);
});

test.each([SMALL, BIG])(`${CLIENTS} clients that miss %s at once make one upstream request`, async (path) => {
  const asked = path.replace("/npm", "/registry");
  all.upstream.fault(asked, delayed(300));
  const bodies = await Promise.all(
    Array.from({ length: CLIENTS }, async () => {
      const response = await fetch(all.proxy.url + path);
      expect(response.status).toBe(200);
      return Bun.hash(await response.bytes());
    }),
  );
  expect(new Set(bodies).size).toBe(1);
  expect(all.upstream.count(asked)).toBe(1);
});

test.skipIf(process.platform !== "linux")(
  "a large file passes through in bounded memory, and a client that reads slowly gets the same bytes",
  async () => {
    const file = await largeFile();
    for (const version of ["1.0.0", "2.0.0"]) {
      const before = memory(all.proxy.pid).now;
      resetPeak(all.proxy.pid);
      const digests = await Promise.all([false, true].map((slowly) => digestOf(tarball(version), slowly)));
      expect(digests).toEqual([file.digest, file.digest]);
      expect(memory(all.proxy.pid).peak - before).toBeLessThan(ADDED);
    }
    expect(all.upstream.count(/\/large-/)).toBe(2);
  },
  60_000,
);

const tarball = (version: string) => `/large/-/large-${version}.tgz`;

/** Two versions of it at the registry, of the same bytes. */
async function largeFile(): Promise<{ digest: string }> {
  const path = join(all.dir, "..", "large");
  const block = crypto.getRandomValues(new Uint8Array(MB));
  const hasher = new Bun.CryptoHasher("sha1");
  const writer = Bun.file(path).writer();
  for (let written = 0; written < LARGE; written += MB) {
    block[0] = written / MB;
    hasher.update(block);
    await writer.write(block);
    await writer.flush();
  }
  await writer.end();
  const shasum = hasher.digest("hex");
  const versions = Object.fromEntries(
    ["1.0.0", "2.0.0"].map((version) => {
      all.upstream.set(`/registry${tarball(version)}`, { body: Bun.file(path) });
      return [version, { name: "large", version, dist: { tarball: all.registry + tarball(version), shasum } }];
    }),
  );
  all.upstream.set("/registry/large", json({ name: "large", "dist-tags": { latest: "2.0.0" }, versions }));
  return { digest: shasum };
}

async function digestOf(path: string, slowly: boolean): Promise<string> {
  const response = await fetch(`${all.proxy.url}/npm${path}`);
  const body: AsyncIterable<Uint8Array> = response.body!;
  const hasher = new Bun.CryptoHasher("sha1");
  let chunks = 0;
  for await (const chunk of body) {
    hasher.update(chunk);
    if (slowly && chunks++ % 50 === 0) await Bun.sleep(5);
  }
  return hasher.digest("hex");
}
