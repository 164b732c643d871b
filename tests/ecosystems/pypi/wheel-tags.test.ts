import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { fitsWheel, isWheelTags, tagsOfWheel } from "../../../ecosystems/pypi/wheel-tags.ts";
import type { Platform } from "../../../src/contract/ecosystem.ts";

describe("which wheels a platform takes", () => {
  const glibc: Platform = { os: "linux", arch: "x64", libc: "glibc", python: "3.11" };
  const musl: Platform = { os: "linux", arch: "arm64", libc: "musl", python: "3.11+" };
  const mac: Platform = { os: "darwin", arch: "arm64", python: "3.13" };
  const windows: Platform = { os: "win32", arch: "x64" };
  test.each([
    ["py3-none-any", true, true, true, true],
    ["py2.py3-none-any", true, true, true, true],
    ["py2-none-any", false, false, false, true],
    ["py312-none-any", false, true, true, true],
    ["py38-none-manylinux_2_17_x86_64.manylinux2014_x86_64", true, false, false, false],
    ["cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64", true, false, false, false],
    ["cp311-cp311-musllinux_1_2_aarch64", false, true, false, false],
    ["cp312-cp312-musllinux_1_2_aarch64", false, true, false, false],
    ["cp310-cp310-musllinux_1_2_aarch64", false, false, false, false],
    ["cp39-abi3-musllinux_1_2_aarch64", false, true, false, false],
    ["cp39-abi3-manylinux_2_28_x86_64", true, false, false, false],
    ["cp312-abi3-manylinux_2_28_x86_64", false, false, false, false],
    ["cp311-cp311-linux_x86_64", true, false, false, false],
    ["cp311-cp311-manylinux1_i686", false, false, false, false],
    ["cp313-cp313-macosx_11_0_arm64", false, false, true, false],
    ["cp313-cp313t-macosx_10_13_universal2", false, false, true, false],
    ["cp313-cp313-macosx_10_9_x86_64", false, false, false, false],
    ["cp313-cp313-macosx_10_9_x86_64.macosx_11_0_arm64", false, false, true, false],
    ["cp27-cp27m-win_amd64", false, false, false, true],
    ["cp311-cp311-win32", false, false, false, false],
    ["cp311-cp311-win_arm64", false, false, false, false],
    ["pp310-pypy310_pp73-manylinux_2_17_x86_64", false, false, false, false],
    ["cp313-cp313-android_21_arm64_v8a", false, false, false, false],
  ])("%s", (tags, onGlibc, onMusl, onMac, onWindows) => {
    expect(isWheelTags(tags)).toBe(true);
    const found = [glibc, musl, mac, windows].map((platform) => fitsWheel(tags, platform));
    expect(found).toEqual([onGlibc, onMusl, onMac, onWindows]);
    expect(fitsWheel(tags, {})).toBe(true);
  });
});

test("tags are found in names, behind a build number too", () => {
  expect(tagsOfWheel("acme_tool-2.0-1-cp312-cp312-win_amd64.whl")).toBe("cp312-cp312-win_amd64");
  expect(tagsOfWheel("acme_tool-2.0-py2.py3-none-any.whl")).toBe("py2.py3-none-any");
  expect(tagsOfWheel("acme_tool-2.0.tar.gz")).toBeUndefined();
});

test("markers are no tags", () => {
  expect(['python_version<"3"', 'extra == "a-b-c"', "", "a-b"].some(isWheelTags)).toBe(false);
});

test("any text is answered", () => {
  const platform = fc.record({ os: fc.string(), arch: fc.string(), python: fc.string() });
  fc.assert(fc.property(fc.string(), platform, (text, on) => typeof fitsWheel(text, on) === "boolean"));
});
