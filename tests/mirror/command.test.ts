/** What `tests/product/mirror.test.ts` leaves open of the command: folders that are not there, terminals, qualifiers, company. */
import { expect, test } from "bun:test";
import { mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import { slowDrip, wrongBytes } from "../support/faults.ts";
import { BIG, npmProxy } from "../support/npm-proxy.ts";
import { type ProxyOptions, program, runProxy } from "../support/proxy.ts";
import { makeMaven } from "../support/registries/maven.ts";
import { makeNpm } from "../support/registries/npm.ts";
import { makePypi, type PypiOptions } from "../support/registries/pypi.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { TIMEOUT } from "../support/time-limits.ts";
import { startUpstream } from "../support/upstream.ts";

/** Registries without a server before them, and a folder in which nothing is. */
async function empty(config: Record<string, unknown> = {}, pypiOptions: PypiOptions = {}) {
  const folder = await temporaryFolder();
  const upstream = await startUpstream();
  const npm = upstream.mount("/npm", (base) =>
    makeNpm([{ name: "tool", versions: { "1.0.0": { size: 20_000 }, "2.0.0": {} } }], base),
  );
  const pypi = upstream.mount("/pypi", (base) =>
    makePypi(
      [
        { name: "tool", versions: { "1.0": { files: ["wheel", "sdist"] } } },
        { name: "app", versions: { "1.0": { dependencies: { lib: ">=1" } } } },
        { name: "lib", versions: LIB },
      ],
      base,
      pypiOptions,
    ),
  );
  const maven = upstream.mount("/maven", () =>
    makeMaven([
      { name: "ex.fx:tool", versions: { "1.0": {} } },
      { name: "ex.fx:app", versions: { "1.0": { dependencies: { "ex.fx:lib": "1.0" } } } },
      { name: "ex.fx:lib", versions: LIB },
    ]),
  );
  const mount = (ecosystem: string, url: string) => ({ ecosystem, upstreams: { default: url } });
  const [dir, temporary] = [join(folder.path, "work"), join(folder.path, "temporary")];
  await mkdir(temporary);
  const options: ProxyOptions = {
    dir,
    env: { TMPDIR: temporary },
    config: { mounts: { npm: mount("npm", npm), pypi: mount("pypi", pypi), maven: mount("maven", maven) }, ...config },
  };
  return {
    dir,
    temporary,
    upstream,
    run: (...args: string[]) => runProxy(options, args),
    [Symbol.asyncDispose]: async () => {
      await upstream.close();
      await folder.remove();
    },
  };
}

test(
  "a dry run makes no folder and no database, nor does bad input",
  async () => {
    await using all = await empty();
    const dry = await all.run("mirror", "--dry-run", "pkg:npm/tool", "pkg:pypi/tool@1.0", "pkg:npm/absent");
    expect(dry.code).toBe(1);
    expect(dry.stdout).toMatch(/^fetch {2}20\.4 KB\t\/npm\/tool\/-\/tool-1\.0\.0\.tgz$/m);
    expect(dry.stdout).toMatch(/^fetch {2}[\d.]+ K?B\t\/pypi\/\S+\.whl$/m);
    expect(dry.stdout).toMatch(/^cannot be planned: pkg:npm\/absent: /m);
    expect((await all.run("mirror", "pkg:npm/tool", "pkg:nope/tool")).code).toBe(2);
    // Beside its configuration: Bun keeps sources that it translated.
    expect((await readdir(all.dir)).filter((name) => name !== ".bun")).toEqual(["proxy-0.yaml"]);
    expect(await readdir(all.temporary)).toEqual([]);
    expect(all.upstream.count(/\.(tgz|whl|tar\.gz)$/, "GET")).toBe(0);
  },
  TIMEOUT,
);

const LIB = { "1.0": {} };
const planOf = (text: string) =>
  (JSON.parse(text) as { planned: { path: string }[] }).planned.map(({ path }) =>
    path.slice(path.lastIndexOf("/") + 1),
  );

test.each([true, false])(
  "a dry run plans what is required too, each file once; and says where that cannot be known (described beside: %p)",
  async (coreMetadata) => {
    await using all = await empty({}, { coreMetadata });
    const purls = [
      "pkg:pypi/app",
      "pkg:pypi/app@1.0",
      "pkg:maven/ex.fx/app",
      "pkg:npm/tool@1.0.0",
      "pkg:npm/tool@1.0.0?x=y",
    ];
    const dry = await all.run("mirror", "--dry-run", "--json", "--deps", ...purls);
    expect(dry.code).toBe(0);
    const planned = planOf(dry.stdout);
    expect(new Set(planned).size).toBe(planned.length);
    for (const file of ["app-1.0.jar", "lib-1.0.pom", "lib-1.0.jar", "tool-1.0.0.tgz"]) expect(planned).toContain(file);
    expect(planned.includes("lib-1.0-py3-none-any.whl")).toBe(coreMetadata);
    const text = await all.run("mirror", "--dry-run", "--deps", "pkg:pypi/app");
    expect(/^ {2}pkg:pypi\/app@1\.0: what it requires is stated within its files/m.test(text.stdout)).toBe(
      !coreMetadata,
    );
    expect(all.upstream.count(/\.(tgz|whl|tar\.gz|jar)$/, "GET")).toBe(0);
    expect((await readdir(all.dir)).filter((name) => name !== ".bun")).toEqual(["proxy-0.yaml"]);
  },
  TIMEOUT,
);

test(
  "qualifiers choose: one file of a Python release, one classifier of a Maven one",
  async () => {
    await using all = await empty();
    const whole = await all.run("mirror", "--dry-run", "--json", "pkg:pypi/tool@1.0");
    const planned = (text: string) =>
      (JSON.parse(text) as { planned: { path: string }[] }).planned.map(({ path }) => path);
    const wheel = planned(whole.stdout).find((path) => path.endsWith(".whl"))!;
    expect(planned(whole.stdout).length).toBeGreaterThan(2);
    const name = wheel.slice(wheel.lastIndexOf("/") + 1);
    const one = await all.run("mirror", "--dry-run", "--json", `pkg:pypi/tool@1.0?file_name=${name}`);
    expect(planned(one.stdout)).toEqual([wheel, `${wheel}.metadata`]);
    const plain = await all.run("mirror", "--dry-run", "--json", "pkg:maven/ex.fx/tool@1.0");
    const documented = await all.run("mirror", "--dry-run", "--json", "pkg:maven/ex.fx/tool@1.0?classifier=javadoc");
    const archives = ({ stdout }: typeof plain) =>
      planned(stdout).flatMap((path) => /tool-1\.0\S*\.(?:jar|pom)$/.exec(path)?.[0] ?? []);
    expect(archives(plain)).toEqual(["tool-1.0.pom", "tool-1.0.jar"]);
    expect(archives(documented)).toEqual(["tool-1.0.pom", "tool-1.0-javadoc.jar"]);
  },
  TIMEOUT,
);

test(
  "what a cooldown keeps back: left out of a whole package, a failure where it was asked for",
  async () => {
    await using all = await empty({ cooldown: { default: "100000d" } });
    const whole = await all.run("mirror", "--json", "pkg:npm/tool");
    expect([whole.code, JSON.parse(whole.stdout)]).toEqual([
      0,
      expect.objectContaining({ withheld: ["pkg:npm/tool@1.0.0", "pkg:npm/tool@2.0.0"], failed: 0 }),
    ]);
    const one = await all.run("mirror", "pkg:npm/tool@1.0.0");
    expect([one.code, one.stdout]).toEqual([
      1,
      expect.stringContaining("failed: pkg:npm/tool@1.0.0: withheld by the cooldown") as string,
    ]);
    expect(all.upstream.count(/\.tgz$/)).toBe(0);
  },
  TIMEOUT,
);

test(
  "--json: one document on stdout, and nothing else there",
  async () => {
    await using all = await empty();
    all.upstream.fault(/tool-2\.0\.0\.tgz$/, wrongBytes());
    const { code, stdout } = await all.run("mirror", "--json", "pkg:npm/tool");
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toEqual({
      job: expect.stringMatching(/^\w+-\w+$/),
      phase: "complete",
      total: 3,
      completed: 2,
      skipped: 0,
      failed: 1,
      bytes: expect.any(Number),
      withheld: [],
      left_out: [],
      unproven: [],
      foreign: [],
      asides: [],
      failures: [
        {
          purl: "pkg:npm/tool",
          path: "/tool/-/tool-2.0.0.tgz",
          reason: expect.stringMatching(/expected sha512:.* found sha512:/),
        },
      ],
      seconds: expect.any(Number),
      dependencies: { declared: 0, missing: [] },
    });
  },
  TIMEOUT,
);

test(
  "on a terminal, a bar that ends where the summary begins",
  async () => {
    await using all = await npmProxy({ http_timeout: "20s" });
    all.upstream.fault(/small-1\.0\.0\.tgz$/, slowDrip(20_000));
    let shown = "";
    const child = Bun.spawn([...program(), "mirror", "pkg:npm/small", "--config", all.proxy.configFile], {
      terminal: {
        cols: 120,
        rows: 20,
        data: (_terminal, data) => {
          shown += new TextDecoder().decode(data);
        },
      },
    });
    expect(await child.exited).toBe(0);
    await Bun.sleep(50);
    const lines = shown.split("\r\u001b[K");
    expect(lines.length).toBeGreaterThan(4);
    for (const line of lines.slice(1, -1)) {
      expect(line).toMatch(
        /^\[[# ]{24}\] (resolving|downloading|complete): \d+\/\d+ files, [\d.]+ K?B, [\d.]+ K?B\/s(, \d+ s left)?$|^$/,
      );
    }
    expect(lines.at(-1)).toMatch(/^3 files fetched \([\d.]+ KB\), 0 held already, 0 failed, in [\d.]+ s\r?\n$/);
  },
  TIMEOUT,
);

test(
  "the bar, the summary, --json, the report and the job's row count the same",
  async () => {
    await using all = await npmProxy({ http_timeout: "20s" });
    await (await fetch(`${all.proxy.url}/npm/small/-/small-1.1.0.tgz`)).bytes();
    all.upstream.fault(/many-1\.7\.0\.tgz$/, wrongBytes());
    all.upstream.fault(/small-1\.0\.0\.tgz$/, slowDrip(20_000));
    let shown = "";
    const report = join(all.dir, "report.json");
    const mirror = ["mirror", "pkg:npm/small", "pkg:npm/many"];
    const child = Bun.spawn([...program(), ...mirror, "--report", report, "--config", all.proxy.configFile], {
      terminal: {
        cols: 120,
        rows: 20,
        data: (_terminal, data) => {
          shown += new TextDecoder().decode(data);
        },
      },
    });
    expect(await child.exited).toBe(1);
    while (!shown.includes(" in ")) await Bun.sleep(10);
    const text = shown.slice(shown.lastIndexOf("\r\u001b[K"));
    const summary = /(\d+) files fetched .*, (\d+) held already, (\d+) failed/.exec(text)!.slice(1).map(Number);
    const [completed, skipped, failed] = summary as [number, number, number];
    // 42 archives and the registry's keys.
    expect(summary).toEqual([41, 1, 1]);
    const bars = [...shown.matchAll(/: (\d+)\/(\d+) files/g)];
    expect(bars.length).toBeGreaterThan(0);
    for (const [, done, total] of bars) {
      expect(Number(done)).toBeLessThanOrEqual(Number(total));
      expect(Number(total)).toBeLessThanOrEqual(completed + skipped + failed);
    }

    const { items, totals } = (await Bun.file(report).json()) as {
      items: { outcome: string; path?: string }[];
      totals: { total: number; completed: number; skipped: number; failed: number; job: string };
    };
    const outcomes = (name: string) => items.filter(({ outcome, path }) => outcome === name && path).length;
    expect([outcomes("fetched"), outcomes("held"), outcomes("failed")]).toEqual(summary);
    const counts = { total: completed + skipped + failed, completed, skipped, failed };
    expect(totals).toMatchObject(counts);
    const [job] = JSON.parse((await all.proxy.run(["jobs", "--json"])).stdout) as [{ progress: object }];
    expect(job.progress).toMatchObject(counts);

    const again = JSON.parse((await all.proxy.run([...mirror, "--json"])).stdout) as object;
    // The keys count where they were fetched.
    expect(again).toMatchObject({ total: counts.total - 1, completed: 0, skipped: completed + skipped - 1, failed });
  },
  TIMEOUT,
);

test(
  "a server and a mirror share one store: each file comes once, and both have it",
  async () => {
    await using all = await npmProxy({ http_timeout: "10s" });
    all.upstream.fault(/big-1\.0\.0\.tgz$/, slowDrip(4_000_000));
    const mirroring = all.proxy.run(["mirror", "pkg:npm/big", "pkg:npm/many", "--json"]);
    const asked = Array.from({ length: 40 }, (_, minor) => `/npm/many/-/many-1.${minor}.0.tgz`);
    const served = await Promise.all(
      [BIG, ...asked].map(async (path) => {
        const response = await fetch(`${all.proxy.url}${path}`);
        return [response.status, (await response.bytes()).length > 0] as const;
      }),
    );
    expect(new Set(served.map(String))).toEqual(new Set(["200,true"]));
    expect(JSON.parse((await mirroring).stdout)).toMatchObject({ total: 43, failed: 0 });
    for (const path of [BIG, ...asked]) {
      const name = path.slice(path.lastIndexOf("/"));
      expect([name, all.upstream.requests.filter((request) => request.path.endsWith(name)).length]).toEqual([name, 1]);
    }
    expect((await all.proxy.run(["why", "pkg:npm/many@1.7.0"])).stdout).toMatch(/held: \/many.*\n.*mirrored: for/);
  },
  TIMEOUT,
);
