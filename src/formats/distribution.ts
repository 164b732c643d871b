/** What the names of Python's distribution files and their core metadata say. */
import { clean, compare, explain, satisfies, valid } from "@renovatebot/pep440";
import type { Release, Requirement, VersionScheme } from "../ecosystem.ts";

const SDIST = String.raw`(?:\.tar\.(?:gz|bz2|xz|Z|lzma)|\.t[gb]z|\.zip)`;
const FILE_NAMES = [
  // PEP 427, with or without a build number.
  /^(?<name>[^-]+)-(?<version>[^-]+)(?:-\d[^-]*)?-[^-]+-[^-]+-[^-]+\.whl$/,
  /^(?<name>[^-]+)-(?<version>[^-]+)(?:-py[\d.]+(?:-.+)?)?\.egg$/,
  /^(?<name>.+?)-(?<version>\d[^-]*?)[.-](?:win32|win-amd64|linux|macosx)[^/]*\.(?:exe|msi|rpm|dmg|deb|zip|tar\.gz)$/,
  new RegExp(`^(?<name>.+)-(?<version>\\d[^-]*)${SDIST}$`),
  new RegExp(`^(?<name>[^-]+)-(?<version>.+)${SDIST}$`),
];

/** Whether a file is one that packages come in, by its name's end. */
export function isDistribution(file: string): boolean {
  return /\.(?:whl|egg|exe|msi|rpm|deb|dmg|zip|t[gb]z|tar\.\w+)$/i.test(file);
}

/** PEP 503: `Foo.Bar_baz` and `foo-bar-baz` are one project. */
export function normalize(name: string): string {
  return name.replace(/[-_.]+/g, "-").toLowerCase();
}

/** What a file's name, or its signature's, says of its release; the version is empty where it says nothing. */
export function releaseOf(file: string, project?: string): Release {
  for (const pattern of FILE_NAMES) {
    const { name, version } = pattern.exec(file.replace(/\.asc$/, ""))?.groups ?? {};
    if (name && version && (!project || normalize(name) === project)) return { name: normalize(name), version };
  }
  return { name: project ?? normalize(file), version: "" };
}

/**
 * `Requires-Dist` of core metadata (PEP 566, PEP 508): name, range, and the marker behind the semicolon. Throws where the
 * text is no such metadata; that it is cut off cannot be seen.
 */
export function requirementsOf(text: string): Requirement[] {
  const [head = ""] = text.split(/\r?\n\r?\n/);
  if (!/^Metadata-Version:/im.test(head)) throw new Error("this is no core metadata: it has no Metadata-Version");
  return Array.from(
    head.matchAll(/^Requires-Dist:\s*([\w.-]+)\s*(?:\[[^\]]*\])?\s*\(?([^;)\n]*)\)?\s*(?:;\s*(.*))?$/gm),
    ([, name, range, marker]) => ({
      name: normalize(name!),
      range: range!.trim(),
      ...(marker && { marker: marker.trim(), optional: /\bextra\b/.test(marker) }),
    }),
  );
}

/** A version as PEP 440 spells it (`1.0-rc1` → `1.0rc1`), where it is one. */
export function canonicalVersion(version: string): string {
  return clean(version) ?? version;
}

/** PEP 440; what is no such version sorts before all that are. */
export const pythonVersions: VersionScheme = {
  compare: (a, b) => {
    if (valid(a) && valid(b)) return compare(a, b);
    return valid(a) ? 1 : valid(b) ? -1 : a < b ? -1 : Number(a > b);
  },
  isStable: (version) => explain(version)?.is_prerelease === false,
  satisfies: (version, range) => range === "" || (valid(version) !== null && satisfies(version, range)),
};
