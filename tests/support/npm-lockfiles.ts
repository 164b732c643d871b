/** What the lockfiles of JavaScript in `fixtures/` have in common: every tool locked the same project. */
import { type Entry, isItem, type Lockfile } from "../../src/contract/lockfile.ts";
import { fixture, reasonOf } from "./lockfile-readings.ts";

/** A hash of the form that registries state, of nothing that matters. */
export const INTEGRITY = `sha512-${Buffer.alloc(64, 1).toString("base64")}`;

/** Releases that the project gets, whatever the tool. Aliases are there by their real names. */
export const RELEASES = [
  "@sindresorhus/is@4.6.0",
  "@tailwindcss/oxide-wasm32-wasi@4.1.4",
  "JSONStream@1.3.5",
  "fsevents@2.3.3",
  "js-tokens@4.0.0",
  "jsonparse@1.3.1",
  "loose-envify@1.4.0",
  "ms@2.0.0",
  "ms@2.1.3",
  "once@1.4.0",
  "react@18.2.0",
  "through@2.3.8",
  "use-sync-external-store@1.2.0",
  "wrappy@1.0.2",
];

/** What the package `@tailwindcss/oxide-wasm32-wasi` has in its archive, which some tools get from the registry all the same. */
export const BUNDLED = [
  "@emnapi/core@1.11.3",
  "@emnapi/runtime@1.11.3",
  "@emnapi/wasi-threads@1.2.3",
  "@napi-rs/wasm-runtime@0.2.12",
  "@tybys/wasm-util@0.10.5",
  "@tybys/wasm-util@0.9.0",
  "tslib@2.9.1",
];

/** What no mount has the address of is an aside. */
export async function entriesIn(lockfile: Lockfile, name: string): Promise<Entry[]> {
  return Array.from(lockfile.read(await fixture(name)), (entry) => {
    const reason = isItem(entry) ? reasonOf(entry) : undefined;
    if (!isItem(entry) || !reason) return entry;
    return { what: `${entry.purl.name}@${entry.purl.version}`, reason, place: entry.place };
  });
}

/** `name@version` of each release, once, sorted. */
export function releases(entries: readonly Entry[]): string[] {
  const all = entries.flatMap((entry) => (isItem(entry) ? [`${entry.purl.name}@${entry.purl.version}`] : []));
  return [...new Set(all)].sort();
}

/** Digests by release. */
export function digests(entries: readonly Entry[]): Record<string, readonly string[] | undefined> {
  return Object.fromEntries(
    entries.flatMap((entry) =>
      isItem(entry) ? [[`${entry.purl.name}@${entry.purl.version}`, entry.digests] as const] : [],
    ),
  );
}

/** What is set aside: `own` is part of the project, or comes within something else. */
export function asides(entries: readonly Entry[]): { own: string[]; foreign: string[] } {
  const told = (isOwn: boolean) =>
    entries.flatMap((entry) =>
      !isItem(entry) && (entry.isOwn ?? false) === isOwn ? [`${entry.what} ${entry.reason}`] : [],
    );
  return { own: told(true), foreign: told(false) };
}
