/** Lockfiles: which format a file is of, and what it names. A format is a file in this folder and a line in this list. */

import { BadRequest } from "../../lib/errors.ts";
import { baseName } from "../../lib/text-ends.ts";
import { decode } from "../sources/decode.ts";
import { type Entry, type Item, isItem, type Lockfile, type Origin } from "../sources/source.ts";
import { bunLock } from "./bun-lock.ts";
import { cargoLock } from "./cargo-lock.ts";
import { chartLock } from "./chart-lock.ts";
import { gemfileLock } from "./gemfile-lock.ts";
import { goMod } from "./go-mod.ts";
import { goSum } from "./go-sum.ts";
import { gradleLockfile } from "./gradle-lockfile.ts";
import { mavenList } from "./maven-list.ts";
import { packageLock } from "./package-lock.ts";
import { packagesLock } from "./packages-lock.ts";
import { pdmLock } from "./pdm-lock.ts";
import { pipfileLock } from "./pipfile-lock.ts";
import { pnpmLock } from "./pnpm-lock.ts";
import { poetryLock } from "./poetry-lock.ts";
import { pylock } from "./pylock.ts";
import { requirementsTxt } from "./requirements-txt.ts";
import { uvLock } from "./uv-lock.ts";
import { yarnLock } from "./yarn-lock.ts";

/** Those that are recognized by less come later. */
const FORMATS: readonly Lockfile[] = [
  bunLock,
  packageLock,
  pnpmLock,
  yarnLock,
  uvLock,
  poetryLock,
  pdmLock,
  pylock,
  pipfileLock,
  cargoLock,
  gemfileLock,
  goSum,
  goMod,
  gradleLockfile,
  mavenList,
  packagesLock,
  chartLock,
  requirementsTxt,
];

const SBOM = /"bomFormat"|cyclonedx\.org\/schema\/bom|\bspdxVersion\b|^SPDXVersion:|spdx\.org\/rdf/im;

/**
 * What a lockfile names, by the format that its name or else its content is of. Throws BadRequest with the file's name and
 * the place; what was yielded before is then not to be used. Places begin with the file's name.
 */
export function* readLockfile(name: string, bytes: Uint8Array): Iterable<Entry> {
  const text = decode(name, bytes);
  refuseMarks(name, text);
  const base = baseName(name);
  const possible = FORMATS.filter((each) => !each.isOfOthers?.(text));
  const format =
    possible.find((each) => each.recognizes(base, "")) ?? possible.find((each) => each.recognizes(base, text));
  if (!format) {
    const known = FORMATS.map(({ title }) => title).join(", ");
    const what = SBOM.test(text) ? "is an SBOM, and was given as a lockfile" : "is no lockfile that can be read here";
    throw new BadRequest(`${name} ${what}; these can be read: ${known}`);
  }
  try {
    for (const entry of located([...format.read(text)])) yield { ...entry, place: `${name}: ${entry.place}` };
  } catch (error) {
    throw error instanceof BadRequest ? new BadRequest(`${name}: ${error.message}`) : error;
  }
}

/** A scope of npm is of one registry: where the file states it for some of its packages, it is that of the others. */
function located(entries: readonly Entry[]): readonly Entry[] {
  const scopes = new Map<string, Origin>();
  for (const entry of entries) {
    const scope = isItem(entry) && scopeOf(entry);
    if (scope && entry.from) scopes.set(scope, entry.from);
  }
  if (scopes.size === 0) return entries;
  return entries.map((entry) => {
    const scope = isItem(entry) && !entry.from && scopeOf(entry);
    const from = scope && scopes.get(scope);
    return from ? { ...entry, from } : entry;
  });
}

function scopeOf({ purl: { type, name } }: Item): string | undefined {
  return type === "npm" && name.startsWith("@") ? name.slice(0, name.indexOf("/")) : undefined;
}

/** Whether a file of that name is a lockfile, whatever is in it. */
export function isLockfileName(name: string): boolean {
  return FORMATS.some((each) => each.recognizes(baseName(name), ""));
}

/** No text has NUL, and what git leaves where two changes meet is two lockfiles in one. */
function refuseMarks(name: string, text: string): void {
  const { 0: mark, index } = /\0|^(?:<{7}|>{7}) /m.exec(text) ?? { index: 0 };
  if (mark === undefined) return;
  const what = mark === "\0" ? "NUL, which text does not hold" : "a conflict that git could not merge; settle it first";
  throw new BadRequest(`${name}: line ${text.slice(0, index).split("\n").length}: this is ${what}`);
}
