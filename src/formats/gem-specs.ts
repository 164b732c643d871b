/** The lists of all gems that RubyGems had before the compact index, made of that one's `/versions`: name, version, platform. */
import { linesBelow, readVersions, splitLabel } from "./compact-index.ts";
import { type MarshalledList, marshal } from "./ruby-marshal.ts";
import { compareRuby, isStableRuby } from "./ruby-version.ts";

/** Releases, of each gem and platform the newest one, or pre-releases. */
export type SpecList = "specs" | "latest_specs" | "prerelease_specs";

type Entry = readonly [name: string, label: string];

/** In Ruby's own format, gzip'd. */
export function specsOf(versions: Uint8Array, list: SpecList): Uint8Array<ArrayBuffer> {
  const text = new TextDecoder().decode(versions);
  const entries = entriesIn(text).filter(
    ([, label]) => isStableRuby(splitLabel(label)[0]) !== (list === "prerelease_specs"),
  );
  const chosen = list === "latest_specs" ? newestOf(entries) : entries;
  const specs: MarshalledList = {
    length: chosen.length,
    *[Symbol.iterator]() {
      for (const [name, label] of chosen) {
        const [version, platform] = splitLabel(label);
        yield [name, { is: "Gem::Version", of: [version] }, platform];
      }
    },
  };
  return Bun.gzipSync(marshal(specs));
}

/** What was added and not taken away again. */
function entriesIn(text: string): Entry[] {
  const labels = new Map<string, Set<string>>();
  for (const line of linesBelow({ path: "/versions", text: () => text })) {
    const { name, changes } = readVersions(line);
    const known = labels.get(name) ?? new Set();
    labels.set(name, known);
    for (const change of changes) {
      if (change.startsWith("-")) known.delete(change.slice(1));
      else known.add(change);
    }
  }
  return Array.from(labels).flatMap(([name, known]) => Array.from(known, (label): Entry => [name, label]));
}

function newestOf(entries: readonly Entry[]): Entry[] {
  const newest = new Map<string, Entry>();
  for (const entry of entries) {
    const [name, label] = entry;
    const [version, platform] = splitLabel(label);
    const key = `${name} ${platform}`;
    const known = newest.get(key);
    if (!known || compareRuby(version, splitLabel(known[1])[0]) > 0) newest.set(key, entry);
  }
  return Array.from(newest.values());
}
