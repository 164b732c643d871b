/** What the variables of Python's environment markers (PEP 508) may be on a platform. */
import type { Platform } from "../../src/contract/ecosystem.ts";

/** As old metadata spells them. */
const ALIASES: Readonly<Record<string, string>> = {
  "os.name": "os_name",
  "sys.platform": "sys_platform",
  "platform.machine": "platform_machine",
  "platform.python_implementation": "platform_python_implementation",
  python_implementation: "platform_python_implementation",
};
const SYSTEMS = new Map([
  ["linux", "Linux"],
  ["darwin", "Darwin"],
  ["win32", "Windows"],
  ["freebsd", "FreeBSD"],
]);
/** By architecture and system. */
const MACHINES = new Map<string, Readonly<Record<string, readonly string[]>>>([
  ["x64", { linux: ["x86_64"], darwin: ["x86_64"], win32: ["AMD64"], freebsd: ["amd64"] }],
  ["arm64", { linux: ["aarch64"], darwin: ["arm64"], win32: ["ARM64"], freebsd: ["arm64"] }],
  // A 32-bit Python may run on a 64-bit system, whose machine it then tells.
  ["ia32", { linux: ["i386", "i586", "i686", "x86_64"], win32: ["x86", "AMD64"], freebsd: ["i386", "amd64"] }],
  ["arm", { linux: ["armv6l", "armv7l", "armv8l", "aarch64"] }],
  ["ppc64", { linux: ["ppc64le", "ppc64"] }],
  ["s390x", { linux: ["s390x"] }],
  ["riscv64", { linux: ["riscv64"] }],
]);
/** Numbers of a literal that are looked at. */
const MOST_NUMBERS = 12;

/** A platform's Python: `3.11`, or with all later ones of its major version. */
export interface Python {
  major: number;
  minor: number;
  andLater: boolean;
}

/** `3.11+` → 3, 11 and later; `3` means any of its minor versions. `undefined` where it is absent or no such text. */
export function readPython(python: string | undefined): Python | undefined {
  const [, major, minor, plus] = /^(\d{1,4})(?:\.(\d{1,4}))?(?:\.\d+)?(\+)?$/.exec(python ?? "") ?? [];
  if (!major) return undefined;
  return { major: Number(major), minor: Number(minor ?? 0), andLater: plus !== undefined || minor === undefined };
}

/**
 * What a variable may be on a platform; `undefined`: it cannot be told. Of the many Pythons that a variable may mean, those
 * that the text it is compared with can tell apart.
 */
export function valuesOf(
  name: string,
  { os, arch, python }: Platform,
  comparedWith: string,
): readonly string[] | undefined {
  const variable = ALIASES[name] ?? name;
  const isCPython = readPython(python) !== undefined;
  if (variable === "os_name") return os ? [os === "win32" ? "nt" : "posix"] : undefined;
  // The others' carries their version: freebsd14.
  if (variable === "sys_platform") return os && /^(?:linux|darwin|win32)$/.test(os) ? [os] : undefined;
  if (variable === "platform_system") return SYSTEMS.has(os ?? "") ? [SYSTEMS.get(os!)!] : undefined;
  if (variable === "platform_machine") return machinesOf(os, arch);
  if (variable === "implementation_name") return isCPython ? ["cpython"] : undefined;
  if (variable === "platform_python_implementation") return isCPython ? ["CPython"] : undefined;
  if (variable === "python_version") return minorsOf(python, comparedWith);
  if (variable !== "python_full_version" && variable !== "implementation_version") return undefined;
  const micros = [0, ...near(comparedWith)];
  return minorsOf(python, comparedWith)?.flatMap((minor) => micros.map((micro) => `${minor}.${micro}`));
}

function machinesOf(os: string | undefined, arch: string | undefined): readonly string[] | undefined {
  const bySystem = MACHINES.get(arch ?? "");
  return os === undefined ? bySystem && Object.values(bySystem).flat() : bySystem?.[os];
}

function minorsOf(python: string | undefined, comparedWith: string): readonly string[] | undefined {
  const read = readPython(python);
  if (!read) return undefined;
  const { major, minor, andLater } = read;
  const later = andLater ? near(comparedWith).filter((each) => each > minor) : [];
  return [minor, ...later].map((each) => `${major}.${each}`);
}

/** The numbers of a text and those next to them: `3.8` → 2, 3, 4, 7, 8, 9. */
function near(text: string): number[] {
  const numbers = Array.from(text.matchAll(/\d{1,4}/g), ([digits]) => Number(digits)).slice(0, MOST_NUMBERS);
  return [...new Set(numbers.flatMap((number) => [number - 1, number, number + 1]))].filter((number) => number >= 0);
}
