import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { extrasOf, markerOf, mayHold } from "../../../ecosystems/pypi/markers.ts";
import type { Platform } from "../../../src/contract/ecosystem.ts";

const linux: Platform = { os: "linux", arch: "x64", python: "3.11" };
const windows: Platform = { os: "win32", arch: "x64", python: "3.12+" };
const mac: Platform = { os: "darwin", arch: "arm64", python: "3.9" };
const any: Platform = {};

describe("markers on linux-x64 3.11, win32-x64 3.12+, darwin-arm64 3.9 and anywhere", () => {
  test.each([
    ['python_version < "3.11"', false, false, true, true],
    ['python_version >= "3.13"', false, true, false, true],
    ['python_version < "4"', true, true, true, true],
    ['python_version == "3.*"', true, true, true, true],
    ["python_version in '2.7 3.11'", true, false, false, true],
    ["'3.10' <= python_version", true, true, false, true],
    ['python_version ~= "3.10"', true, true, false, true],
    ['python_full_version < "3.11.4"', true, false, true, true],
    ['python_full_version >= "3.12.0a1"', false, true, false, true],
    ['sys_platform == "win32"', false, true, false, true],
    ['"linux" in sys_platform', true, false, false, true],
    ['sys_platform != "win32" and sys_platform != "emscripten"', true, false, true, true],
    ['platform_system == "Darwin" or platform_system == "Linux"', true, false, true, true],
    ["os.name == 'nt'", false, true, false, true],
    ['platform_machine == "x86_64"', true, false, false, true],
    ['platform_machine == "AMD64"', false, true, false, true],
    ['platform_machine in "aarch64 arm64"', false, false, true, true],
    ['platform_python_implementation != "PyPy"', true, true, true, true],
    ['implementation_name == "pypy"', false, false, false, true],
    ['(os_name == "nt" or python_version < "3.10") and extra == "x"', false, true, true, true],
    ['platform_release >= "20"', true, true, true, true],
    ['no_variable == "x"', true, true, true, true],
    ['python_version < "3.11" and', true, true, true, true],
    ["", true, true, true, true],
  ])("%s", (marker, onLinux, onWindows, onMac, anywhere) => {
    const found = [linux, windows, mac, any].map((platform) => mayHold(marker, platform));
    expect(found).toEqual([onLinux, onWindows, onMac, anywhere]);
  });
  test("where the architecture alone is known, each system's name of it will do", () => {
    expect(mayHold('platform_machine == "AMD64"', { arch: "x64" })).toBe(true);
    expect(mayHold('platform_machine == "aarch64"', { arch: "x64" })).toBe(false);
  });
});

describe("extras", () => {
  test.each([
    ['extra == "socks"', ["socks"]],
    ["'a_B.c' == extra", ["a-b-c"]],
    ['extra == "a" or extra == "b"', ["a", "b"]],
    ['python_version < "3.9" and (extra == "a" or extra == "b")', ["a", "b"]],
    ['extra == "a" and extra == "b"', []],
    ['python_version < "3.9"', undefined],
    ['python_version < "3.9" or extra == "a"', undefined],
    ['extra != "a"', undefined],
    ['extra == "a', undefined],
  ])("%s", (marker, extras) => expect(extrasOf(marker)).toEqual(extras));
});

test("a range of Pythons is a marker", () => {
  const marker = markerOf(">= 3.8,!=3.9.*, <4");
  expect(marker).toBe('python_full_version >= "3.8" and python_full_version != "3.9.*" and python_full_version < "4"');
  expect([linux, windows, mac].map((platform) => mayHold(marker!, platform))).toEqual([true, true, false]);
  expect(markerOf("three")).toBeUndefined();
  expect(markerOf('>="3.8"')).toBeUndefined();
});

describe("laws", () => {
  const atom = fc.constantFrom(
    'os_name == "nt"',
    'sys_platform != "linux"',
    '"win" in sys_platform',
    'python_version < "3.12"',
    'python_full_version >= "3.11.4"',
    'extra == "x"',
  );
  const { marker } = fc.letrec<{ marker: string; pair: string }>((tie) => ({
    marker: fc.oneof({ depthSize: "small" }, atom, tie("pair")),
    pair: fc
      .tuple(tie("marker"), fc.constantFrom("and", "or"), tie("marker"))
      .map(([a, word, b]) => `(${a} ${word} ${b})`),
  }));
  const platform = fc.constantFrom(linux, windows, mac, any, { os: "freebsd" }, { arch: "ia32", python: "3" });
  test("both sides of `and`, either of `or`", () => {
    fc.assert(
      fc.property(marker, marker, platform, (a, b, on) => {
        expect(mayHold(`${a} and ${b}`, on)).toBe(mayHold(a, on) && mayHold(b, on));
        expect(mayHold(`${a} or ${b}`, on)).toBe(mayHold(a, on) || mayHold(b, on));
      }),
    );
  });
  test("what may hold on a known platform may hold where less is known", () => {
    fc.assert(fc.property(marker, platform, (each, on) => !mayHold(each, on) || mayHold(each, any)));
  });
  test("any text is answered, soon", () => {
    fc.assert(fc.property(fc.string(), platform, (text, on) => typeof mayHold(text, on) === "boolean"));
    const started = performance.now();
    for (const text of [
      "(".repeat(100_000),
      'extra == "x" or '.repeat(240),
      '"'.repeat(100_000),
      "a ".repeat(100_000),
    ]) {
      mayHold(text, windows);
      extrasOf(text);
    }
    expect(performance.now() - started).toBeLessThan(1_000);
  });
});
