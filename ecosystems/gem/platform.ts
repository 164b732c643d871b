/** Gem::Platform (https://docs.ruby-lang.org/en/3.4/Gem/Platform.html): which machines a built gem is for. */
import type { Platform } from "../../src/contract/ecosystem.ts";

const SYSTEMS: readonly (readonly [RegExp, NonNullable<Platform["os"]>])[] = [
  [/linux/, "linux"],
  [/darwin|macosx?/, "darwin"],
  [/mingw|mswin|windows/, "win32"],
  [/freebsd/, "freebsd"],
];
const PROCESSORS: readonly (readonly [RegExp, NonNullable<Platform["arch"]>])[] = [
  [/^(?:x86_64|x64|amd64)\b/, "x64"],
  [/^(?:aarch64|arm64)\b/, "arm64"],
  [/^(?:x86|i[3-6]86|mswin32)\b/, "ia32"],
  [/^arm/, "arm"],
  [/^(?:powerpc64|ppc64)/, "ppc64"],
  [/^s390x/, "s390x"],
  [/^riscv64/, "riscv64"],
];

const LIBRARIES: readonly (readonly [RegExp, NonNullable<Platform["libc"]>])[] = [
  [/-linux-gnu/, "glibc"],
  [/-linux-musl/, "musl"],
];

/** `x86_64-linux-musl` on a platform. What names no system (`java`) is for any; Linux without a libc is for both. */
export function fitsGem(platform: string, { os, arch, libc }: Platform): boolean {
  const system = find(SYSTEMS, platform);
  if (system === undefined) return true;
  const processor = platform.startsWith("universal") ? undefined : find(PROCESSORS, platform);
  const family = find(LIBRARIES, platform);
  return fits(os, system) && fits(arch, processor) && fits(libc, family);
}

function find<T>(table: readonly (readonly [RegExp, T])[], platform: string): T | undefined {
  return table.find(([pattern]) => pattern.test(platform))?.[1];
}

function fits(wanted: string | undefined, stated: string | undefined): boolean {
  return wanted === undefined || stated === undefined || wanted === stated;
}
