/** Which machines an npm release can be installed on: `os`, `cpu` and `libc` of its manifest. */
import type { Platform } from "../../src/contract/ecosystem.ts";
import type { Manifest } from "./packument.ts";

const FIELDS = ["os", "cpu", "libc"] as const;
type Field = (typeof FIELDS)[number];

/** What limits a release, as compact JSON: `{"os":["darwin"],"cpu":["!ia32"]}`; `undefined` where nothing does. */
export function npmMarker(manifest: Manifest): string | undefined {
  const limits: Partial<Record<Field, string[]>> = {};
  for (const field of FIELDS) {
    if (manifest[field] === undefined) continue;
    const list = listOf(manifest[field]);
    if (list.length > 0 && !isAny(list)) limits[field] = list;
  }
  return Object.keys(limits).length > 0 ? JSON.stringify(limits) : undefined;
}

/**
 * By npm's checkPlatform: none of the negated words, and one of the others where there are any. What a platform leaves open
 * is any. The libc counts on Linux only: npm refuses such releases elsewhere, pnpm takes them.
 */
export function fitsNpm(marker: string, { os, arch, libc }: Platform): boolean {
  const limits = limitsOf(marker);
  const family = os === undefined || os === "linux" ? libc : undefined;
  return allows(limits.os, os) && allows(limits.cpu, arch) && allows(limits.libc, family);
}

function allows(stated: unknown, value: string | undefined): boolean {
  const list = listOf(stated);
  if (value === undefined || isAny(list)) return true;
  if (list.includes(`!${value}`)) return false;
  return list.includes(value) || list.every((word) => word.startsWith("!"));
}

function isAny(list: readonly string[]): boolean {
  return list.length === 1 && list[0] === "any";
}

/** Old manifests have one text in place of a list. */
function listOf(stated: unknown): string[] {
  return [stated].flat().filter((word) => typeof word === "string");
}

/** What is no marker limits nothing. */
function limitsOf(marker: string): Partial<Record<Field, unknown>> {
  try {
    return (JSON.parse(marker) as Partial<Record<Field, unknown>> | null) ?? {};
  } catch {
    return {};
  }
}
