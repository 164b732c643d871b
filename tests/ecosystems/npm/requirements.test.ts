import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { npmRequirements } from "../../../ecosystems/npm/requirements.ts";

const of = (manifest: object) => npmRequirements({ dist: { tarball: "" }, ...manifest });

describe("which", () => {
  const cases: [what: string, manifest: object, requires: object[]][] = [
    ["dependencies", { dependencies: { a: "^1" } }, [{ name: "a", range: "^1" }]],
    [
      "optional ones are weak, although the registry lists them among the others too",
      { dependencies: { a: "^1", b: "2" }, optionalDependencies: { b: "2" } },
      [
        { name: "a", range: "^1" },
        { name: "b", range: "2", weak: true },
      ],
    ],
    [
      "peers, unless they are declared optional",
      {
        peerDependencies: { a: ">=1", b: "2", c: "3" },
        peerDependenciesMeta: { b: { optional: true }, c: { optional: false } },
      },
      [
        { name: "a", range: ">=1" },
        { name: "c", range: "3" },
      ],
    ],
    [
      "a package that is both, in both ranges",
      { dependencies: { a: "^1.2" }, peerDependencies: { a: "^1" } },
      [
        { name: "a", range: "^1.2" },
        { name: "a", range: "^1" },
      ],
    ],
    ["for development", { devDependencies: { a: "1" } }, [{ name: "a", range: "1", optional: true }]],
    [
      "not what is in the tarball",
      { dependencies: { a: "1", b: "1" }, optionalDependencies: { c: "1" }, bundleDependencies: ["b", "c"] },
      [{ name: "a", range: "1" }],
    ],
    [
      "not what is in the tarball, as it was spelled once",
      { dependencies: { a: "1", b: "1" }, bundledDependencies: ["b"] },
      [{ name: "a", range: "1" }],
    ],
    [
      "nothing where all of it is in the tarball, but peers",
      { dependencies: { a: "1" }, peerDependencies: { p: "1" }, bundleDependencies: true },
      [{ name: "p", range: "1" }],
    ],
    ["all where nothing is", { dependencies: { a: "1" }, bundleDependencies: false }, [{ name: "a", range: "1" }]],
    ["nothing of what old manifests have", { dependencies: ["a"], peerDependencies: "x", devDependencies: null }, []],
    ["nothing of what is no text", { dependencies: { a: { version: "1" }, b: "1" } }, [{ name: "b", range: "1" }]],
    [
      "with broken remarks on peers",
      { peerDependencies: { a: "1" }, peerDependenciesMeta: { a: null } },
      [{ name: "a", range: "1" }],
    ],
  ];
  test.each(cases)("%s", (_what, manifest, requires) => expect<object[]>(of(manifest)).toEqual(requires));
});

describe("where", () => {
  test.each([
    ["^1.2.3 || >=2 <3", "^1.2.3 || >=2 <3"],
    [" ~1 ", "~1"],
    ["", ""],
    ["*", "*"],
    ["latest", "latest"],
    ["next-13", "next-13"],
    ["1.0.0-rc.1", "1.0.0-rc.1"],
  ])("%j is of the registry", (stated, range) =>
    expect(of({ dependencies: { a: stated } })).toEqual([{ name: "a", range }]),
  );

  test.each([
    ["npm:b@^1", "b", "^1"],
    ["npm:@scope/b@1 || 2", "@scope/b", "1 || 2"],
    ["npm:@scope/b", "@scope/b", ""],
    ["npm:b@latest", "b", "latest"],
    ["NPM:b@1", "b", "1"],
  ])("%j is another name", (stated, name, range) =>
    expect(of({ dependencies: { a: stated } })).toEqual([{ name, range }]),
  );

  test.each([
    "user/repo",
    "user/repo#semver:^1",
    "github:user/repo",
    "git+ssh://git@git.example/user/repo.git#v1",
    "git@git.example:user/repo.git",
    "git://git.example/a.git",
    "https://files.example/a.tgz",
    "file:../a",
    "link:../a",
    "workspace:^",
    "jsr:@std/x@1",
    "catalog:",
    "./a",
    "../a",
    "/tmp/a",
    "~/a",
    "a.tgz",
    "npm:",
  ])("%j is elsewhere", (stated) =>
    expect(of({ dependencies: { a: stated } })).toEqual([{ name: "a", range: "", elsewhere: stated }]),
  );
});

test("whatever a manifest holds, it is read", () => {
  const any = fc.anything({ withNullPrototype: true, maxDepth: 3 });
  const field = fc.oneof(fc.dictionary(fc.string(), fc.oneof(fc.string(), any)), any);
  const manifest = fc.record({
    dependencies: field,
    optionalDependencies: field,
    peerDependencies: field,
    peerDependenciesMeta: field,
    devDependencies: field,
    bundleDependencies: field,
  });
  fc.assert(
    fc.property(manifest, (each) => {
      for (const { name, range } of of(each)) expect([typeof name, typeof range]).toEqual(["string", "string"]);
    }),
  );
  const started = performance.now();
  for (const unit of ["@", "npm:", "a/", "a:", " ", "npm:@a/"]) of({ dependencies: { a: unit.repeat(100_000) } });
  expect(performance.now() - started).toBeLessThan(1_000);
});
