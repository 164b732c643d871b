import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { fitsNpm, npmMarker } from "../../../ecosystems/npm/platform.ts";
import type { Platform } from "../../../src/contract/ecosystem.ts";

const marker = (limits: object) => npmMarker({ dist: { tarball: "" }, ...limits }) ?? "";

describe("a marker", () => {
  test.each([
    [{ os: ["darwin"] }, '{"os":["darwin"]}'],
    [{ os: "linux", cpu: ["x64"], libc: ["musl"] }, '{"os":["linux"],"cpu":["x64"],"libc":["musl"]}'],
    [{ os: ["any"], cpu: [] }, undefined],
    [{ os: null, cpu: {}, libc: 3 }, undefined],
    [{}, undefined],
  ])("of %j is %p", (limits, expected) => expect(npmMarker({ dist: { tarball: "" }, ...limits })).toBe(expected));
});

describe("by npm's rules", () => {
  const cases: [limits: object, platform: Platform, fits: boolean][] = [
    [{ os: ["darwin"] }, { os: "darwin", arch: "arm64" }, true],
    [{ os: ["darwin"] }, { os: "linux" }, false],
    [{ os: ["darwin"] }, { arch: "x64" }, true],
    [{ os: ["!win32"] }, { os: "linux" }, true],
    [{ os: ["!win32"] }, { os: "win32" }, false],
    [{ os: ["!win32"] }, {}, true],
    [{ os: ["!win32", "!darwin"] }, { os: "linux" }, true],
    [{ os: ["!win32", "linux"] }, { os: "darwin" }, false],
    [{ os: ["!linux", "linux"] }, { os: "linux" }, false],
    [{ os: ["any"] }, { os: "linux" }, true],
    [{ os: ["any", "darwin"] }, { os: "linux" }, false],
    [{ os: "linux" }, { os: "linux" }, true],
    [{ os: ["linux"], cpu: ["x64", "arm64"] }, { os: "linux", arch: "arm64" }, true],
    [{ os: ["linux"], cpu: ["x64", "arm64"] }, { os: "linux", arch: "s390x" }, false],
    [{ cpu: ["!ia32"] }, { arch: "ia32" }, false],
    [{ libc: ["glibc"] }, { os: "linux", libc: "musl" }, false],
    [{ libc: ["glibc"] }, { os: "linux", libc: "glibc" }, true],
    [{ libc: ["glibc"] }, { os: "linux" }, true],
    [{ libc: ["glibc"] }, { libc: "musl" }, false],
    [{ libc: ["glibc"] }, { os: "darwin", libc: "musl" }, true],
    [{ os: ["linux"] }, { python: "3.11" }, true],
  ];
  test.each(cases)("%j on %j: %p", (limits, platform, fits) => expect(fitsNpm(marker(limits), platform)).toBe(fits));

  test("what is no marker limits nothing, and nothing throws", () => {
    for (const text of ["", "null", "3", "[]", "os=linux", '{"os":{"x":1}}'])
      expect(fitsNpm(text, { os: "linux" })).toBe(true);
    const platform = fc.record({ os: fc.string(), arch: fc.string(), libc: fc.constantFrom("glibc", "musl") });
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), platform, (text, on) => {
        expect(fitsNpm(text, on as Platform)).toBeBoolean();
      }),
    );
  });

  test("every marker that is made is understood: a platform that is listed fits", () => {
    const words = fc.array(
      fc.string({ minLength: 1 }).filter((word) => !word.startsWith("!")),
      { minLength: 1 },
    );
    fc.assert(
      fc.property(words, words, (os, cpu) => {
        expect(fitsNpm(marker({ os, cpu }), { os: os[0]!, arch: cpu[0]! })).toBe(true);
      }),
    );
  });
});
