/** What the names of Python's distribution files and their core metadata say. */
import { clean, compare, explain, valid } from "@renovatebot/pep440";
import type { Release, Requirement, VersionScheme } from "../../src/contract/ecosystem.ts";
import { type Entries, readOptional } from "../shared/entries.ts";
import { extrasOf } from "./markers.ts";
import { normalize } from "./name.ts";
import { inPythonRange } from "./ranges.ts";
import { tagsOfWheel } from "./wheel-tags.ts";

export { normalize };

const SDIST = String.raw`(?:\.tar\.(?:gz|bz2|xz|Z|lzma)|\.t[gb]z|\.zip)`;
const BUILT = [
  // PEP 427, with or without a build number.
  /^(?<name>[^-]+)-(?<version>[^-]+)(?:-\d[^-]*)?-[^-]+-[^-]+-[^-]+\.whl$/,
  /^(?<name>[^-]+)-(?<version>[^-]+)(?:-py[\d.]+(?:-.+)?)?\.egg$/,
];
const SOURCES = [
  new RegExp(`^(?<name>.+)-(?<version>\\d[^-]*)${SDIST}$`),
  new RegExp(`^(?<name>[^-]+)-(?<version>.+)${SDIST}$`),
];

/** What `bdist_wininst`, `bdist_dumb` and their like name: `NAME-VERSION.linux-x86_64.tar.gz`. Takes time linear in the name. */
function installerOf(file: string): { name: string; version: string } | undefined {
  if (!/\.(?:exe|msi|rpm|dmg|deb|zip|tar\.gz)$/.test(file)) return undefined;
  const platforms = Array.from(file.matchAll(/[.-](?:win32|win-amd64|linux|macosx)/g), ({ index }) => index);
  for (let dash = file.indexOf("-", 1), at = 0; dash > 0; dash = file.indexOf("-", dash + 1)) {
    if (!/\d/.test(file[dash + 1] ?? "")) continue;
    while (at < platforms.length && platforms[at]! < dash + 2) at++;
    const platform = platforms[at];
    if (platform === undefined) return undefined;
    const next = file.indexOf("-", dash + 1);
    if (next < 0 || platform <= next) return { name: file.slice(0, dash), version: file.slice(dash + 1, platform) };
  }
  return undefined;
}

/** Whether a file is one that packages come in, by its name's end. */
export function isDistribution(file: string): boolean {
  return /\.(?:whl|egg|exe|msi|rpm|deb|dmg|zip|t[gb]z|tar\.\w+)$/i.test(file);
}

/** Whether it is a source archive, which has to be built. */
export function isSourceArchive(file: string): boolean {
  return (
    !BUILT.some((pattern) => pattern.test(file)) && !installerOf(file) && SOURCES.some((pattern) => pattern.test(file))
  );
}

/** What a file's name says of where it can be installed: a wheel's tags, or a marker for older kinds. */
export function markerOfFile(file: string): string | undefined {
  const [, kind] = /\.(egg|exe|msi)$/.exec(file) ?? [];
  if (!kind) return tagsOfWheel(file);
  const [, python] = /-py(\d+\.\d+)/.exec(file) ?? [];
  const limits = [
    ...(kind === "egg" ? [] : ['sys_platform == "win32"']),
    ...(python ? [`python_version == "${python}"`] : []),
  ];
  return limits.join(" and ") || undefined;
}

/** What a file's name, or its signature's, says of its release; the version is empty where it says nothing. */
export function releaseOf(file: string, project?: string): Release {
  const plain = file.replace(/\.asc$/, "");
  for (const pattern of [...BUILT, installerOf, ...SOURCES]) {
    const { name, version } = (typeof pattern === "function" ? pattern(plain) : pattern.exec(plain)?.groups) ?? {};
    if (name && version && (!project || normalize(name) === project)) return { name: normalize(name), version };
  }
  return { name: project ?? normalize(file), version: "" };
}

/**
 * `Requires-Dist` of core metadata (PEP 566, PEP 508). Throws where the text is no such metadata; a line that names
 * nothing is left out. That it is cut off cannot be seen.
 */
export function requirementsOf(text: string): Entries<Requirement> {
  const [head = ""] = text.split(/\r?\n\r?\n/, 1);
  if (!/^Metadata-Version:/im.test(head)) throw new Error("this is no core metadata: it has no Metadata-Version");
  const lines = head.replace(/\r?\n[ \t]+/g, " ").matchAll(/^Requires-Dist:(.*)$/gim);
  return readOptional(
    Array.from(lines, ([, line]) => line!.trim()),
    requirementOf,
    (line) => `Requires-Dist: ${line}`,
  );
}

/** `PySocks[a,b] (>=1.5.6) ; extra == "socks"`, or `name @ https://… ; marker`. */
function requirementOf(line: string): Requirement {
  const [, name, extras = "", rest = ""] = /^([\w.-]+)\s*(?:\[([^\]]*)\])?(.*)$/s.exec(line) ?? [];
  if (!name) throw new Error("it names nothing");
  const stated = rest.trim();
  const address = stated.startsWith("@") ? stated.slice(1).trim() : undefined;
  // An address may have semicolons of its own.
  const end = address === undefined ? stated.indexOf(";") : address.search(/\s;/);
  const [before, marker] = cut(address ?? stated, end);
  const asks = extras.split(",").flatMap((extra) => normalize(extra.trim()) || []);
  const when = marker ? extrasOf(marker) : undefined;
  return {
    name: normalize(name),
    range: address === undefined ? before.replace(/[()]/g, "").trim() : "",
    ...(asks.length > 0 && { asks }),
    ...(when && { when }),
    ...(marker && { marker }),
    ...(address !== undefined && { elsewhere: before }),
  };
}

function cut(text: string, end: number): [before: string, after: string] {
  if (end < 0) return [text.trim(), ""];
  return [text.slice(0, end).trim(), text.slice(end).replace(/^\s*;/, "").trim()];
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
  satisfies: inPythonRange,
};
