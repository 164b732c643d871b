/** Requirements that others fulfil: alternatives, stand-ins, and the qualifiers that hold for all that a release requires. */
import { expect, onTestFinished, test } from "bun:test";
import type { Ecosystem, Path, ReleaseFacts, Requirement } from "../../src/contract/ecosystem.ts";
import { Closure } from "../../src/mirror/plan/closure.ts";
import { Resolver } from "../../src/mirror/plan/resolve.ts";
import { makeMount } from "../../src/mounts/mounts.ts";
import { engine } from "../support/engine.ts";
import { files } from "../support/files-ecosystem.ts";
import { json } from "../support/tree.ts";
import { startUpstream } from "../support/upstream.ts";

type Listed = Pick<ReleaseFacts, "name" | "version" | "provides">;

/** An index for each of two machines; versions are numbers, and ranges lowest ones. */
const machines: Ecosystem = {
  ...files,
  scopes: ["arch"],
  routes: [
    {
      kind: "metadata",
      match: "/:arch/index.json",
      parse: (doc) => ({
        releases: doc
          .json<Listed[]>()
          .map((each) => ({ ...each, files: [{ path: `/f/${each.name}-${each.version}` as Path }] })),
      }),
    },
    ...files.routes.filter(({ kind }) => kind === "artifact"),
  ],
  index: ({ qualifiers: { arch } = {} }) => (arch ? [`/${arch}/index.json`] : ["/a/index.json", "/b/index.json"]),
  versions: {
    compare: (x, y) => Number(x) - Number(y),
    isStable: () => true,
    satisfies: (version, range) => Number(version) >= Number(range),
  },
};

const LISTED: Record<string, Listed[]> = {
  a: [
    { name: "plain", version: "1" },
    { name: "plain", version: "2" },
    { name: "postfix", version: "3", provides: [{ name: "mta" }] },
    {
      name: "exim",
      version: "4",
      provides: [
        { name: "mta", version: "7" },
        { name: "plain", version: "9" },
      ],
    },
    { name: "exim", version: "5", provides: [{ name: "mta", version: "8" }] },
  ],
  b: [{ name: "plain", version: "3" }],
};

async function setUp() {
  const upstream = await startUpstream();
  for (const [arch, listed] of Object.entries(LISTED)) upstream.set(`/${arch}/index.json`, json(listed));
  const { cache, close } = await engine();
  onTestFinished(async () => {
    await close();
    await upstream.close();
  });
  const mount = makeMount("m", machines, { upstreams: { default: upstream.url }, ttl: 300_000 });
  const resolver = new Resolver();
  const closure = new Closure({
    spec: { choice: { platforms: [], sources: true, maxSize: 0 } },
    mounts: new Map([["m", mount]]),
    resolve: (_, wish) => resolver.resolve(cache, mount, wish),
  });
  const follow = async (requirement: Requirement, qualifiers?: Record<string, string>) => {
    const of = {
      mount: "m",
      name: "asked",
      version: "1",
      purl: "pkg:files/asked@1",
      ...(qualifiers && { qualifiers }),
    };
    const { tasks, failures } = await closure.follow(of, [requirement], () => {});
    return [...tasks.map(({ purl }) => purl), ...failures.map(({ reason }) => reason)];
  };
  return { follow, upstream };
}

const cases: Record<string, [requirement: Requirement, expected: string[]]> = {
  "the package itself": [{ name: "plain", range: "1" }, ["pkg:files/plain@3"]],
  "a stand-in, where nothing has the name": [{ name: "mta", range: "" }, ["pkg:files/exim@5"]],
  "one that does so as a version that fits": [{ name: "mta", range: "8" }, ["pkg:files/exim@5"]],
  "not a stand-in without a version, where one is asked for": [
    { name: "mta", range: "9" },
    ["pkg:files/mta 9: no version that can be had fits; pkg:files/asked@1 requires it"],
  ],
  "a stand-in for a version that the package itself does not have": [
    { name: "plain", range: "9" },
    ["pkg:files/exim@4"],
  ],
  "the first alternative that can be had": [
    {
      name: "none",
      range: "",
      anyOf: [
        { name: "plain", range: "100" },
        { name: "postfix", range: "" },
      ],
    },
    ["pkg:files/postfix@3"],
  ],
  "what the first misses, where none can": [
    { name: "none", range: "", anyOf: [{ name: "nobody", range: "" }] },
    ["pkg:files/none: no version of it can be had; pkg:files/asked@1 requires it"],
  ],
};

test.each(Object.entries(cases))("%s", async (_, [requirement, expected]) => {
  const { follow } = await setUp();
  expect(await follow(requirement)).toEqual(expected);
});

test("what was asked for one machine requires what is for that machine", async () => {
  const { follow, upstream } = await setUp();
  expect(await follow({ name: "plain", range: "" }, { arch: "a", type: "x" })).toEqual(["pkg:files/plain@2?arch=a"]);
  expect(upstream.count("/b/index.json")).toBe(0);
  expect(await follow({ name: "plain", range: "" }, { arch: "b" })).toEqual(["pkg:files/plain@3?arch=b"]);
});
