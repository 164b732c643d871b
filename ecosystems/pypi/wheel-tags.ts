/** The compatibility tags of wheels (PEP 425, 600, 656): `cp311-abi3-manylinux_2_17_x86_64.manylinux2014_x86_64`. */
import type { Platform } from "../../src/contract/ecosystem.ts";
import { type Python, readPython } from "./environment.ts";

/** By the letters that a tag begins with; others are named as Node names them (`freebsd`, `android`). */
const SYSTEMS = new Map<string, { os: string; libc?: Platform["libc"] }>([
  ["manylinux", { os: "linux", libc: "glibc" }],
  ["musllinux", { os: "linux", libc: "musl" }],
  ["macosx", { os: "darwin" }],
  ["win", { os: "win32" }],
]);
const MACHINES: readonly [suffix: RegExp, arches: readonly string[]][] = [
  [/^macosx.*_universal2$/, ["x64", "arm64"]],
  [/^macosx.*_intel$/, ["x64", "ia32"]],
  [/^macosx.*_(?:universal|fat\d*)$/, ["x64", "ia32", "ppc64"]],
  [/(?:_|-)(?:x86_64|amd64)$/, ["x64"]],
  [/_(?:aarch64|arm64|arm64_v8a|arm64_iphoneos)$/, ["arm64"]],
  [/^win32$|_(?:i[3-6]86|x86)$/, ["ia32"]],
  [/_arm(?:v\dl|eabi_v7a)$/, ["arm"]],
  [/_ppc64(?:le)?$/, ["ppc64"]],
  [/_s390x$/, ["s390x"]],
  [/_riscv64$/, ["riscv64"]],
];

/** The tags in a wheel's name; `undefined` where it is none. A build number stands before them. */
export function tagsOfWheel(file: string): string | undefined {
  return /^[^-]+-[^-]+(?:-\d[^-]*)?-([^-]+-[^-]+-[^-]+)\.whl$/.exec(file)?.[1];
}

export function isWheelTags(text: string): boolean {
  return /^[\w.]+-[\w.]+-[\w.]+$/.test(text);
}

/** Whether a wheel with these tags may be installed on a platform, whose `python` is CPython. Never throws. */
export function fitsWheel(tags: string, platform: Platform): boolean {
  const [pythons = [], abis = [], systems = []] = tags.split("-").map((set) => set.split("."));
  const python = readPython(platform.python);
  const fitsPython = !python || pythons.some((tag) => abis.some((abi) => runs(tag, abi, python)));
  return fitsPython && systems.some((system) => fitsSystem(system, platform));
}

/** `py3` and `py38` mean that version or a later one, and so does `cp38` with a stable ABI; otherwise `cp38` means itself. */
function runs(tag: string, abi: string, python: Python): boolean {
  const [, implementation, major, minor] = /^([a-z]+)(\d)_?(\d*)$/.exec(tag) ?? [];
  // What is no tag at all is not judged; other implementations are not CPython.
  if (!implementation) return true;
  if ((implementation !== "py" && implementation !== "cp") || Number(major) !== python.major) return false;
  if (minor === "") return true;
  const isLeast = implementation === "py" || abi.startsWith("abi3");
  if (isLeast) return python.andLater || Number(minor) <= python.minor;
  return python.andLater ? Number(minor) >= python.minor : Number(minor) === python.minor;
}

function fitsSystem(tag: string, { os, arch, libc }: Platform): boolean {
  if (tag === "any") return true;
  const [name = ""] = /^[a-z]+/.exec(tag) ?? [];
  const system = SYSTEMS.get(name) ?? { os: name };
  if (os !== undefined && system.os !== os) return false;
  if (libc !== undefined && system.libc !== undefined && system.libc !== libc) return false;
  const machine = MACHINES.find(([suffix]) => suffix.test(tag));
  return arch === undefined || machine === undefined || machine[1].includes(arch);
}
