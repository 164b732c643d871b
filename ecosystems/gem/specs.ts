/** The lists of all gems that RubyGems had before the compact index, made of that one's `/versions`: name, version, platform. */

import { gzip } from "../shared/gzip.ts";
import { linesBelow, readVersions, splitLabel } from "./compact-index.ts";
import { type MarshalledList, marshal } from "./marshal.ts";
import { compareRuby, isStableRuby } from "./versions.ts";

/** Releases, of each gem and platform the newest one, or pre-releases. */
export type SpecList = "specs" | "latest_specs" | "prerelease_specs";

type Entry = readonly [name: string, label: string];

/** In Ruby's own format, gzip'd. Of the millions of entries that there may be, one is held at a time. */
export function specsOf(versions: Uint8Array, list: SpecList): Uint8Array<ArrayBuffer> {
  const gems = changesIn(new TextDecoder().decode(versions));
  const entries = list === "latest_specs" ? Array.from(newestOf(gems)) : { [Symbol.iterator]: () => allOf(gems, list) };
  const specs: MarshalledList = {
    length: Array.isArray(entries) ? entries.length : count(entries),
    *[Symbol.iterator]() {
      for (const [name, label] of entries) {
        const [version, platform] = splitLabel(label);
        yield [name, { is: "Gem::Version", of: [version] }, platform];
      }
    },
  };
  return gzip(marshal(specs));
}

/** By gem, all that was added and taken away, in this order. */
function changesIn(text: string): Map<string, string> {
  const gems = new Map<string, string>();
  for (const line of linesBelow({ path: "/versions", text: () => text })) {
    const { name, changes } = readVersions(line);
    // A line that names a gem and nothing of it.
    if (changes === "") continue;
    const before = gems.get(name);
    gems.set(name, before === undefined ? changes : `${before},${changes}`);
  }
  return gems;
}

/** What was added and not taken away again. */
function labelsOf(changes: string): Set<string> {
  const labels = new Set<string>();
  for (const change of changes.split(",")) {
    if (change.startsWith("-")) labels.delete(change.slice(1));
    else labels.add(change);
  }
  return labels;
}

function* allOf(gems: ReadonlyMap<string, string>, list: SpecList): Generator<Entry> {
  for (const [name, changes] of gems)
    for (const label of labelsOf(changes)) {
      const [version] = splitLabel(label);
      if (isStableRuby(version) !== (list === "prerelease_specs")) yield [name, label];
    }
}

function* newestOf(gems: ReadonlyMap<string, string>): Generator<Entry> {
  for (const [name, changes] of gems) {
    const newest = new Map<string, string>();
    for (const label of labelsOf(changes)) {
      const [version, platform] = splitLabel(label);
      const known = newest.get(platform);
      const isNewer = known === undefined || compareRuby(version, splitLabel(known)[0]) > 0;
      if (isStableRuby(version) && isNewer) newest.set(platform, label);
    }
    for (const label of newest.values()) yield [name, label];
  }
}

function count(entries: Iterable<unknown>): number {
  return Iterator.from(entries).reduce<number>((total) => total + 1, 0);
}
