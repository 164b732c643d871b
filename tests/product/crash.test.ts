/** Several processes on one store, processes that are killed, and disks that are full. */
import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { join } from "node:path";
import { hash } from "../../src/contract/digest.ts";
import { failure } from "../support/engine.ts";
import { delayed, slowDrip } from "../support/faults.ts";
import { BIG, npmProxy, SMALL } from "../support/npm-proxy.ts";
import { program, runProxy, startProxy } from "../support/proxy.ts";
import { TIMEOUT } from "../support/time-limits.ts";

const truthOf = async (registry: string, path: string) =>
  hash("sha256", await (await fetch(registry + path.slice("/npm".length))).bytes());
const fetched = async (url: string) => hash("sha256", await (await fetch(url)).bytes());

test(
  "two processes, 32 askers, one missing file: one request to upstream, and all get the same",
  async () => {
    await using all = await npmProxy();
    const truth = await truthOf(all.registry, BIG);
    const second = await startProxy(all.options);
    all.upstream.forget();
    all.upstream.fault(/big-1\.0\.0\.tgz$/, delayed(300));
    const urls = Array.from({ length: 32 }, (_, index) => `${index % 2 === 0 ? all.proxy.url : second.url}${BIG}`);
    expect(new Set(await Promise.all(urls.map(fetched)))).toEqual(new Set([truth]));
    expect(all.upstream.count(/big-1\.0\.0\.tgz$/)).toBe(1);
    await second.stop();
  },
  TIMEOUT,
);

test(
  "killed while it downloads: the next process takes over at once and goes on where it was",
  async () => {
    await using all = await npmProxy({ http_timeout: "10s" });
    const truth = await truthOf(all.registry, BIG);
    all.upstream.forget();
    all.upstream.fault(/big-1\.0\.0\.tgz$/, slowDrip(3_000_000));
    const cut = failure(fetch(`${all.proxy.url}${BIG}`).then((response) => response.bytes()));
    await Bun.sleep(900);
    await all.proxy.kill9();
    expect(await cut).toBeInstanceOf(Error);
    all.upstream.heal();
    const next = await startProxy(all.options);
    const started = performance.now();
    expect(await fetched(`${next.url}${BIG}`)).toBe(truth);
    expect(performance.now() - started).toBeLessThan(5_000);
    const asked = all.upstream.requests.filter(({ path }) => path.endsWith("big-1.0.0.tgz"));
    expect(asked.map(({ status }) => status)).toEqual([200, 206]);
    await next.stop();
  },
  TIMEOUT,
);

test(
  "killed again and again while it stores: everything that is listed is whole",
  async () => {
    await using all = await npmProxy();
    await all.proxy.stop();
    for (const files of [3, 9, 16, 24, 33]) {
      const { dir } = all.options;
      const cli = Bun.spawn([...program(), "mirror", "pkg:npm/many", "pkg:npm/big", "--config", all.proxy.configFile], {
        cwd: dir,
        stdout: "ignore",
        stderr: "ignore",
      });
      while (all.upstream.count(/\.tgz$/) < files) await Bun.sleep(5);
      cli.kill("SIGKILL");
      await cli.exited;
      const database = new Database(join(dir, "proxy.db"));
      const rows = database
        .query<{ sha256: string; size: number }, []>(
          "SELECT sha256, size FROM artifacts UNION SELECT sha256, size FROM documents",
        )
        .all();
      for (const { sha256, size } of rows) {
        const blob = Bun.file(join(dir, "artifacts/blobs-v2/sha256", sha256.slice(0, 2), sha256));
        expect([sha256, blob.size]).toEqual([sha256, size]);
        expect(hash("sha256", await blob.bytes())).toBe(sha256);
      }
      database.close();
    }
    expect((await runProxy(all.options, ["mirror", "pkg:npm/many", "pkg:npm/big"])).code).toBe(0);
  },
  TIMEOUT,
);

test(
  "a blob that was deleted by hand is fetched again",
  async () => {
    await using all = await npmProxy();
    await fetched(`${all.proxy.url}${BIG}`);
    await Bun.$`rm -r ${join(all.dir, "artifacts/blobs-v2")}`.quiet();
    expect(await fetched(`${all.proxy.url}${BIG}`)).toBe(await truthOf(all.registry, BIG));
  },
  TIMEOUT,
);

const canMount = process.getuid?.() === 0;
test.skipIf(!canMount)(
  "a full disk: files go through uncached and verified, and nothing is listed that is not whole",
  async () => {
    // Less than the reserve that is kept for the database and documents.
    const dir = (await Bun.$`mktemp -d`.text()).trim();
    await Bun.$`mount -t tmpfs -o size=40m none ${dir}`.quiet();
    try {
      await using all = await npmProxy({ storage: { path: join(dir, "store") } });
      for (const path of [SMALL, BIG]) {
        expect(await fetched(`${all.proxy.url}${path}`)).toBe(await truthOf(all.registry, path));
        expect(await fetched(`${all.proxy.url}${path}`)).toBe(await truthOf(all.registry, path));
      }
      const stats = (await (await fetch(`${all.proxy.url}/stats`)).json()) as { cached_artifacts: number };
      expect(stats.cached_artifacts).toBe(0);
      expect((await all.proxy.run(["mirror", "pkg:npm/small@1.0.0"])).code).toBe(1);
    } finally {
      await Bun.$`umount ${dir}`.quiet().nothrow();
    }
  },
  TIMEOUT,
);
