import { expect, test } from "bun:test";
import { chartLock as format } from "../../../ecosystems/helm/lockfile-chart.ts";
import { fixture, readings, refusal, survivesMutation } from "../../support/lockfile-readings.ts";

test("reads what helm writes", async () => {
  expect(readings(format, await fixture("Chart.lock"))).toEqual([
    "pkg:helm/common@1.10.0?repository_url=https%3A%2F%2Fcharts.example%2Fstable, dependencies[0]",
    "pkg:helm/web@v2.0.0-rc.1+b?repository_url=stable, dependencies[1]",
    "pkg:helm/far@1.10?repository_url=other, dependencies[2]",
    "- local@0.1.0: is a folder: file://../local, dependencies[3]",
    "- vendored@0.2.0: is a folder: charts/vendored, dependencies[4]",
    "pkg:oci/image@3.0.0_b.1?repository_url=registry.example%2Fcharts%2Fimage, dependencies[5]",
  ]);
});

test.each([
  ["Chart.lock", "", true],
  ["requirements.lock", "", true],
  ["lock.txt", "dependencies: []\ndigest: sha256:ab\ngenerated: x\n", true],
  ["pnpm-lock.yaml", "dependencies: {}\n", false],
])("%s %j: %p", (name, text, expected) => expect(format.recognizes(name, text)).toBe(expected));

const one = (name: string, version: string, repository: string) =>
  `dependencies:\n- name: "${name}"\n  version: "${version}"\n  repository: "${repository}"\ndigest: sha256:ab\ngenerated: x\n`;

test.each([
  ["", "line 1: the text is empty"],
  ["dependencies: []\n", /^digest: expected string/],
  ["dependencies: {}\ndigest: a\ngenerated: b\n", /^dependencies: expected array/],
  [one("a/b", "1.0.0", "https://charts.example"), 'dependencies[0].name: "a/b" is no name of a chart'],
  [one("a", "1.x", "https://charts.example"), 'dependencies[0].version: "1.x" is no version of a chart'],
  [one("a", "1.0.0", "../x"), 'dependencies[0].repository: "../x" is neither an address nor the name of a repository'],
  [`${one("a", "1.0.0", "https://charts.example")}---\na: b\n`, "it has several documents, and is no Chart.lock"],
])("refuses %#", (text, message) => {
  if (typeof message === "string") expect(refusal(format, text)).toBe(message);
  else expect(refusal(format, text)).toMatch(message);
});

test("survives mutation", async () => survivesMutation(format, [await fixture("Chart.lock")]));
