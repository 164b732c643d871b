import type { Digest } from "../../src/contract/ecosystem.ts";
import type { Aside, Item, Lockfile, Origin } from "../../src/contract/lockfile.ts";
import { BadRequest } from "../../src/lib/errors.ts";
import { clip, elsewhere, workspaceMember } from "../shared/lockfiles/elsewhere.ts";
import { splitLabel } from "./compact-index.ts";

/** A source with what is from it: `GEM`, `remote: https://…`, `name (1.2.3-java)`. */
interface Section {
  kind: string;
  /** Where it has several, what is below it may be from any. */
  remotes: string[];
  specs: { name: string; label: string; place: string }[];
}

const SOURCES = new Set(["GEM", "GIT", "PATH", "PLUGIN SOURCE"]);
const SPEC = /^ {4}([\w.-]+) \(([^()\s]+)\)$/;
const CHECKSUM = /^ {2}([\w.-]+) \(([^()\s]+)\)(?: (\S+))?$/;
const VERSION = /^\d[\w.]*(?:-[\w.-]+)?$/;

/**
 * https://bundler.io/man/bundle-lock.1.html; it is written by Bundler's `LockfileGenerator`, with checksums where these were asked
 * for. A gem without a platform in its label is the one that runs everywhere, but where nothing is locked for a platform of
 * its own: Bundler then takes what was built for the machine, if there is such a gem.
 */
export const gemfileLock: Lockfile = {
  id: "gemfile-lock",
  title: "Gemfile.lock",
  recognizes: (name, text) =>
    name === "Gemfile.lock" ||
    name === "gems.locked" ||
    (/^(?:GEM|GIT|PATH)\r?\n {2}remote: /m.test(text) && /^DEPENDENCIES\r?$/m.test(text)),
  *read(text) {
    const { sections, platforms, checksums, heads } = parse(text);
    if (!heads.has("DEPENDENCIES")) throw new BadRequest("it has no DEPENDENCIES, so it is no Gemfile.lock or cut off");
    const isForPlatforms = platforms.some((platform) => platform !== "ruby");
    for (const { kind, remotes, specs } of sections)
      for (const { name, label, place } of specs) {
        if (kind === "GEM") {
          const item = itemOf(name, label, place, checksums, isForPlatforms);
          const from = originOf(remotes);
          yield { ...item, ...(from && { from }) };
        } else yield asideOf(`${name}@${label}`, kind, remotes.at(-1) ?? "", place);
      }
  },
};

function parse(text: string) {
  const sections: Section[] = [];
  const heads = new Set<string>();
  const platforms: string[] = [];
  const checksums = new Map<string, Digest>();
  let head = "";
  for (const [index, raw] of text.split("\n").entries()) {
    const [line, place] = [raw.replace(/\r$/, ""), `line ${index + 1}`];
    if (line === "") continue;
    if (/^\S/.test(line)) {
      head = line;
      heads.add(line);
      if (SOURCES.has(line)) sections.push({ kind: line, remotes: [], specs: [] });
    } else if (SOURCES.has(head)) readSource(sections.at(-1)!, line, place);
    else if (head === "PLATFORMS") platforms.push(line.trim());
    else if (head === "CHECKSUMS") readChecksum(checksums, line, place);
    else if (head === "") throw new BadRequest(`${place}: expected a heading (GEM), found "${clip(line)}"`);
  }
  return { sections, platforms, checksums, heads };
}

/** Dependencies of a spec stand below it, further to the right, and are specs of their own elsewhere. */
function readSource(section: Section, line: string, place: string): void {
  const [, key, value] = /^ {2}([a-z_]+):(?: (.*))?$/.exec(line) ?? [];
  // Bundler 1 has several in one section, and looks in all of them.
  if (key === "remote" && value) section.remotes.push(value);
  if (key !== undefined || /^ {6}\S/.test(line)) return;
  const [, name, label] = SPEC.exec(line) ?? [];
  if (!name || !label || !VERSION.test(label))
    throw new BadRequest(`${place}: expected NAME (VERSION), found "${clip(line.trim())}"`);
  section.specs.push({ name, label, place });
}

function originOf(remotes: readonly string[]): Origin | undefined {
  const addresses = [...new Set(remotes)];
  const [address] = addresses;
  if (address === undefined) return undefined;
  return addresses.length > 1 ? { kind: "several", addresses } : { kind: "registry", address };
}

function readChecksum(checksums: Map<string, Digest>, line: string, place: string): void {
  const [, name, label, stated] = CHECKSUM.exec(line) ?? [];
  if (!name || !label) throw new BadRequest(`${place}: expected NAME (VERSION) sha256=…, found "${clip(line.trim())}"`);
  if (stated === undefined) return;
  const hex = /(?:^|,)sha256=([\da-f]{64})(?:,|$)/.exec(stated)?.[1];
  if (!hex) throw new BadRequest(`${place}: expected sha256= and 64 hexadecimal digits, found "${clip(stated)}"`);
  checksums.set(`${name} ${label}`, `sha256:${hex}`);
}

function itemOf(
  name: string,
  label: string,
  place: string,
  checksums: ReadonlyMap<string, Digest>,
  isForPlatforms: boolean,
): Item {
  const [version, platform] = splitLabel(label);
  const digest = checksums.get(`${name} ${label}`);
  const qualifiers = (isForPlatforms || platform !== "ruby") && { platform };
  return {
    purl: { type: "gem", name, version, ...(qualifiers && { qualifiers }) },
    ...(digest && { digests: [digest] }),
    place,
  };
}

/** Folders within the project's are what is being built. */
function asideOf(what: string, kind: string, remote: string, place: string): Aside {
  if (kind === "GIT") return elsewhere(what, "git", remote, place);
  if (kind !== "PATH") return elsewhere(what, "unknown", remote, place);
  const isOwn = !/^(?:\.\.|\/|~|[A-Za-z]:)/.test(remote);
  return isOwn ? workspaceMember(what, remote, place) : elsewhere(what, "folder", remote, place);
}
