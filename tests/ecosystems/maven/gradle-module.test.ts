import { expect, test } from "bun:test";
import fc from "fast-check";
import { readGradleModule } from "../../../ecosystems/maven/gradle-module.ts";

const of = (dependency: object) =>
  readGradleModule({ formatVersion: "1.1", variants: [{ dependencies: [{ group: "g", module: "m", ...dependency }] }] })
    .requires;

test.each([
  [{ requires: "1" }, ["1"]],
  [{ strictly: "[1,2)", requires: "1.5" }, ["[1,2)"]],
  [{ strictly: "[1,2)", prefers: "1.4" }, ["[1,2)", "1.4"]],
  [{ prefers: "1.4" }, ["1.4"]],
  [{ rejects: ["1.3"] }, []],
  [{}, []],
])("a rich version %j asks for %j", (version, ranges) =>
  expect(of({ version }).map(({ range }) => range)).toEqual(ranges),
);

test("what variants share is named once", () => {
  const variant = {
    dependencies: [{ group: "g", module: "m", version: { requires: "1" } }],
    files: [{ name: "m.jar", url: "m.jar" }],
  };
  expect(readGradleModule({ formatVersion: "1.1", variants: [variant, variant] })).toEqual({
    files: [{ url: "m.jar" }],
    requires: [{ name: "g/m", range: "1" }],
  });
});

test("what only variants for Android have is marked so", () => {
  const variant = (name: string, environment: string, ...files: string[]) => ({
    attributes: { "org.gradle.jvm.environment": environment },
    dependencies: ["both", name].map((module) => ({ group: "g", module, version: { requires: "1" } })),
    files: files.map((url) => ({ url })),
  });
  const variants = [variant("phone", "android", "m.jar", "m.aar"), variant("server", "standard-jvm", "m.jar")];
  const marker = "android";
  expect(readGradleModule({ formatVersion: "1.1", variants })).toEqual({
    files: [{ url: "m.jar" }, { url: "m.aar", marker }],
    requires: [
      { name: "g/both", range: "1" },
      { name: "g/server", range: "1" },
      { name: "g/phone", range: "1", marker },
    ],
  });
});

test("a file of another type or classifier is asked for as such", () => {
  const artifactSelector = { name: "m", type: "zip", extension: "zip", classifier: "dist" };
  expect(of({ version: { requires: "1" }, thirdPartyCompatibility: { artifactSelector } })).toEqual([
    { name: "g/m", range: "1", qualifiers: { type: "zip", classifier: "dist" } },
  ]);
});

test("whatever the JSON, it is read or refused", () => {
  const keys = fc.constantFrom(
    "formatVersion",
    "variants",
    "dependencies",
    "available-at",
    "files",
    "url",
    "version",
    "group",
  );
  const { node } = fc.letrec<{ node: unknown }>((tie) => ({
    node: fc.oneof(
      { maxDepth: 6 },
      fc.string(),
      fc.constant(null),
      fc.integer(),
      fc.array(tie("node")),
      fc.dictionary(keys, tie("node")),
    ),
  }));
  fc.assert(
    fc.property(node, (body) => {
      try {
        for (const { name, range } of readGradleModule(body).requires)
          expect([typeof name, typeof range]).toEqual(["string", "string"]);
      } catch (error) {
        expect((error as Error).message).toContain("no Gradle module metadata");
      }
    }),
  );
});
