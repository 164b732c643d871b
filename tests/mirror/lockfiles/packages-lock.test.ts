import { expect, test } from "bun:test";
import { packagesLock as format } from "../../../ecosystems/nuget/lockfile-packages.ts";
import { fixture, readings, refusal, survivesMutation } from "../../support/lockfile-readings.ts";

test("reads what dotnet writes, for all frameworks and runtimes", async () => {
  const at = (id: string) => `dependencies[".NETStandard,Version=v2.1"].${id}`;
  expect(readings(format, await fixture("packages.lock.json"))).toEqual([
    `pkg:nuget/Fx.Upper@1.1.0, ${at("Fx.Upper")}`,
    `pkg:nuget/Fx.Lower@1.0.0, ${at("Fx.Lower")}`,
    `pkg:nuget/Fx.Build@4.0.0.1-RC.1, ${at("Fx.Build")}`,
    `- other: is a member of the workspace, ${at("other")}`,
    `pkg:nuget/runtime.linux-x64.Fx.Native@1.0.0, dependencies[".NETStandard,Version=v2.1/linux-x64"].runtime.linux-x64.Fx.Native`,
  ]);
});

test.each([
  ["packages.lock.json", "", true],
  ["packages.app.lock.json", "", true],
  ["lock.txt", '{"contentHash": "a", "resolved": "1"}', true],
  ["package-lock.json", "", false],
])("%s %s: %p", (name, text, expected) => expect(format.recognizes(name, text)).toBe(expected));

const one = (entry: object) => JSON.stringify({ version: 1, dependencies: { net: { A: entry } } });

test.each([
  ["", "line 1: this is no JSON: expected a value, found the end"],
  ['{"version": 3, "dependencies": {}}', "version is 3; read here: 1, 2"],
  [one({ type: "Direct" }), 'dependencies["net"].A: "" is no version of a package'],
  [one({ type: "Direct", resolved: "1.*" }), 'dependencies["net"].A: "1.*" is no version of a package'],
  [one({ resolved: "1.0.0" }), /^dependencies\.net\.A\.type: expected string/],
])("refuses %s", (text, message) => {
  if (typeof message === "string") expect(refusal(format, text)).toBe(message);
  else expect(refusal(format, text)).toMatch(message);
});

test("survives mutation", async () => survivesMutation(format, [await fixture("packages.lock.json")]));
