/** `proxy mirror`, as people and scripts use it. The registry's signing keys are held too: one file more in every count. */

import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { failing, slowDrip, wrongBytes } from "../support/faults.ts";
import { npmProxy } from "../support/npm-proxy.ts";
import { program, startProxy } from "../support/proxy.ts";
import { TIMEOUT } from "../support/time-limits.ts";

/** Every file below a folder with its size. */
function listing(dir: string): string[] {
  return Array.from(new Bun.Glob("**/*").scanSync({ cwd: dir, onlyFiles: true }))
    .filter((name) => !name.includes("proxy.db"))
    .sort();
}

test(
  "all versions; a second run downloads nothing; what is held is skipped and counted",
  async () => {
    await using all = await npmProxy();
    const first = await all.proxy.run(["mirror", "pkg:npm/small", "pkg:npm/small@1.0.0", "pkg:npm/small"]);
    expect([first.code, first.stdout]).toEqual([0, expect.stringContaining("3 files fetched") as string]);
    const asked = all.upstream.count(/\.tgz$/);
    const second = await all.proxy.run(["mirror", "pkg:npm/small", "--json"]);
    expect(JSON.parse(second.stdout)).toMatchObject({
      phase: "complete",
      total: 2,
      completed: 0,
      skipped: 2,
      failed: 0,
      bytes: 0,
    });
    expect(all.upstream.count(/\.tgz$/)).toBe(asked);
  },
  TIMEOUT,
);

test(
  "bad input: all of it is told at once, nothing is fetched, exit 2",
  async () => {
    await using all = await npmProxy();
    const before = all.upstream.requests.length;
    const bad = await all.proxy.run(["mirror", "pkg:npm/small", "pkg:nil/rails@7", "small@1", "pkg:nope/x"]);
    expect(bad.code).toBe(2);
    for (const words of ["pkg:nil/rails@7", '"small@1"', "pkg:nope/x"]) expect(bad.stderr).toContain(words);
    expect(all.upstream.requests.length).toBe(before);
    expect((await all.proxy.run(["mirror"])).code).toBe(2);
    expect((await all.proxy.run(["mirror", "pkg:npm/small", "--concurrency", "0"])).code).toBe(2);
  },
  TIMEOUT,
);

test(
  "one bad item does not stop the others: exit 1, with its reason",
  async () => {
    await using all = await npmProxy();
    all.upstream.fault(/small-1\.1\.0\.tgz$/, wrongBytes());
    all.upstream.fault(/\/many$/, failing(404));
    const run = await all.proxy.run([
      "mirror",
      "pkg:npm/small",
      "pkg:npm/many",
      "pkg:npm/%40scope/name@9.9.9",
      "pkg:npm/@scope/name@1.0.0",
    ]);
    expect(run.code).toBe(1);
    expect(run.stdout).toContain("3 files fetched");
    expect(run.stdout).toContain("3 failed");
    expect(run.stdout).toMatch(/failed: pkg:npm\/small .*expected sha512:/);
    expect(run.stdout).toContain("status 404");
    expect(run.stdout).toContain("pkg:npm/%40scope/name@9.9.9 does not exist");
    // Its dependency is held in a version that fits.
    expect(run.stdout).toContain("1 dependency declared, all stored");
    const alone = await all.proxy.run(["why", "pkg:npm/small@1.1.0"]);
    expect(alone.stdout).toMatch(/held: no\n\s+mirrored: for pkg:npm\/small .*incomplete/);
  },
  TIMEOUT,
);

test(
  "a dry run says what would be fetched and writes nothing",
  async () => {
    await using all = await npmProxy();
    await all.proxy.run(["mirror", "pkg:npm/small@1.0.0"]);
    const before = listing(all.dir);
    const rows = (name: string) =>
      new Database(name, { readonly: true }).query("SELECT count(*) AS n FROM documents").get();
    const file = join(all.dir, Array.from(new Bun.Glob("**/proxy.db").scanSync({ cwd: all.dir }))[0] ?? "");
    const documents = rows(file);
    const dry = await all.proxy.run(["mirror", "--dry-run", "pkg:npm/small", "pkg:npm/%40scope/name@1.0.0"]);
    expect(dry.code).toBe(0);
    expect(dry.stdout).toMatch(/held .*small-1\.0\.0\.tgz/);
    expect(dry.stdout).toMatch(/fetch .*small-1\.1\.0\.tgz/);
    expect(dry.stdout).toContain("2 files to fetch, 1 held");
    expect([listing(all.dir), rows(file)]).toEqual([before, documents]);
  },
  TIMEOUT,
);

test(
  "killed in the middle and run again: no hole, and what was finished is not fetched twice",
  async () => {
    await using all = await npmProxy();
    all.upstream.fault(/many-1\.(2|3)\d\.0\.tgz$/, slowDrip(2_000));
    const cli = Bun.spawn([...program(), "mirror", "pkg:npm/many", "--config", all.proxy.configFile], {
      stdout: "ignore",
      stderr: "ignore",
    });
    while (all.upstream.count(/many-.*\.tgz$/) < 12) await Bun.sleep(50);
    cli.kill("SIGKILL");
    await cli.exited;
    const held = (JSON.parse((await all.proxy.run(["stats", "--json"])).stdout) as { cached_artifacts: number })
      .cached_artifacts;
    expect(held).toBeGreaterThan(0);
    all.upstream.heal();
    all.upstream.forget();
    const again = JSON.parse((await all.proxy.run(["mirror", "pkg:npm/many", "--json"])).stdout) as Record<
      string,
      number
    >;
    expect(again).toMatchObject({ total: 41, failed: 0, skipped: held, completed: 41 - held });
    expect(all.upstream.count(/\.tgz$/)).toBe(40 - held);
  },
  TIMEOUT,
);

test(
  "progress: lines when nobody watches",
  async () => {
    await using all = await npmProxy({ http_timeout: "20s" });
    all.upstream.fault(/small-1\.0\.0\.tgz$/, slowDrip(1_500));
    const run = await all.proxy.run(["mirror", "pkg:npm/small@1.0.0"]);
    expect(run.code).toBe(0);
    expect(run.stderr).toMatch(/^downloading: 0\/1 file, .*\/s/m);
    expect(run.stderr).not.toContain("\r");
  },
  TIMEOUT,
);

test(
  "the store is bounded by what was used last, and never by what is mirrored",
  async () => {
    await using all = await npmProxy({ storage: { max_size: "6MB" } });
    expect((await all.proxy.run(["mirror", "pkg:npm/big@1.0.0"])).code).toBe(0);
    await (await fetch(`${all.proxy.url}/npm/big/-/big-2.0.0.tgz`)).bytes();
    const size = async () =>
      ((await (await fetch(`${all.proxy.url}/stats`)).json()) as { total_size_bytes: number }).total_size_bytes;
    expect(await size()).toBeGreaterThan(9_000_000);
    await all.proxy.stop();
    const again = await startProxy(all.options);
    for (let waited = 0; waited < 40; waited++) {
      await Bun.sleep(100);
      const stats = (await (await fetch(`${again.url}/stats`)).json()) as { total_size_bytes: number };
      if (stats.total_size_bytes < 6_000_000) break;
    }
    expect((await again.run(["why", "pkg:npm/big@1.0.0"])).stdout).toContain("held: /big/-/big-1.0.0.tgz");
    expect((await again.run(["why", "pkg:npm/big@2.0.0"])).stdout).toContain("held: no");
    await again.stop();
  },
  TIMEOUT,
);

test(
  "offline, nothing can be mirrored: exit 2",
  async () => {
    await using all = await npmProxy();
    const run = await all.proxy.run(["mirror", "pkg:npm/small", "--offline"]);
    expect([run.code, run.stderr]).toEqual([2, expect.stringContaining("offline") as string]);
    expect(existsSync(all.dir)).toBe(true);
  },
  TIMEOUT,
);
