/** Jobs outlive their process, and are told, canceled and tried again from others. */
import { expect, test } from "bun:test";
import { failing, slowDrip } from "../support/faults.ts";
import { type NpmProxy, npmProxy } from "../support/npm-proxy.ts";
import { program } from "../support/proxy.ts";
import { TIMEOUT } from "../support/time-limits.ts";

const PURLS = Array.from({ length: 40 }, (_, minor) => `pkg:npm/many@1.${minor}.0`);
const FILE = /many-.*\.tgz$/;

interface JobJson {
  id: string;
  state: string;
  error: string | null;
  progress: { total: number; completed: number; skipped: number; failed: number };
  failures: { purl: string; path: string | null; reason: string; attempts: number }[];
}

function start({ proxy }: NpmProxy, ...args: string[]) {
  return Bun.spawn([...program(), ...args, "--config", proxy.configFile], { stdout: "pipe", stderr: "pipe" });
}

async function newest({ proxy }: NpmProxy): Promise<JobJson> {
  const [first] = JSON.parse((await proxy.run(["jobs", "--json", "--limit", "1"])).stdout) as JobJson[];
  return JSON.parse((await proxy.run(["jobs", "show", first!.id, "--json"])).stdout) as JobJson;
}

const until = async (holds: () => boolean) => {
  while (!holds()) await Bun.sleep(25);
  expect(holds()).toBe(true);
};

test(
  "killed amid a list and resumed: no hole, and nothing twice but what was under way",
  async () => {
    await using all = await npmProxy({ concurrency: 4 });
    all.upstream.fault(/many-1\.[23]\d\.0\.tgz$/, slowDrip(3_000));
    const killed = start(all, "mirror", ...PURLS);
    await until(() => all.upstream.count(/many-1\.[23]\d\.0\.tgz$/) > 2);
    killed.kill("SIGKILL");
    await killed.exited;
    const interrupted = await newest(all);
    expect(interrupted).toMatchObject({ state: "pending", progress: { failed: 0 } });
    expect(interrupted.progress.completed).toBeGreaterThan(0);
    all.upstream.heal();
    const resumed = await all.proxy.run(["mirror", "--resume", "--json"]);
    expect([resumed.code, JSON.parse(resumed.stdout)]).toEqual([
      0,
      expect.objectContaining({ job: interrupted.id, failed: 0 }),
    ]);
    expect(await newest(all)).toMatchObject({
      id: interrupted.id,
      state: "complete",
      progress: { total: 41, failed: 0 },
    });
    const asked = PURLS.map((_, minor) => all.upstream.count(new RegExp(`many-1\\.${minor}\\.0\\.tgz$`)));
    expect(Math.min(...asked)).toBe(1);
    // At most those that the killed one was fetching, each of which four lanes, a batch at a time.
    expect(asked.filter((count) => count > 1).length).toBeLessThanOrEqual(16);
    expect((await all.proxy.run(["verify", "--deps=none", ...PURLS])).code).toBe(0);
    expect((await all.proxy.run(["mirror", "--resume"])).stderr).toContain("there is no interrupted job");
  },
  TIMEOUT,
);

test(
  "canceled from another process: it ends at once, says so, and goes on when it is told to",
  async () => {
    await using all = await npmProxy({ concurrency: 2 });
    all.upstream.fault(/many-1\.[123]\d\.0\.tgz$/, slowDrip(600));
    const running = start(all, "mirror", ...PURLS);
    await until(() => all.upstream.count(/many-1\.[123]\d\.0\.tgz$/) > 1);
    const { id } = await newest(all);
    const canceled = await all.proxy.run(["jobs", "cancel", id]);
    expect([canceled.code, canceled.stdout]).toEqual([0, `job ${id} is canceled\n`]);
    all.upstream.heal();
    expect(await running.exited).toBe(1);
    expect(await running.stderr.text()).toContain(`job ${id} was canceled`);
    const found = await newest(all);
    expect(found.state).toBe("canceled");
    expect(found.progress.completed).toBeLessThan(40);
    expect((await all.proxy.run(["jobs", "cancel", id])).code).toBe(2);
    expect((await all.proxy.run(["jobs", "retry", id])).code).toBe(0);
    expect((await all.proxy.run(["mirror", `--resume=${id}`])).code).toBe(0);
    expect(await newest(all)).toMatchObject({ id, state: "complete", progress: { failed: 0 } });
  },
  TIMEOUT,
);

test(
  "what fails for good is not tried again until someone says so, and then alone",
  async () => {
    await using all = await npmProxy();
    all.upstream.fault(/many-1\.7\.0\.tgz$/, failing(404));
    const first = await all.proxy.run(["mirror", ...PURLS]);
    expect(first.code).toBe(1);
    const { id, failures, error } = await newest(all);
    expect(error).toBe("1 of 41 could not be held");
    expect(failures).toMatchObject([{ purl: "pkg:npm/many@1.7.0", path: "/many/-/many-1.7.0.tgz", attempts: 1 }]);
    expect(first.stdout).toContain(`proxy jobs retry ${id} tries again what failed`);
    // The address that its index names is that of its path.
    expect(all.upstream.count(/many-1\.7\.0\.tgz$/)).toBe(1);
    all.upstream.heal();
    all.upstream.forget();
    expect((await all.proxy.run(["jobs", "retry", id])).code).toBe(0);
    expect((await all.proxy.run(["mirror", `--resume=${id}`])).code).toBe(0);
    expect(all.upstream.count(FILE)).toBe(1);
    expect(await newest(all)).toMatchObject({
      id,
      state: "complete",
      error: null,
      progress: { failed: 0 },
      failures: [],
    });
  },
  TIMEOUT,
);

test(
  "what may pass is tried again while the rest goes on",
  async () => {
    await using all = await npmProxy({ concurrency: 4 });
    all.upstream.fault(/many-1\.7\.0\.tgz$/, failing(503));
    const running = start(all, "mirror", "--json", ...PURLS);
    // All others are there, while the one is being put off.
    await until(() => all.upstream.count(FILE) >= 41);
    await Bun.sleep(1_500);
    all.upstream.heal();
    expect(await running.exited).toBe(0);
    expect(JSON.parse(await running.stdout.text())).toMatchObject({ completed: 41, failed: 0 });
  },
  TIMEOUT,
);

test(
  "two processes mirror overlapping sets into one store: each file comes once",
  async () => {
    await using all = await npmProxy({ concurrency: 4 });
    const [one, other] = await Promise.all([
      all.proxy.run(["mirror", "--json", ...PURLS.slice(0, 30)]),
      all.proxy.run(["mirror", "--json", ...PURLS.slice(10)]),
    ]);
    expect([one.code, other.code]).toEqual([0, 0]);
    const asked = PURLS.map((_, minor) => all.upstream.count(new RegExp(`many-1\\.${minor}\\.0\\.tgz$`)));
    expect(asked).toEqual(PURLS.map(() => 1));
    expect((await all.proxy.run(["jobs"])).stdout.match(/complete/g)?.length).toBe(2);
  },
  TIMEOUT,
);

test(
  "the job that is named is gone on with, and nothing else that is said is passed over",
  async () => {
    await using all = await npmProxy();
    all.upstream.fault(/small-1\.0\.0\.tgz$/, failing(404));
    expect((await all.proxy.run(["mirror", "pkg:npm/small@1.0.0"])).code).toBe(1);
    const { id } = await newest(all);
    const refused = async (...args: string[]) => {
      const { code, stderr } = await all.proxy.run(["mirror", ...args]);
      return [code, stderr.trim()];
    };
    for (const asked of [[`--resume=${id}`], ["--resume", id]])
      expect(await refused(...asked)).toEqual([
        2,
        `proxy: job ${id} is failed; proxy jobs retry ${id} makes it pending again`,
      ]);
    expect(await refused("--resume", "nope")).toEqual([2, "proxy: there is no job nope; proxy jobs lists them"]);
    const other = "is for a new job; one that --resume goes on with knows what to hold";
    expect(await refused("--resume", "pkg:npm/small")).toEqual([2, `proxy: pkg:npm/small ${other}`]);
    expect(await refused(`--resume=${id}`, "more")).toEqual([2, `proxy: more ${other}`]);
    expect(await refused("--resume", "--dry-run")).toEqual([2, `proxy: --dry-run ${other}`]);
    expect(await refused("--resume", id, "--deps")).toEqual([2, `proxy: --deps ${other}`]);

    all.upstream.heal();
    await all.proxy.run(["jobs", "retry", id]);
    // A newer one that could be gone on with, too.
    const later = start(all, "mirror", ...PURLS);
    all.upstream.fault(FILE, slowDrip(600));
    await until(() => all.upstream.count(FILE) > 0);
    later.kill("SIGKILL");
    await later.exited;
    all.upstream.heal();
    expect((await all.proxy.run(["mirror", "--resume", id])).code).toBe(0);
    expect((await all.proxy.run(["jobs", "show", id])).stdout).toContain("  complete  ");
    expect(await newest(all)).toMatchObject({ state: "pending" });
    expect(await refused("--resume", id)).toEqual([2, `proxy: job ${id} is complete: there is nothing left to do`]);
  },
  TIMEOUT,
);
