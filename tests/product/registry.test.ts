/** A whole npm registry: listed and held, then followed, without a hole whatever its feed does. */
import { expect, test } from "bun:test";
import { failing, firstTimes, slowDrip } from "../support/faults.ts";
import { program, startProxy } from "../support/proxy.ts";
import { Whole } from "../support/registries/whole.ts";
import { type NpmLies, REPLICATION, wholeNpm } from "../support/registries/whole-npm.ts";
import { TIMEOUT } from "../support/time-limits.ts";
import { rowsIn, wholeProxy } from "../support/whole-proxy.ts";

const ALL_DOCS = `/registry${REPLICATION}/_all_docs`;

async function npm(size: number, lies: NpmLies = {}) {
  // Names of a scope come first in the order of the list.
  const nameOf = (index: number) =>
    index < size / 10 ? `@whole/p${String(index).padStart(7, "0")}` : `whole-${String(index).padStart(7, "0")}`;
  const whole = new Whole({ size, nameOf });
  const proxy = await wholeProxy({
    ecosystem: "npm",
    whole,
    make: (base) => wholeNpm(whole, base, lies),
    upstreams: (base) => ({ default: base, replication: base + REPLICATION }),
  });
  return { whole, proxy, [Symbol.asyncDispose]: () => proxy[Symbol.asyncDispose]() };
}

test(
  "all of it is held, then what changed, and nothing else is asked for; offline it is listed and served",
  async () => {
    await using all = await npm(300);
    const { whole, proxy } = all;
    const first = await proxy.mirror();
    expect(first.code).toBe(0);
    expect(await proxy.standing()).toMatchObject({
      packages: { held: 300, due: 0, failed: 0, gone: 0 },
      gaps: 0,
      list_size: 300,
    });
    expect(proxy.upstream.count(/\.tgz$/)).toBe(300);

    whole.publish(7);
    whole.publish(150);
    whole.remove(200);
    const added = whole.nameOf(whole.add());
    proxy.upstream.forget();
    const second = await proxy.mirror();
    expect(second.code).toBe(0);
    expect(await proxy.standing()).toMatchObject({ packages: { held: 300, gone: 1 }, gaps: 0 });
    expect(proxy.upstream.count(ALL_DOCS)).toBe(0);
    expect(proxy.upstream.count(/\.tgz$/)).toBe(3);
    expect(proxy.upstream.count(/^\/registry\/(?:@whole|whole)[^.]*$/)).toBe(3);

    proxy.upstream.forget();
    expect((await proxy.mirror()).code).toBe(0);
    expect(proxy.upstream.count(/^\/registry\/(?:@whole|whole)/)).toBe(0);

    const server = await proxy.offline();
    const versions = async (name: string) => {
      const response = await fetch(`${server.url}/npm/${name}`);
      return response.ok ? Object.keys(((await response.json()) as { versions: object }).versions) : response.status;
    };
    expect(await versions(whole.nameOf(7))).toEqual(["1.0.0", "1.1.0"]);
    expect(await versions(added)).toEqual(["1.0.0"]);
    // Its files stay, it is no longer listed.
    expect(await versions(whole.nameOf(200))).toBe(404);
    expect((await fetch(`${server.url}/npm/${whole.nameOf(200)}/-/${whole.nameOf(200)}-1.0.0.tgz`)).status).toBe(200);
    await server.stop();
  },
  TIMEOUT,
);

test(
  "a feed that starts anew is followed from its list, compared with what is known: no holes, no needless requests",
  async () => {
    await using all = await npm(120);
    const { whole, proxy } = all;
    expect((await proxy.mirror()).code).toBe(0);
    whole.publish(3);
    whole.remove(4);
    whole.add();
    whole.reset();
    proxy.upstream.forget();
    const again = await proxy.mirror();
    expect(again.code).toBe(0);
    expect(again.stderr).toContain("starts anew");
    expect(proxy.upstream.count(ALL_DOCS)).toBeGreaterThan(0);
    expect(proxy.upstream.count(/\.tgz$/)).toBe(2);
    expect(await proxy.standing()).toMatchObject({ packages: { held: 120, gone: 1 }, gaps: 0 });
  },
  TIMEOUT,
);

test(
  "what fails is a gap: neither lost when the checkpoint moves on, nor in the way of it",
  async () => {
    await using all = await npm(60);
    const { whole, proxy } = all;
    proxy.upstream.fault(/whole-0000030-1\.0\.0\.tgz$/, failing(404));
    const first = await proxy.mirror();
    expect(first.code).toBe(1);
    expect(await proxy.standing()).toMatchObject({ packages: { held: 59, failed: 1 }, gaps: 1 });
    whole.publish(40);
    expect((await proxy.mirror()).code).toBe(1);
    expect(await proxy.standing()).toMatchObject({ packages: { held: 59, failed: 1 }, gaps: 1 });
    proxy.upstream.heal();
    expect((await proxy.mirror()).code).toBe(0);
    expect(await proxy.standing()).toMatchObject({ packages: { held: 60, failed: 0 }, gaps: 0 });
  },
  TIMEOUT,
);

test(
  "a document of before the change that the feed told is asked for again, and leaves no hole",
  async () => {
    const lies: NpmLies = {};
    await using all = await npm(30, lies);
    const { proxy, whole } = all;
    expect((await proxy.mirror()).code).toBe(0);
    whole.publish(20);
    lies.lags = 2;
    proxy.upstream.forget();
    expect((await proxy.mirror()).code).toBe(0);
    expect(proxy.upstream.count(/1\.1\.0\.tgz$/)).toBe(1);
    expect(proxy.upstream.count(`/registry/${whole.nameOf(20)}`)).toBe(3);
    expect(await proxy.standing()).toMatchObject({ packages: { held: 30 }, gaps: 0 });
  },
  TIMEOUT,
);

test(
  "a list that ends too early, or a feed that does not move on, is no list of what is gone",
  async () => {
    const lies: NpmLies = {};
    await using all = await npm(200, lies);
    const { proxy, whole } = all;
    lies.listEnds = 100;
    const short = await proxy.mirror();
    expect(short.code).toBe(1);
    expect(short.stdout + short.stderr).toContain("ended after 100 of 200 packages");
    lies.listEnds = 300;
    expect((await proxy.mirror()).code).toBe(0);
    whole.publish(1);
    lies.isStuck = true;
    const stuck = await proxy.mirror();
    expect(stuck.code).toBe(1);
    expect(stuck.stdout + stuck.stderr).toContain("does not move on");
    expect(await proxy.standing()).toMatchObject({ packages: { held: 200, gone: 0 } });
    lies.isStuck = false;
    expect((await proxy.mirror()).code).toBe(0);
  },
  TIMEOUT,
);

test(
  "more than 2 % gone at once stops it, until someone says that it is right",
  async () => {
    await using all = await npm(400);
    const { proxy, whole } = all;
    expect((await proxy.mirror()).code).toBe(0);
    for (let index = 100; index < 120; index++) whole.remove(index);
    const stopped = await proxy.mirror();
    expect(stopped.code).toBe(1);
    expect(stopped.stdout + stopped.stderr).toContain("20 of 400 packages are gone");
    expect(await proxy.standing()).toMatchObject({ packages: { held: 400, gone: 0 } });
    expect((await proxy.mirror("--allow-shrink")).code).toBe(0);
    expect(await proxy.standing()).toMatchObject({ packages: { held: 380, gone: 20 } });
  },
  TIMEOUT,
);

test(
  "broken answers of the feed are asked for again; one that cannot be reached says what works without it",
  async () => {
    await using all = await npm(50);
    const { proxy, whole } = all;
    proxy.upstream.fault(ALL_DOCS, firstTimes(2, failing(500)));
    expect((await proxy.mirror()).code).toBe(0);
    proxy.upstream.fault(new RegExp(`^/registry${REPLICATION}`), failing(404));
    const unreachable = await proxy.mirror();
    expect(unreachable.code).toBe(1);
    expect(unreachable.stdout + unreachable.stderr).toContain("--names FILE");
    expect(unreachable.stdout + unreachable.stderr).toContain("--snapshot FILE");

    whole.publish(20);
    const names = `${proxy.dir}/names.txt`;
    await Bun.write(names, `# by hand\n${whole.nameOf(48)}\npkg:npm/${whole.nameOf(49)}\nnot-there\n`);
    const named = await proxy.mirror("--names", names);
    expect(named.code).toBe(0);
    expect(named.stdout).toContain("1 gone");
    expect(named.stdout).toContain("pkg:npm/not-there: upstream does not have it");
    const foreign = await proxy.mirror("--names", names, "--versions", "vers:pypi/>=1");
    expect([foreign.code, foreign.stderr]).toEqual([
      2,
      expect.stringContaining("npm has no versions of pypi; expected vers:npm/") as string,
    ]);
  },
  TIMEOUT,
);

test(
  "filters leave packages and releases out; others have all of it planned anew, and no document asked for again",
  async () => {
    await using all = await npm(40);
    const { proxy, whole } = all;
    for (const index of [10, 11, 12]) whole.publish(index);
    const files = () => proxy.upstream.count(/\.tgz$/);
    const documents = () => proxy.upstream.count(/^\/registry\/(?:@whole\/|whole-)[^/]*$/);

    const dry = await proxy.mirror("--include", "whole-*", "--dry-run");
    expect(dry.stdout).toContain("40 packages listed, 36 chosen; to fetch (all of them looked at): 39 files");
    expect([files(), documents()]).toEqual([0, 36]);

    proxy.upstream.forget();
    expect((await proxy.mirror("--include", "whole-*", "--limit", "20", "--versions", "latest")).code).toBe(0);
    expect(await proxy.standing()).toMatchObject({ packages: { held: 20, left_out: 20 }, gaps: 0 });
    expect([files(), documents()]).toEqual([20, 20]);

    // What was newest is held; what is added by the wider filters is fetched, documents only where they are new.
    proxy.upstream.forget();
    expect((await proxy.mirror("--include", "whole-*")).code).toBe(0);
    expect(await proxy.standing()).toMatchObject({ packages: { held: 36, left_out: 4 }, gaps: 0 });
    expect([files(), documents()]).toEqual([19, 16]);

    proxy.upstream.forget();
    expect((await proxy.mirror("--metadata-only")).code).toBe(0);
    expect(await proxy.standing()).toMatchObject({ packages: { held: 40, left_out: 0 } });
    expect([files(), documents()]).toEqual([0, 4]);
  },
  TIMEOUT,
);

test(
  "filters that become narrower remove what they leave out, and nobody else pins",
  async () => {
    await using all = await npm(12);
    const { proxy } = all;
    const stored = () =>
      rowsIn<{ name: string }>(
        proxy,
        "SELECT name FROM artifacts WHERE name LIKE '@%' AND name <> '' ORDER BY name",
      ).map(({ name }) => name);
    expect((await proxy.mirror()).code).toBe(0);
    const [kept, ...others] = stored();
    expect(others.length).toBeGreaterThan(0);
    expect((await proxy.run("mirror", `pkg:npm/${kept!.replace("@", "%40")}`)).code).toBe(0);
    const [{ count } = { count: 0 }] = rowsIn<{ count: number }>(proxy, "SELECT count(*) AS count FROM artifacts");
    expect((await proxy.mirror("--include", "whole-*")).code).toBe(0);
    expect(stored()).toEqual([kept!]);
    expect(rowsIn(proxy, "SELECT count(*) AS count FROM artifacts")).toEqual([{ count: count - others.length }]);
  },
  TIMEOUT,
);

test(
  "what is gone is kept, hidden or purged, as one likes",
  async () => {
    for (const [policy, listed, served] of [
      ["keep", 200, 200],
      ["hide", 404, 200],
      ["purge", 404, 404],
    ] as const) {
      await using all = await npm(30);
      const { proxy, whole } = all;
      expect((await proxy.mirror()).code).toBe(0);
      whole.remove(20);
      expect((await proxy.mirror("--gone", policy)).code).toBe(0);
      const server = await proxy.offline();
      const status = async (path: string) => (await fetch(`${server.url}/npm/${path}`)).status;
      const name = whole.nameOf(20);
      expect([policy, await status(name), await status(`${name}/-/${name}-1.0.0.tgz`)]).toEqual([
        policy,
        listed,
        served,
      ]);
      await server.stop();
    }
  },
  TIMEOUT,
);

test(
  "it follows: what is published is held soon, and the standing is told by another process",
  async () => {
    await using all = await npm(20);
    const { proxy, whole } = all;
    await proxy.run("jobs");
    const command = ["mirror", "--registry", "npm", "--follow=200ms", "--config", `${proxy.dir}/proxy-0.yaml`];
    const child = Bun.spawn([...program(), ...command], {
      stdout: "ignore",
      stderr: "ignore",
      cwd: proxy.dir,
    });
    const until = async (isSo: () => Promise<boolean>) => {
      while (!(await isSo())) await Bun.sleep(100);
    };
    await until(async () => proxy.upstream.count(/\.tgz$/) === 20);
    whole.publish(3);
    whole.add();
    await until(async () => proxy.upstream.count(/\.tgz$/) === 22);
    await until(async () => (await proxy.standing()).packages.held === 21);
    const [job] = JSON.parse((await proxy.run("jobs", "--json")).stdout) as { id: string; state: string }[];
    expect(job?.state).toBe("running");
    expect((await proxy.run("jobs", "show", job!.id)).stdout).toContain("npm: 21 packages held, 0 gaps");
    expect((await proxy.mirror()).stderr).toContain("is being mirrored by another job");
    child.kill("SIGKILL");
    await child.exited;
  },
  TIMEOUT,
);

test(
  "a server mirrors registries of its configuration and those it is asked for, within its manners",
  async () => {
    await using all = await npm(20);
    const { proxy, whole } = all;
    const asked = { schedule: "@yearly", registry: "npm", include: ["whole-*"], versions: "latest" };
    const mirror = { rate: "100KB", window: "00:00-23:59" };
    const server = await startProxy({
      ...proxy.options,
      config: { ...proxy.options.config, mirror, mirrors: { all: asked } },
    });
    const until = async (held: number) => {
      while ((await proxy.standing()).packages.held !== held) await Bun.sleep(200);
    };
    await Bun.sleep(500);
    await until(18);
    whole.publish(9);
    const ask = (body: object) =>
      server.api("", {
        method: "POST",
        body: JSON.stringify(body),
        headers: { "content-type": "application/json" },
      });
    const wrong = await ask({ registry: "npm", versions: "newest", gone: "hide" });
    expect(wrong.status).toBe(400);
    expect(await wrong.text()).toContain('newest\\" chooses no versions');
    expect((await ask({ registry: "npm", purls: ["pkg:npm/x"] })).status).toBe(400);
    expect((await ask({ registry: "npm" })).status).toBe(202);
    await until(20);
    expect(proxy.upstream.count(/\.tgz$/)).toBe(21);
    await server.stop();
    const outside = await proxy.mirror("--window", "25:00-26:00");
    expect(outside.code).toBe(2);
    expect(outside.stderr).toContain("--window 25:00-26:00");
    expect((await proxy.mirror("--rate", "1KB")).code).toBe(2);
  },
  TIMEOUT,
);

test(
  "after a snapshot, the list tells what is news and where the feed goes on; a job that was broken off is resumed",
  async () => {
    await using all = await npm(30);
    const { proxy, whole } = all;
    await proxy.run("jobs");
    const file = `${proxy.dir}/all-docs.json`;
    const rows = Array.from(whole.indexes(), (index) => ({
      id: whole.nameOf(index),
      value: { rev: whole.revisionOf(index) },
    }));
    await Bun.write(file, JSON.stringify({ total_rows: rows.length, rows }));
    expect((await proxy.mirror("--snapshot", file)).code).toBe(0);
    expect(await proxy.standing()).toMatchObject({ packages: { held: 30 }, checkpoint: null });
    expect(proxy.upstream.count(new RegExp(REPLICATION))).toBe(0);

    for (const index of [10, 11, 12]) whole.publish(index);
    proxy.upstream.forget();
    proxy.upstream.fault(/1\.1\.0\.tgz$/, slowDrip(20));
    const command = ["mirror", "--registry", "npm", "--config", `${proxy.dir}/proxy-0.yaml`];
    const killed = Bun.spawn([...program(), ...command], {
      stdout: "ignore",
      stderr: "ignore",
      cwd: proxy.dir,
    });
    while (proxy.upstream.count(/1\.1\.0\.tgz$/) < 3) await Bun.sleep(50);
    killed.kill("SIGKILL");
    await killed.exited;
    proxy.upstream.heal();
    const resumed = await proxy.run("mirror", "--resume", "--json");
    expect(resumed.code).toBe(0);
    expect(JSON.parse(resumed.stdout)).toMatchObject({ registry: { packages: { held: 30 }, gaps: 0 } });
    expect(proxy.upstream.count(/1\.0\.0\.tgz$/)).toBe(0);
    expect(JSON.parse((await proxy.standing()).checkpoint ?? "{}")).toEqual({ since: String(whole.seq) });
  },
  TIMEOUT,
);
