/** `proxy verify` as its users run it: exit codes, report, interruption, and other processes on the same store. */

import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { hash } from "../../src/contract/digest.ts";
import { failing } from "../support/faults.ts";
import { BIG, type NpmProxy, npmProxy, SMALL } from "../support/npm-proxy.ts";
import { program } from "../support/proxy.ts";
import { TIMEOUT } from "../support/time-limits.ts";

interface Item {
  mount: string;
  path: string;
  purl: string;
  digest: string;
  size: number;
  origin: string;
  outcome: string;
  expected?: string;
  found?: string;
  quarantine?: string;
}

interface Result {
  blobs: number;
  bytes: number;
  verified: number;
  repaired: number;
  lost: number;
  unknown: number;
  wrong: Item[];
}

const blobAt = ({ dir }: NpmProxy, sha256: string) =>
  join(dir, "artifacts/blobs-v2/sha256", sha256.slice(0, 2), sha256);

/** The digest that a path of the mount is held under. */
function heldAs({ dir }: NpmProxy, path: string): string | undefined {
  using database = new Database(join(dir, "proxy.db"), { readonly: true });
  const row = database.query("SELECT sha256 FROM artifacts WHERE path = ?").get(path.replace("/npm", ""));
  return (row as { sha256: string } | null)?.sha256;
}

function corrupt(all: NpmProxy, path: string): string {
  const file = blobAt(all, heldAs(all, path)!);
  const bytes = readFileSync(file);
  bytes[bytes.length >> 1]! ^= 0x80;
  writeFileSync(file, bytes);
  return file;
}

async function verify(all: NpmProxy, ...args: string[]): Promise<Result & { code: number }> {
  const { code, stdout, stderr } = await all.proxy.run(["verify", "--json", ...args]);
  expect(stderr).not.toContain("rror");
  return { code, ...(JSON.parse(stdout) as Result) };
}

test(
  "reports tell every file: also what an earlier mirror holds, what belongs to the registry, and what no registry has",
  async () => {
    await using all = await npmProxy();
    const report = join(all.dir, "report.json");
    const reported = async (...args: string[]) => {
      await all.proxy.run([...args, "--report", report]);
      const { items, totals } = JSON.parse(readFileSync(report, "utf8")) as {
        items: Partial<Item>[];
        totals: Record<string, number>;
      };
      return { items: items.map(({ path, outcome, digest }) => [path, outcome, digest?.slice(0, 7)]), totals };
    };
    const small = "/small/-/small-1.0.0.tgz";
    const keys = "/-/npm/v1/keys";
    const first = await reported("mirror", "pkg:npm/small@1.0.0");
    expect(first.items).toEqual([
      [small, "fetched", "sha256:"],
      [keys, "fetched", "sha256:"],
    ]);
    const again = await reported("mirror", "pkg:npm/small@1.0.0");
    expect(again.items).toEqual([[small, "held", "sha256:"]]);
    expect(again.totals).toMatchObject({ total: 1, skipped: 1 });
    const bom = join(all.dir, "bom.json");
    const components = [{ type: "library", name: "elsewhere", version: "1" }];
    writeFileSync(bom, JSON.stringify({ bomFormat: "CycloneDX", specVersion: "1.6", components }));
    const proof = await reported("verify", "--sbom", bom);
    expect(proof.items).toEqual([[undefined, "unproven", undefined]]);
    expect(proof.totals).toMatchObject({ failed: 0, unproven: 1 });
  },
  TIMEOUT,
);

test(
  "with sources, every file that is wrong is a hole of its own, with its path",
  async () => {
    await using all = await npmProxy();
    expect((await all.proxy.run(["mirror", "pkg:npm/small"])).code).toBe(0);
    const paths = ["1.0.0", "1.1.0"].map((version) => `/small/-/small-${version}.tgz`);
    for (const path of paths) corrupt(all, `/npm${path}`);
    const report = join(all.dir, "report.json");
    const { code, stdout } = await all.proxy.run(["verify", "--deps=none", "pkg:npm/small", "--report", report]);
    expect(code).toBe(1);
    for (const path of paths) {
      expect(stdout).toContain(`hole: pkg:npm/small ${path}: ${path} is not held whole: expected sha256:`);
      expect(JSON.parse(readFileSync(report, "utf8")).items).toContainEqual(
        expect.objectContaining({ path, outcome: "failed" }),
      );
    }
    expect(stdout).not.toContain("upstream");
    expect((await all.proxy.run(["verify"])).code).toBe(1);
    expect((await all.proxy.run(["verify", "--deps=none", "pkg:npm/small"])).code).toBe(0);
  },
  TIMEOUT,
);

test(
  "what is wrong is repaired beside a running server, reported, and right from then on",
  async () => {
    await using all = await npmProxy();
    expect((await all.proxy.run(["mirror", "pkg:npm/big", "pkg:npm/small"])).code).toBe(0);
    expect(await verify(all)).toMatchObject({ code: 0, blobs: 7, verified: 7, repaired: 0, lost: 0, wrong: [] });
    const file = corrupt(all, BIG);
    const orphan = blobAt(all, hash("sha256", "orphan"));
    const [abandoned, young] = ["a.part", "b.part"].map((name) => join(all.dir, "artifacts/parts-v1", name)) as [
      string,
      string,
    ];
    for (const left of [orphan, abandoned, young]) await Bun.write(left, "orphan");
    utimesSync(orphan, 1, 1);
    const eightDaysAgo = Date.now() / 1_000 - 8 * 86_400;
    utimesSync(abandoned, eightDaysAgo, eightDaysAgo);
    const report = join(all.dir, "report.json");
    const plain = await all.proxy.run(["verify", "--report", report]);
    expect(plain.code).toBe(1);
    expect(plain.stdout).toMatch(/7 blobs read \(.*\) in .* s: 6 files are right, 1 repaired, 0 lost\n/);
    expect(plain.stdout).toMatch(/ {2}repaired: pkg:npm\/big@1\.0\.0 \/npm\/big\/.*expected sha256:\w+, found sha256:/);
    const told = JSON.parse(readFileSync(report, "utf8")) as { items: Item[]; started: string; finished: string };
    expect(told).toMatchObject({
      report: 1,
      kind: "verify",
      totals: {
        verified: 6,
        repaired: 1,
        lost: 0,
        unknown: 1,
        removed: 0,
        abandoned: expect.any(Number) as number,
      },
    });
    expect(Date.parse(told.finished)).toBeGreaterThanOrEqual(Date.parse(told.started));
    const { verified, repaired, ...others } = Object.groupBy(told.items, ({ outcome }) => outcome);
    expect([verified?.length, repaired?.length, Object.keys(others)]).toEqual([6, 1, ["unknown"]]);
    expect(told.items.find(({ outcome }) => outcome === "repaired")).toMatchObject({
      mount: "npm",
      path: BIG.replace("/npm", ""),
      purl: "pkg:npm/big@1.0.0",
      size: readFileSync(file).length,
      origin: `${all.registry}/big/-/big-1.0.0.tgz`,
    });
    expect(readdirSync(all.dir).filter((name) => name.includes(".part"))).toEqual([]);
    expect([abandoned, young].map((left) => existsSync(left))).toEqual([false, true]);
    expect([existsSync(orphan), readdirSync(join(all.dir, "artifacts/quarantine-v1")).length]).toEqual([true, 1]);
    expect(plain.stdout).toContain("1 file (6 B) in the store that this database does not know; they stay");
    expect((await all.proxy.run(["verify", "--remove-unknown", "1"])).stdout).toContain(
      "1 file that this database does not know removed",
    );
    expect(existsSync(orphan)).toBe(false);
    const served = await (await fetch(`${all.proxy.url}${BIG}`)).bytes();
    expect(hash("sha256", served)).toBe(heldAs(all, BIG)!);
    expect(await verify(all)).toMatchObject({ code: 0, verified: 7 });
  },
  TIMEOUT,
);

test(
  "what upstream cannot give is lost: not served, not listed offline, and the next mirror fetches it",
  async () => {
    await using all = await npmProxy();
    expect((await all.proxy.run(["mirror", "pkg:npm/big@1.0.0", "pkg:npm/small@1.0.0"])).code).toBe(0);
    corrupt(all, BIG);
    all.upstream.fault(/big-1.0.0.tgz/, failing(404));
    const { code, lost, wrong } = await verify(all);
    expect([code, lost, wrong.map(({ outcome, purl }) => [outcome, purl])]).toEqual([
      1,
      1,
      [["lost", "pkg:npm/big@1.0.0"]],
    ]);
    expect((await fetch(`${all.proxy.url}${BIG}`)).status).toBe(404);
    // It is not held, and so there is nothing wrong any more.
    expect(await verify(all)).toMatchObject({ code: 0, lost: 0 });
    all.upstream.heal();
    expect((await all.proxy.run(["mirror", "pkg:npm/big@1.0.0"])).code).toBe(0);
    expect(heldAs(all, BIG)).toBeDefined();
    corrupt(all, SMALL);
    all.upstream.forget();
    expect(await verify(all, "--offline")).toMatchObject({ code: 1, lost: 1, repaired: 0 });
    expect(all.upstream.requests).toHaveLength(0);
  },
  TIMEOUT,
);

test(
  "killed while it reads, and gone on with: what was verified is not read again",
  async () => {
    // Each of these is a list of its own, of two seconds: time to be killed in.
    const huge = { name: "huge", versions: { "1.0.0": { size: 9_000_000 }, "1.1.0": { size: 9_000_000 } } };
    await using all = await npmProxy({}, {}, [huge]);
    expect((await all.proxy.run(["mirror", "pkg:npm/huge", "pkg:npm/many"])).code).toBe(0);
    await all.proxy.stop();
    const report = join(all.dir, "report.json");
    const flags = ["--config", all.proxy.configFile, "--rate", "4MB", "--report", report];
    const child = Bun.spawn([...program(), "verify", ...flags], { stdout: "ignore", stderr: "ignore" });
    using database = new Database(join(all.dir, "proxy.db"));
    const count = database.query<{ done: number; all: number }, []>(
      'SELECT count(verified_at) AS done, count(*) AS "all" FROM blobs',
    );
    while (count.get()!.done === 0) await Bun.sleep(10);
    child.kill("SIGKILL");
    await child.exited;
    const { done, all: total } = count.get()!;
    expect(done).toBeGreaterThan(0);
    expect(done).toBeLessThan(total);
    // A report comes whole or not at all.
    expect(existsSync(report)).toBe(false);
    expect(await verify(all, "--older-than", "1h")).toMatchObject({ code: 0, blobs: total - done });
    expect(await verify(all, "--older-than=1h")).toMatchObject({ code: 0, blobs: 0 });
    expect(await verify(all, "--sample", "25%")).toMatchObject({ code: 0, blobs: Math.ceil(total / 4) });
    expect(await verify(all, "--sample=3")).toMatchObject({ code: 0, blobs: 3 });
    expect(await verify(all)).toMatchObject({ code: 0, blobs: total });
  },
  TIMEOUT,
);

test(
  "beside a mirror and a server that fill the same store, nothing is taken for wrong",
  async () => {
    await using all = await npmProxy();
    const mirror = all.proxy.run(["mirror", "pkg:npm/many", "pkg:npm/big", "pkg:npm/small"]);
    const asked = Array.from({ length: 40 }, (_, minor) =>
      fetch(`${all.proxy.url}/npm/many/-/many-1.${minor}.0.tgz`).then((response) => response.bytes()),
    );
    const runs = [await verify(all), await verify(all)];
    await Promise.all(asked);
    expect((await mirror).code).toBe(0);
    runs.push(await verify(all));
    for (const run of runs) expect(run).toMatchObject({ code: 0, repaired: 0, lost: 0, unknown: 0 });
    expect(runs.at(-1)!.blobs).toBeGreaterThan(40);
    expect(existsSync(join(all.dir, "artifacts/quarantine-v1"))).toBe(false);
  },
  TIMEOUT,
);

test(
  "flags that make no sense",
  async () => {
    await using all = await npmProxy();
    for (const flag of [
      "--sample=0",
      "--sample=101%",
      "--sample=few",
      "--sample=1.5",
      "--rate=0",
      "--rate=fast",
      "--older-than=yesterday",
      "--report=/nowhere/at/all.json",
    ]) {
      const { code, stderr } = await all.proxy.run(["verify", flag]);
      expect([flag, code, stderr]).toEqual([flag, 2, expect.stringContaining(flag.split("=")[0]!) as string]);
    }
  },
  TIMEOUT,
);

test(
  "a server sends no damaged file, and fetches it anew",
  async () => {
    await using all = await npmProxy();
    expect((await all.proxy.run(["mirror", "pkg:npm/small"])).code).toBe(0);
    const path = "/npm/small/-/small-1.0.0.tgz";
    const right = readFileSync(blobAt(all, heldAs(all, path)!));
    corrupt(all, path);
    const get = async () => Buffer.from(await (await fetch(`${all.proxy.url}${path}`)).bytes());
    expect((await get()).equals(right)).toBe(true);
    while (!existsSync(blobAt(all, heldAs(all, path)!))) await Bun.sleep(20);
    expect(await verify(all)).toMatchObject({ code: 0, repaired: 0, lost: 0 });
  },
  TIMEOUT,
);
