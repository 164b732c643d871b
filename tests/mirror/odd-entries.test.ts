/** One entry of a document that makes no sense: clients get the rest, and people are told of it once. */
import { afterAll, afterEach, beforeEach, expect, test } from "bun:test";
import type { Packument } from "../../ecosystems/npm/packument.ts";
import { npm } from "../../ecosystems/npm.ts";
import { configureLog } from "../../src/lib/log.ts";
import { Job } from "../../src/mirror/job/job.ts";
import { MemoryLedger } from "../../src/mirror/job/ledger.ts";
import type { Outcome } from "../../src/mirror/job/progress.ts";
import { mirrorTasks } from "../../src/mirror/job/tasks.ts";
import { EVERYTHING } from "../../src/mirror/plan/choice.ts";
import { Targets } from "../../src/mirror/sources/targets.ts";
import { makeMount } from "../../src/mounts/mounts.ts";
import { askFor, bytesOf, engine, failure } from "../support/engine.ts";
import { binary, json } from "../support/tree.ts";
import { startUpstream } from "../support/upstream.ts";

const [upstream, { cache, clock, close }] = await Promise.all([startUpstream(), engine()]);
const mount = makeMount("npm", npm, { upstreams: { default: upstream.url }, ttl: 1_000 });
let logged: string[] = [];
beforeEach(() => {
  logged = [];
  configureLog("info", "json", (line) => void logged.push(line));
});
afterEach(() => configureLog("info", "text", (line) => void process.stderr.write(line)));
afterAll(async () => {
  await close();
  await upstream.close();
});

const whole = { name: "wid", version: "1.0.0", dist: { tarball: `${upstream.url}/wid/-/wid-1.0.0.tgz` } };
const packument = (more: object) =>
  json({
    name: "wid",
    "dist-tags": { latest: "0.9.0" },
    versions: { "0.9.0": { name: "wid" }, "1.0.0": whole },
    ...more,
  });

test("the rest is served, and the entry is told in the log once, whatever else changes", async () => {
  upstream.set("/wid", packument({ modified: "1" }));
  const shown = async () =>
    JSON.parse(new TextDecoder().decode(await bytesOf(cache, await cache.get(mount, askFor("/wid"))))) as Packument;
  expect(await shown()).toMatchObject({
    "dist-tags": { latest: "1.0.0" },
    versions: { "1.0.0": { version: "1.0.0" } },
  });
  upstream.set("/wid", packument({ modified: "2" }));
  clock.advance(120_000);
  expect(await shown()).toMatchObject({ modified: "2" });
  expect(Object.keys((await shown()).versions ?? {})).toEqual(["1.0.0"]);
  const told = logged.map((line) => JSON.parse(line) as { entry?: string }).filter(({ entry }) => entry !== undefined);
  expect(told).toMatchObject([
    { level: "warn", mount: "npm", path: "/wid", entry: "0.9.0", reason: "it has no dist.tarball" },
  ]);
});

test("a mirror's report tells it", async () => {
  upstream.set("/wid", packument({}));
  upstream.set("/wid/-/wid-1.0.0.tgz", binary(Bun.gzipSync(new Uint8Array(1_024))));
  const tasks = mirrorTasks(cache, () => mount);
  const outcomes: Outcome[] = [];
  const ledger = new MemoryLedger();
  await ledger.add(new Targets([mount]).ofAll([["", "pkg:npm/wid"]]));
  await new Job({
    pool: { run: (name, input) => tasks[name](input as never) as never },
    mounts: new Map([["npm", mount]]),
    ledger,
    spec: { title: "", runBy: "command", choice: EVERYTHING, closure: "none", concurrency: 2, refresh: true },
    tell: (outcome) => void outcomes.push(outcome),
  }).run();
  expect(outcomes.filter(({ outcome }) => outcome === "left out")).toEqual([
    {
      mount: "npm",
      purl: "pkg:npm/wid",
      outcome: "left out",
      reason: "an entry of /wid makes no sense: 0.9.0: it has no dist.tarball",
    },
  ]);
  expect(outcomes.some(({ outcome }) => outcome === "failed")).toBe(false);
});

test("a document of which nothing can be read is none", async () => {
  upstream.set("/nothing", json({ name: "nothing", versions: { "1.0.0": {} } }));
  expect(String(await failure(cache.get(mount, askFor("/nothing"))))).toContain(
    "sent something else than the document /nothing: it has no dist.tarball",
  );
});
