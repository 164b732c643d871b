/** Names become paths at upstreams. What climbs in one asks no upstream for anything, in any ecosystem, whoever wrote it. */
import { afterAll, afterEach, describe, expect, test } from "bun:test";
import type { Path } from "../../src/contract/ecosystem.ts";
import type { ReleaseTask } from "../../src/contract/jobs.ts";
import { messageOf } from "../../src/lib/errors.ts";
import { EVERYTHING } from "../../src/mirror/plan/choice.ts";
import { hold } from "../../src/mirror/plan/fetch-file.ts";
import { plan } from "../../src/mirror/plan/plan.ts";
import { Resolver } from "../../src/mirror/plan/resolve.ts";
import { Targets } from "../../src/mirror/sources/targets.ts";
import { makeMount } from "../../src/mounts/mounts.ts";
import { table } from "../ecosystems/samples.ts";
import { askFor, engine, failure } from "../support/engine.ts";
import { text } from "../support/tree.ts";
import { startUpstream } from "../support/upstream.ts";

const upstream = await startUpstream();
const BASE = "/api/pub";
const { cache, close } = await engine(
  {},
  { upstream: { credentials: [{ scope: upstream.url, header: "authorization", value: "Bearer s3cret" }] } },
);
// A registry that decodes paths before it routes them has something at each place outside of the base.
upstream.fault(/^(?!\/api\/pub\/)|%|\.\./, () => {
  throw new Error("asked outside of the base");
});
afterAll(async () => {
  await close();
  await upstream.close();
});
afterEach(() => upstream.forget());

const mounts = table.map(([ecosystem, { upstreams }]) =>
  makeMount(ecosystem.id, ecosystem, {
    upstreams: Object.fromEntries(
      Object.entries(upstreams).map(([name, url]) => [
        name,
        upstream.url + BASE + (url.includes("{") ? "/{crate}-{version}.crate" : ""),
      ]),
    ),
    ttl: 300_000,
  }),
);

const CLIMBING = [
  "../../secret/x",
  "..",
  "a/../../secret",
  "..%2f..%2fsecret",
  "..%252fsecret",
  "a%5c..%5csecret",
  "..;/secret",
  "a//b",
  "a\0b",
  "a\nb",
  "x?y=1",
  "x#y",
];
/** As far as they name what the ecosystem would have. */
const within: Record<string, (name: string) => string> = {
  helm: (name) => `stable/${name}`,
  maven: (name) => `g/${name}`,
};

describe.each(mounts.map((mount) => [mount.name, mount] as const))("%s", (id, mount) => {
  const names = CLIMBING.flatMap((name) => [name, within[id]?.(name) ?? name]);
  test("what a lockfile, a list or a package names is refused before upstream is asked", async () => {
    for (const name of names)
      for (const version of ["1.0.0", undefined]) {
        const task: ReleaseTask = { mount: id, name, ...(version && { version }), purl: `pkg:${id}/x`, isRoot: true };
        const error = await failure(plan(cache, mount, task, { choice: EVERYTHING, closure: "all", refresh: false }));
        expect(`${JSON.stringify(name)}: ${messageOf(error)}`).toContain("is no name of a package");
      }
    expect(upstream.requests).toEqual([]);
  });
  test("so is a version that climbs", async () => {
    const name = within[id]?.("lib") ?? "example.com/lib".slice(id === "golang" ? 0 : 12);
    for (const version of CLIMBING) {
      const task: ReleaseTask = { mount: id, name, version, purl: `pkg:${id}/x`, isRoot: true };
      const error = await failure(plan(cache, mount, task, { choice: EVERYTHING, closure: "all", refresh: false }));
      expect(`${JSON.stringify(version)}: ${messageOf(error)}`).toContain("is no version of");
    }
    expect(upstream.requests).toEqual([]);
  });
  test("what a release requires is refused, too", async () => {
    for (const name of names) {
      const wish = { name, range: "", others: [], choice: EVERYTHING };
      const error = await failure(new Resolver().resolve(cache, mount, wish));
      expect(`${JSON.stringify(name)}: ${messageOf(error)}`).toContain("is no name of a package");
    }
    expect(upstream.requests).toEqual([]);
  });
  test("a package URL is refused with its text", () => {
    const type = mount.ecosystem.purlType ?? id;
    for (const purl of [`pkg:${type}/a/..`, `pkg:${type}/a/..%2f..%2fx@1`, `pkg:${type}/a/b@1%2f..%2f..%2fc`])
      expect(() => new Targets([mount]).ofAll([["", purl]])).toThrow(purl);
  });
  test("a path that a document or a client names is nothing, in every spelling", async () => {
    const { samples } = table.find(([ecosystem]) => ecosystem.id === id)![1];
    for (const { path } of samples)
      for (const tail of ["/../x", "/..%2fx", "%2f..%2f..%2fx", "/%252e%252e/x", "/..;/x", "%5c..%5cx", "%00", "//x"]) {
        const whole = `${path}${tail}` as Path;
        expect([whole, messageOf(await failure(hold(cache, mount, whole)))]).toEqual([whole, `${id} has no ${whole}`]);
        expect(messageOf(await failure(cache.get(mount, askFor(whole))))).toContain("the path is not a plain one");
      }
    expect(upstream.requests).toEqual([]);
  });
});

test("a registry's own endpoints are refused however they are spelled, and what stands before them is not", async () => {
  const npm = mounts.find(({ name }) => name === "npm")!;
  upstream.set(`${BASE}/-/npm/v1/keys`, text('{"keys":[]}'));
  for (const path of [
    "/-/npm/v1/user",
    "/-%2fnpm%2fv1%2fuser",
    "/%2d/npm/v1/user",
    "/-%2Fwhoami",
    "/@a/-%2fb",
  ] as const)
    expect([path, messageOf(await failure(cache.get(npm, askFor(path))))]).toEqual([
      path,
      path === "/@a/-%2fb" ? "npm has no /@a/-%2fb" : "This registry endpoint is not proxied.",
    ]);
  expect(upstream.requests).toEqual([]);
  await cache.get(npm, askFor("/-/npm/v1/keys"));
  expect(upstream.count(`${BASE}/-/npm/v1/keys`)).toBe(1);
});
