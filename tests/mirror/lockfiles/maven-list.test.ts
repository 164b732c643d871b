import { expect, test } from "bun:test";
import { mavenList as format } from "../../../ecosystems/maven/lockfile-list.ts";
import { fixture, readings, refusal, survivesMutation } from "../../support/lockfile-readings.ts";

test("reads the log of dependency:list, but for the modules of the build", async () => {
  expect(readings(format, await fixture("maven-list.log"))).toEqual([
    "- com.example:a: is a module of this build, line 56",
    "pkg:maven/org.slf4j/slf4j-simple@2.0.9, line 57",
    "pkg:maven/org.slf4j/slf4j-api@2.0.9, line 58",
    "pkg:maven/org.apache.logging.log4j/log4j-slf4j2-impl@2.20.0, line 59",
    "pkg:maven/org.apache.logging.log4j/log4j-api@2.20.0, line 60",
    "pkg:maven/org.apache.logging.log4j/log4j-core@2.20.0, line 61",
    "pkg:maven/io.netty/netty-transport-native-epoll@4.1.100.Final?classifier=linux-x86_64, line 62",
    "pkg:maven/io.netty/netty-common@4.1.100.Final, line 63",
    "pkg:maven/io.netty/netty-buffer@4.1.100.Final, line 64",
    "pkg:maven/io.netty/netty-transport@4.1.100.Final, line 65",
    "pkg:maven/io.netty/netty-resolver@4.1.100.Final, line 66",
    "pkg:maven/io.netty/netty-transport-native-unix-common@4.1.100.Final, line 67",
    "pkg:maven/io.netty/netty-transport-classes-epoll@4.1.100.Final, line 68",
    "pkg:maven/commons-io/commons-io@2.11.0?classifier=tests, line 69",
    "pkg:maven/junit/junit@4.13.2, line 70",
    "pkg:maven/org.hamcrest/hamcrest-core@1.3, line 71",
  ]);
});

test.each([["maven-list-colors.log"], ["maven-list-file.txt"], ["maven-list-absolute.txt"], ["maven-tree-file.txt"]])(
  "reads the same in %s",
  async (name) => {
    const packages = async (of: string) =>
      readings(format, await fixture(of)).flatMap((line) => /^pkg:maven\/(?!com\.example)[^,]+/.exec(line)?.[0] ?? []);
    expect(await packages(name)).toEqual(await packages("maven-list.log"));
  },
);

test("reads what an old plugin prints", async () => {
  const lines = readings(format, await fixture("maven-list-2.8.log"));
  expect(lines).toHaveLength(16);
  expect(lines).toContain("- com.example:a: is a module of this build, line 61");
});

test("of what a verbose tree omits for another version, Maven needs the POM", async () => {
  const lines = readings(format, await fixture("maven-tree-verbose.log"));
  expect(lines.filter((line) => line.includes("slf4j-api"))).toEqual([
    "pkg:maven/org.slf4j/slf4j-api@2.0.9, line 45",
    "pkg:maven/org.slf4j/slf4j-api@2.0.6?type=pom, line 48",
  ]);
});

test("reads plugins with what they depend on", async () => {
  const lines = readings(format, await fixture("maven-plugins.log"));
  expect(lines.slice(0, 3)).toEqual([
    "pkg:maven/org.apache.maven.plugins/maven-install-plugin@2.4?type=maven-plugin, line 22",
    "pkg:maven/org.apache.maven.plugins/maven-install-plugin@2.4, line 23",
    "pkg:maven/org.apache.maven/maven-plugin-api@2.0.6, line 24",
  ]);
});

const TABLE: [line: string, read: string[]][] = [
  ["   junit:junit:jar:4.13.2:test", ["pkg:maven/junit/junit@4.13.2, line 1"]],
  ["com.acme:lib:aar:1.0:runtime (optional) ", ["pkg:maven/com.acme/lib@1.0?type=aar, line 1"]],
  ["com.acme:lib:zip:dist:1.0:provided", ["pkg:maven/com.acme/lib@1.0?type=zip&classifier=dist, line 1"]],
  ["com.acme:lib:test-jar:1.0:test", ["pkg:maven/com.acme/lib@1.0?type=test-jar, line 1"]],
  ["com.acme:lib:test-jar:tests:1.0:test", ["pkg:maven/com.acme/lib@1.0?classifier=tests, line 1"]],
  ["com.acme:bom:pom:1.0:import", ["pkg:maven/com.acme/bom@1.0?type=pom, line 1"]],
  ["com.acme:lib:jar:1.0:compile:C:\\m2\\lib-1.0.jar -- module lib", ["pkg:maven/com.acme/lib@1.0, line 1"]],
  ["com.acme:lib:jar:1.0:compile (version managed from 0.9)", ["pkg:maven/com.acme/lib@1.0, line 1"]],
  ["com.acme:tools:jar:1.0:system", ["- com.acme/tools@1.0: is a file of the machine (system scope), line 1"]],
  [
    "com.acme:app:war:1.0\n\\- com.acme:lib:jar:1.0:compile",
    ["- com.acme:app: is a module of this build, line 1", "pkg:maven/com.acme/lib@1.0, line 2"],
  ],
  ["The following files have been resolved:\n   none\n", []],
  ["└─ com.acme:lib:jar:1.0:compile", ["pkg:maven/com.acme/lib@1.0, line 1"]],
];

test.each(TABLE)("%j", (line, read) => expect(readings(format, line)).toEqual(read));

const REFUSED: [text: string, message: string | RegExp][] = [
  [
    "junit:junit:jar:4.13.2:test\njunit:junit",
    'line 2: expected group:artifact:type:version:scope, found "junit:junit"',
  ],
  ["[INFO] The following files have been resolved:\n[INFO]    junit:ju", /^line 2: expected .* found "junit:ju"$/],
  ["[INFO] +- junit:junit:jar", /^line 1: expected/],
  [
    "[INFO] junit:junit:jar:4.13.2:test\n[INFO] BUILD FAILURE",
    "line 2: the build failed, so the list may not be whole",
  ],
  [
    "[INFO] Scanning for projects...\n[INFO] junit:junit:jar:4.13.2:test\n",
    "this log has no BUILD SUCCESS, so it must be cut off",
  ],
  ["junit:junit:jar:4.13.2:test\na:b:jar:1.0:comp", "line 2: the text ends within this line, so it must be cut off"],
];

test.each(REFUSED)("refuses %j", (text, message) => expect(refusal(format, text)).toMatch(message));

test("is recognized by its content", async () => {
  const names = ["list.log", "list-colors.log", "list-file.txt", "tree-file.txt", "tree-verbose.log"];
  for (const name of names) expect(format.recognizes("x", await fixture(`maven-${name}`))).toBe(true);
  expect(format.recognizes("x", "[INFO] junit:junit:jar:4.13.2:test\n")).toBe(true);
  for (const name of ["go.mod", "go.sum", "uv.lock", "requirements-uv.txt"])
    expect(format.recognizes("x", await fixture(name))).toBe(false);
});

test("survives any mutation", async () => {
  survivesMutation(format, [
    await fixture("maven-list.log"),
    await fixture("maven-list-absolute.txt"),
    await fixture("maven-tree-verbose.log"),
  ]);
});
