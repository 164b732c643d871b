/** A mirror puts a pointer in the place of the held one when all that it names is held, and not before. */
import { expect, test } from "bun:test";
import type { Ecosystem, Path, Route } from "../../src/contract/ecosystem.ts";
import type { JobSpec } from "../../src/contract/jobs.ts";
import { Job } from "../../src/mirror/job/job.ts";
import { MemoryLedger } from "../../src/mirror/job/ledger.ts";
import { mirrorTasks } from "../../src/mirror/job/tasks.ts";
import { EVERYTHING } from "../../src/mirror/plan/choice.ts";
import { Targets } from "../../src/mirror/sources/targets.ts";
import { makeMount } from "../../src/mounts/mounts.ts";
import { failing } from "../support/faults.ts";
import { OTHER, SMALL, setUp } from "../support/files-cache.ts";
import { files, type Index, publish } from "../support/files-ecosystem.ts";

const INDEX: Path = "/index.json";
const SPEC: JobSpec = {
  title: "a test",
  runBy: "command",
  choice: EVERYTHING,
  closure: "none",
  concurrency: 2,
  refresh: true,
};
const pointing = (route: Route): Route => (route.match === INDEX ? ({ ...route, pointer: true } as Route) : route);
const ecosystem: Ecosystem = { ...files, routes: files.routes.map(pointing) };

async function start() {
  const set = await setUp({ pinsWhatItFetches: true });
  publish(set.upstream, { small: SMALL });
  const mount = makeMount("files", ecosystem, { upstreams: { default: set.upstream.url }, ttl: 300_000 });
  const tasks = mirrorTasks(set.cache, () => mount);
  const mirror = async () => {
    const ledger = new MemoryLedger();
    await ledger.add(new Targets([mount]).ofAll([["", "pkg:files/file"]]));
    const pool = { run: (name: keyof typeof tasks, input: unknown) => tasks[name](input as never) as never };
    const job = new Job({ pool, owner: 1, mounts: new Map([[mount.name, mount]]), ledger, spec: SPEC, backoff: 1 });
    await job.run();
    return job.progress;
  };
  const server = await set.again({ pinsWhatItFetches: false, makesUpstreamRequests: false });
  /** The files that clients are told of. */
  const told = () => {
    const row = server.documents.held(mount, INDEX);
    const index = row && (JSON.parse(Buffer.from(server.documents.bytes(row)).toString()) as Index);
    return index?.files.map(({ path }) => path);
  };
  return { ...set, mount, mirror, told };
}

test("a new one is not seen while something of it is missing; then it is, pinned, with its facts", async () => {
  await using s = await start();
  s.upstream.fault("/f/small", failing(503));
  expect((await s.mirror()).failed).toBe(1);
  expect(s.told()).toBeUndefined();
  s.upstream.heal();
  expect((await s.mirror()).failed).toBe(0);
  expect(s.told()).toEqual(["/f/small"]);
  const { documents } = s.cache.context;
  expect(documents.find("files", INDEX)?.pinned).toBe(true);
  expect([...documents.paths("files")]).toEqual([INDEX]);

  publish(s.upstream, { small: SMALL, other: OTHER });
  s.upstream.fault("/f/other", failing(503));
  expect((await s.mirror()).failed).toBe(1);
  expect(s.told()).toEqual(["/f/small"]);
  expect(documents.page("files", INDEX, "/f/other") ?? "").not.toContain("/f/other");
  s.upstream.heal();
  expect(await s.mirror()).toMatchObject({ failed: 0, completed: 1 });
  expect(s.told()).toEqual(["/f/small", "/f/other"]);
  expect(documents.page("files", INDEX, "/f/other")).toContain("/f/other");
});

test("what was staged is asked for again, and gives way to what upstream has by then", async () => {
  await using s = await start();
  await s.mirror();
  publish(s.upstream, { small: SMALL, other: OTHER });
  s.upstream.fault("/f/other", failing(503));
  await s.mirror();
  publish(s.upstream, { small: SMALL });
  expect((await s.mirror()).failed).toBe(0);
  expect(s.told()).toEqual(["/f/small"]);
  expect(s.cache.documents.held(s.mount, INDEX)?.path).toBe(INDEX);
});
