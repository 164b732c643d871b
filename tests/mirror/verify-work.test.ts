/** What a check of many releases does: counted, because a clock tells little on a busy machine. */
import { expect, spyOn, test } from "bun:test";
import { npm } from "../../ecosystems/npm.ts";
import type { Ecosystem, MetadataRoute } from "../../src/contract/ecosystem.ts";
import { Job } from "../../src/mirror/job/job.ts";
import { MemoryLedger } from "../../src/mirror/job/ledger.ts";
import { mirrorTasks } from "../../src/mirror/job/tasks.ts";
import { Targets } from "../../src/mirror/sources/targets.ts";
import { makeMount } from "../../src/mounts/mounts.ts";
import { engine } from "../support/engine.ts";
import { SPEC } from "../support/job-store.ts";
import { makeNpm } from "../support/registries/npm.ts";
import { startUpstream } from "../support/upstream.ts";

const VERSIONS = ["1.0.0", "1.1.0", "1.2.0", "1.3.0"];
const NAMES = ["a", "b", "c"];
const PURLS = NAMES.flatMap((name) => VERSIONS.map((version) => `pkg:npm/${name}@${version}`));
const VARIANTS = 2;

/** The same plugin, and how often it was called with a document of a package. */
function counted(ecosystem: Ecosystem) {
  const calls = { parse: 0, rewrite: 0 };
  const count =
    <A extends unknown[], R>(name: keyof typeof calls, call: (...args: A) => R) =>
    (...args: A) => {
      calls[name]++;
      return call(...args);
    };
  const routes = ecosystem.routes.map((route) => {
    const { parse, rewrite } = route as MetadataRoute;
    if (route.kind !== "metadata" || !parse || !rewrite) return route;
    return { ...route, parse: count("parse", parse), rewrite: count("rewrite", rewrite) };
  });
  return { calls, ecosystem: { ...ecosystem, routes } };
}

async function setUp() {
  const upstream = await startUpstream();
  const versions = Object.fromEntries(VERSIONS.map((version) => [version, { size: 100 }]));
  const url = upstream.mount("/npm", (base) =>
    makeNpm(
      NAMES.map((name) => ({ name, versions })),
      base,
    ),
  );
  const { calls, ecosystem } = counted(npm);
  const mount = makeMount("npm", ecosystem, { upstreams: { default: url }, ttl: 300_000 });
  const { cache, again, close } = await engine({ pinsWhatItFetches: true });
  const run = async (over: typeof cache, purpose: "mirror" | "verify") => {
    const tasks = mirrorTasks(over, () => mount);
    const ledger = new MemoryLedger();
    await ledger.add(new Targets([mount]).ofAll(PURLS.map((purl) => ["", purl])));
    const pool = { run: (name: keyof typeof tasks, input: unknown) => tasks[name](input as never) as never };
    const job = new Job({ pool, ledger, mounts: new Map([["npm", mount]]), spec: SPEC, purpose });
    await job.run();
    return job.progress;
  };
  await run(cache, "mirror");
  return {
    calls,
    offline: await again({ makesUpstreamRequests: false, pinsWhatItFetches: false }),
    run,
    [Symbol.asyncDispose]: async () => {
      await close();
      await upstream.close();
    },
  };
}

test("a document is read once, and shown once in each of its forms, however many of its releases are checked", async () => {
  await using all = await setUp();
  Object.assign(all.calls, { parse: 0, rewrite: 0 });
  const opened = spyOn(all.offline.documents, "bytes");
  expect(await all.run(all.offline, "verify")).toMatchObject({ skipped: PURLS.length, failed: 0 });
  expect(all.calls).toEqual({ parse: NAMES.length * (1 + VARIANTS), rewrite: NAMES.length * VARIANTS });
  // For what it states, and for what is shown of it; and the registry's keys.
  expect(opened.mock.calls.length).toBeLessThanOrEqual(NAMES.length * 2 + 1);
});

test("what changes meanwhile is seen: a file that is not held any more is listed by no document", async () => {
  await using all = await setUp();
  expect(await all.run(all.offline, "verify")).toMatchObject({ skipped: PURLS.length, failed: 0 });
  const path = "/a/-/a-1.2.0.tgz";
  const { sha256 } = all.offline.context.artifacts.find("npm", path)!;
  const lost = { sha256, artifacts: [{ mount: "npm", path }], documents: [], spoiled: [], packages: [], now: 1 };
  await all.offline.context.commit("forgetLost", lost);
  expect(await all.run(all.offline, "verify")).toMatchObject({
    skipped: PURLS.length - 1,
    // The file, and each form of the document that no longer lists it.
    failed: 1 + VARIANTS,
  });
});
