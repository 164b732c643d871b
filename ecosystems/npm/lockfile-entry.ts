/** What lockfiles of npm packages have in common. */
import { digestOfSri } from "../../src/contract/digest.ts";
import { type Entry, type Item, isItem, type Lockfile, type Origin } from "../../src/contract/lockfile.ts";
import { BadRequest } from "../../src/lib/errors.ts";
import { clip, type Elsewhere, elsewhere } from "../shared/lockfiles/elsewhere.ts";

/** Old packages have capitals and signs in their names. */
const NAME = /^(?:@[\w.~!'()*-]+\/)?[\w.~!'()*-]+$/;
/** Semantic Versioning 2, as registries require. */
const VERSION = /^\d+\.\d+\.\d+(?:[-+][\w.+-]+)?$/;
/** Hashes of which a digest is computed here: one that is none of its length is a mistake, not another algorithm. */
const COMPUTED = /\bsha(?:1|256|384|512)-/i;

export interface Integrity {
  /** Subresource Integrity: `sha512-BASE64`. */
  integrity?: string | undefined;
}

export function isVersion(text: string): boolean {
  return VERSION.test(text);
}

/** A release of a registry. */
export function npmItem(
  name: string,
  version: string,
  { integrity = "", from }: Integrity & { from?: Origin | undefined },
  place: string,
): Item {
  if (!NAME.test(name)) throw new BadRequest(`${place}: "${clip(name)}" is no name of an npm package`);
  if (!VERSION.test(version)) throw new BadRequest(`${place}: "${clip(version)}" is no version of an npm package`);
  const digest = digestOfSri(integrity);
  if (!digest && COMPUTED.test(integrity))
    throw new BadRequest(`${place}: expected a hash such as sha512-BASE64, found "${clip(integrity)}"`);
  return {
    purl: { type: "npm", name, version },
    ...(digest && { digests: [digest] }),
    ...(from && { from }),
    place,
  };
}

export interface Resolved extends Integrity {
  name: string;
  version: string;
  /** The address that it was had from. */
  resolved: string;
}

/** A release, unless it was had from where no registry is. Which registry has it, its address tells. */
export function npmEntry({ name, version, resolved, ...integrity }: Resolved, place: string): Entry {
  const isTarball = isTarballOfRegistry(resolved);
  const kind = isTarball ? undefined : kindOf(resolved);
  const what = `${name}@${version}`;
  if (kind && !(kind === "url" && NAME.test(name) && VERSION.test(version)))
    return elsewhere(what, kind, resolved, place);
  if (!/^https?:/i.test(resolved)) return npmItem(name, version, integrity, place);
  const reason = kind && elsewhere(what, kind, resolved, place).reason;
  const from: Origin = { kind: "file", address: resolved, ...(reason && { reason }) };
  return npmItem(nameInTarball(resolved, version) ?? name, version, { ...integrity, from }, place);
}

/** The name in an address such as `…/@scope/name/-/name-1.0.0.tgz`: that of an alias is another one in the lockfile. */
function nameInTarball(url: string, version: string): string | undefined {
  const [address = ""] = url.replaceAll(/%40/gi, "@").replaceAll(/%2f/gi, "/").split(/[?#]/, 1);
  const [, scope = "", name = "", file] =
    /\/(@[^/]+\/)?([^/]+)\/-\/(?:@[^/]+\/)?(?:[^/]+\/)?([^/]+)\.tgz$/.exec(address) ?? [];
  return file === `${name}-${version}` && NAME.test(scope + name) ? scope + name : undefined;
}

/** Characters of an address that are looked at. */
const LONGEST = 2_048;

const TARBALLS = [
  // Font Awesome has a folder for each version.
  /\/-\/(?:@[^/]+\/)?(?:\d[^/]*\/)?[^/]+\.tgz$/,
  // GitHub's registry.
  /\/download\/@[^/]+\/[^/]+\/\d/,
  // Gemfury, and JSR.
  /\/~\/(?:d|\d+)\/(?:%40|@)[^/]+(?:%2f|\/)[^/]+\/.+\d/i,
  // cnpm, up to 2022.
  /\/([^/]+)\/download\/(?:@[^/]+\/)?\1-\d[^/]*\.tgz$/,
];

/** `…/@scope/name/-/name-1.0.0.tgz`, or `…/download/@scope/name/1.0.0/HASH`, or `…/name/download/name-1.0.0.tgz`. */
export function isTarballOfRegistry(url: string): boolean {
  const [address = ""] = url.slice(0, LONGEST).split(/[?#]/, 1);
  return /^https?:/.test(address) && TARBALLS.some((pattern) => pattern.test(address));
}

/**
 * Where a dependency is from, by how it is asked for (`^1.0.0`, `latest`, `git+ssh://…`, `user/repository`, `file:../a`; see
 * npm-package-arg). `undefined`: from a registry.
 */
export function kindOf(asked: string): Elsewhere | undefined {
  // `user/repository#semver:^1.0.0`.
  if (/^[\w.-]+\/[\w.-]+#/.test(asked)) return "git";
  if (!/[:/\\]/.test(asked)) return undefined;
  if (/^(?:link|portal|workspace|root):/.test(asked)) return "folder";
  if (/^(?:file:|\.{0,2}[/\\]|~\/|[A-Za-z]:[\\/])/.test(asked))
    return /\.(?:tgz|tar\.gz|tar)(?:[#:?]|$)/.test(asked) ? "file" : "folder";
  if (/^(?:git[+:@]|ssh:|(?:github|gitlab|bitbucket|gist):)|^[^:/]+\/[^:/]+$|\.git(?:#|$)/.test(asked)) return "git";
  return /^https?:/.test(asked) ? "url" : "unknown";
}

/** `@scope/name@range` → its parts; the range may be empty. `undefined` for what begins with no name. */
export function splitDescriptor(text: string): [name: string, range: string] | undefined {
  const [, name = "", range = ""] = /^((?:@[^@/]+\/)?[^@/]+)(?:@(.*))?$/s.exec(text) ?? [];
  return name ? [name, range] : undefined;
}

/** The same format, with what it states of scopes said of all their packages. */
export function withScopes(format: Lockfile): Lockfile {
  return { ...format, read: (text) => located([...format.read(text)]) };
}

/** A scope is of one registry: where the file states it for some of its packages, it is that of the others. */
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

function scopeOf({ purl: { name } }: Item): string | undefined {
  return name.startsWith("@") ? name.slice(0, name.indexOf("/")) : undefined;
}
