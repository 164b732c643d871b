/** What a registry would come to, as a server tells who asks: by a job, as long as it takes, and nothing is changed by it. */
import { expect, test } from "bun:test";
import { readdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { failing, stalledAfter } from "../support/faults.ts";
import { until } from "../support/job-store.ts";
import { type Proxy as Running, startProxy } from "../support/proxy.ts";
import { Whole } from "../support/registries/whole.ts";
import { REPLICATION, wholeNpm } from "../support/registries/whole-npm.ts";
import { TIMEOUT } from "../support/time-limits.ts";
import { wholeProxy } from "../support/whole-proxy.ts";

const ALL_DOCS = `/registry${REPLICATION}/_all_docs`;

interface Job {
  id: string;
  state: string;
  error: string | null;
  estimate?: Record<string, unknown> | null;
  progress: Record<string, unknown>;
}

async function npm(size: number) {
  const whole = new Whole({ size });
  return wholeProxy({
    ecosystem: "npm",
    whole,
    make: (base) => wholeNpm(whole, base),
    upstreams: (base) => ({ default: base, replication: base + REPLICATION }),
  });
}

async function ask(server: Running, path: string, init?: RequestInit): Promise<{ status: number; body: Job }> {
  const response = await server.api(path, init);
  return { status: response.status, body: (await response.json()) as Job };
}

function estimateOf(server: Running, body: object) {
  const headers = { "content-type": "application/json" };
  return ask(server, "", {
    method: "POST",
    body: JSON.stringify({ registry: "npm", dry_run: true, ...body }),
    headers,
  });
}

async function ended(server: Running, id: string): Promise<Job> {
  await until(async () => /complete|failed|canceled/.test((await ask(server, `/${id}`)).body.state), id);
  return (await ask(server, `/${id}`)).body;
}

/** What dry runs of a server left behind. */
const left = async ({ pid }: Running) =>
  (await readdir(tmpdir())).filter((name) => name.startsWith(`proxy-dry-run-${pid}-`));

test(
  "it is what the command tells, by the same filters; nothing is fetched, and the checkpoint stays where it is",
  async () => {
    await using proxy = await npm(40);
    expect((await proxy.mirror("--limit", "3")).code).toBe(0);
    const standing = await proxy.standing();
    const server = await startProxy(proxy.options);
    proxy.upstream.forget();
    const made = await estimateOf(server, { include: ["whole-000001*"] });
    expect(made.status).toBe(202);
    const job = await ended(server, made.body.id);
    const command = await proxy.mirror("--include", "whole-000001*", "--dry-run", "--json");
    expect(job).toMatchObject({ state: "complete", error: null, progress: { total: 0, bytes: 0 } });
    expect(job.estimate).toEqual(JSON.parse(command.stdout) as Record<string, unknown>);
    expect(job.estimate).toMatchObject({ listed: 40, chosen: 10, sampled: 10, files: 10, failures: [] });
    expect(proxy.upstream.count(/\.tgz$/)).toBe(0);
    expect(await proxy.standing()).toMatchObject({ packages: standing.packages, checkpoint: standing.checkpoint });
    const shown = await proxy.run("jobs", "show", made.body.id);
    expect(shown.stdout).toContain("npm: 40 packages listed, 10 chosen; to fetch (all of them looked at): 10 files");
    expect(await left(server)).toEqual([]);
    await server.stop();
  },
  TIMEOUT,
);

test(
  "a list that takes long holds up nobody: another dry run is answered, the job is canceled, or left to the next server",
  async () => {
    await using proxy = await npm(20);
    const server = await startProxy(proxy.options);
    proxy.upstream.fault(ALL_DOCS, stalledAfter(10, 30_000));
    const [long, longer] = [await estimateOf(server, {}), await estimateOf(server, {})];
    await until(() => proxy.upstream.count(ALL_DOCS) >= 2, "the lists");
    expect((await ask(server, `/${long.body.id}`)).body).toMatchObject({ state: "running", estimate: null });
    const plan = await estimateOf(server, { registry: undefined, purls: ["pkg:npm/whole-0000001"] });
    expect([plan.status, plan.body]).toMatchObject([200, { total: 1 }]);
    expect((await ask(server, `/${long.body.id}`, { method: "DELETE" })).status).toBe(200);
    expect((await ended(server, long.body.id)).estimate).toBeNull();
    await until(async () => (await left(server)).length === 1, "the canceled one's folder to be gone");
    await server.stop();
    proxy.upstream.heal();
    // A command would mirror what somebody wanted an estimate of.
    expect(await proxy.run("mirror", "--resume", longer.body.id)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("is a dry run that a server was asked for") as string,
    });

    const next = await startProxy(proxy.options);
    expect((await ended(next, longer.body.id)).estimate).toMatchObject({ listed: 20, chosen: 20, files: 20 });
    expect(JSON.parse((await proxy.run("mirror", "--registry", "npm", "--status", "--json")).stdout)).toEqual([]);
    await next.stop();
  },
  TIMEOUT,
);

test(
  "a registry whose list cannot be had fails the job, and it says what works without",
  async () => {
    await using proxy = await npm(5);
    const server = await startProxy(proxy.options);
    proxy.upstream.fault(new RegExp(REPLICATION), failing(404));
    const job = await ended(server, (await estimateOf(server, {})).body.id);
    expect(job).toMatchObject({ state: "failed", error: expect.stringContaining("--names FILE") as string });
    await server.stop();
  },
  TIMEOUT,
);
