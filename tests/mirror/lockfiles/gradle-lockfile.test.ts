import { expect, test } from "bun:test";
import { gradleLockfile as format } from "../../../ecosystems/maven/lockfile-gradle.ts";
import { readings, refusal, survivesMutation } from "../../support/lockfile-readings.ts";

const HEAD = `# This is a Gradle generated file for dependency locking.
# Manual edits can break the build and are not advised.
# This file is expected to be part of source control.
`;
const LOCK = `${HEAD}com.fasterxml.jackson:jackson-bom:2.15.2=compileClasspath,runtimeClasspath
com.fasterxml.jackson.core:jackson-core:2.15.2=compileClasspath,runtimeClasspath
org.jetbrains.kotlin.android:org.jetbrains.kotlin.android.gradle.plugin:1.9.0=classpath
org.slf4j:slf4j-api:2.1.0-alpha1=runtimeClasspath
org.junit.platform:junit-platform-launcher:1.9.3=
empty=annotationProcessor,testAnnotationProcessor
`;

test("reads what Gradle writes", () => {
  expect(readings(format, LOCK)).toEqual([
    "pkg:maven/com.fasterxml.jackson/jackson-bom@2.15.2, line 4",
    "pkg:maven/com.fasterxml.jackson.core/jackson-core@2.15.2, line 5",
    "pkg:maven/org.jetbrains.kotlin.android/org.jetbrains.kotlin.android.gradle.plugin@1.9.0, line 6",
    "pkg:maven/org.slf4j/slf4j-api@2.1.0-alpha1, line 7",
    "pkg:maven/org.junit.platform/junit-platform-launcher@1.9.3, line 8",
  ]);
});

test("reads the file of one configuration, as written before Gradle 6.5", () => {
  expect(readings(format, `${HEAD}commons-io:commons-io:2.11.0\r\njunit:junit:4.13.2\r\n`)).toEqual([
    "pkg:maven/commons-io/commons-io@2.11.0, line 4",
    "pkg:maven/junit/junit@4.13.2, line 5",
  ]);
});

test("reads a file that locks nothing", () => expect(readings(format, `${HEAD}empty=\n`)).toEqual([]));

const REFUSED: [text: string, message: string | RegExp][] = [
  ["junit:junit:4.13.2=x\n", 'line 1: the file ends without the line "empty="'],
  ["junit:junit=x\nempty=\n", 'line 1: expected group:artifact:version=configurations, found "junit:junit=x"'],
  ["junit:junit:jar:4.13.2=x\nempty=\n", /^line 1: expected/],
  [":junit:4.13.2=x\nempty=\n", /^line 1: expected/],
];

test.each(REFUSED)("refuses %j", (text, message) => expect(refusal(format, text)).toMatch(message));

test("is recognized by its name or its first line", () => {
  expect(format.recognizes("buildscript-gradle.lockfile", "")).toBe(true);
  expect(format.recognizes("compileClasspath.lockfile", "")).toBe(true);
  expect(format.recognizes("locks.txt", LOCK)).toBe(true);
  expect(format.recognizes("locks.txt", "junit:junit:4.13.2")).toBe(false);
});

test("survives any mutation", () => survivesMutation(format, [LOCK]));
