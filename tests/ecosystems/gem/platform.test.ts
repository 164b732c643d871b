import { expect, test } from "bun:test";
import { fitsGem } from "../../../ecosystems/gem/platform.ts";
import type { Platform } from "../../../src/contract/ecosystem.ts";

const LINUX: Platform = { os: "linux", arch: "x64", libc: "glibc" };
const MUSL: Platform = { os: "linux", arch: "arm64", libc: "musl" };
const MAC: Platform = { os: "darwin", arch: "arm64" };
const WINDOWS: Platform = { os: "win32", arch: "x64" };

test.each<[string, string]>([
  ["x86_64-linux", "linux"],
  ["x86_64-linux-gnu", "linux"],
  ["x86_64-linux-musl", ""],
  ["aarch64-linux", "musl"],
  ["aarch64-linux-musl", "musl"],
  ["aarch64-linux-gnu", ""],
  ["arm-linux", ""],
  ["x86-linux", ""],
  ["arm64-darwin", "mac"],
  ["arm64-darwin-23", "mac"],
  ["x86_64-darwin", ""],
  ["universal-darwin", "mac"],
  ["x64-mingw-ucrt", "windows"],
  ["x64-mingw32", "windows"],
  ["x86-mingw32", ""],
  ["mswin32", ""],
  ["x86_64-freebsd-14", ""],
  // What runs anywhere, or says no more than what Ruby it wants.
  ["java", "linux musl mac windows"],
  ["ruby >= 3.1", "linux musl mac windows"],
])("%s is for: %s", (platform, expected) => {
  const machines = { linux: LINUX, musl: MUSL, mac: MAC, windows: WINDOWS };
  const fitting = Object.entries(machines).filter(([, machine]) => fitsGem(platform, machine));
  expect(fitting.map(([name]) => name).join(" ")).toBe(expected);
});
