import type { Platform } from "../../contract/ecosystem.ts";
import { BadRequest } from "../../lib/errors.ts";

const SYSTEMS: Readonly<Record<string, string>> = {
  linux: "linux",
  darwin: "darwin",
  macos: "darwin",
  win32: "win32",
  windows: "win32",
  freebsd: "freebsd",
};
const MACHINES: Readonly<Record<string, string>> = {
  x64: "x64",
  amd64: "x64",
  x86_64: "x64",
  arm64: "arm64",
  aarch64: "arm64",
  ia32: "ia32",
  x86: "ia32",
  i686: "ia32",
  arm: "arm",
  armv7: "arm",
  ppc64: "ppc64",
  ppc64le: "ppc64",
  s390x: "s390x",
  riscv64: "riscv64",
};

export const PLATFORM_SYNTAX =
  "linux-x64, darwin-arm64, win32-x64, linux-x64-musl … and Pythons (py3.11, or with later ones py3.11+), with commas between";

/**
 * `linux-x64,darwin-arm64,py3.11+` → each machine with each Python. Without a machine any is meant, as is any Python without
 * one. Throws BadRequest for what is neither.
 */
export function parsePlatforms(text: string): Platform[] {
  const machines: Platform[] = [];
  const pythons: Platform[] = [];
  for (const word of text
    .split(",")
    .map((each) => each.trim().toLowerCase())
    .filter(Boolean)) {
    const python = /^py(?:thon)?-?(\d+\.\d+\+?)$/.exec(word)?.[1];
    if (python) pythons.push({ python });
    else machines.push(machineOf(word));
  }
  if (machines.length === 0) return pythons;
  if (pythons.length === 0) return machines;
  return machines.flatMap((machine) => pythons.map((python) => ({ ...machine, ...python })));
}

function machineOf(word: string): Platform {
  const [system = "", machine, libc, ...more] = word.split("-");
  const [os, arch] = [SYSTEMS[system], machine === undefined ? undefined : MACHINES[machine]];
  const knownLibc = libc === undefined || libc === "musl" || libc === "glibc";
  if (!os || (machine !== undefined && !arch) || !knownLibc || more.length > 0)
    throw new BadRequest(`"${word}" is no platform; expected ${PLATFORM_SYNTAX}`);
  return { os, ...(arch && { arch }), ...(libc && { libc }) };
}
