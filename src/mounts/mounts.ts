import type { Declared, Ecosystem, Package, Path, Traits, UpstreamAt } from "../contract/ecosystem.ts";
import { addressOf, isClear, isPlain, oddityOf } from "../contract/plain.ts";
import type { Purl } from "../contract/purl.ts";
import type { Trust } from "../contract/signatures.ts";
import { BadRequest } from "../lib/errors.ts";
import { withoutSlashes } from "../lib/text-ends.ts";

/** Whom a request is for: what its operator trusts and how it is dialled. */
export interface Dialer {
  name: string;
  /** Origins (`https://host:port`) that the operator configured. */
  trusted: ReadonlySet<string>;
  /** An HTTP proxy, and the PEM of a private certificate authority. */
  proxy?: string | undefined;
  ca?: string | undefined;
}

/** An ecosystem at a URL path, with its upstreams. */
export interface Mount extends Dialer {
  /** `/npm`. */
  readonly prefix: Path;
  readonly ecosystem: Ecosystem;
  /** Base URLs by name, without a trailing slash; whole addresses with `{markers}` among them. */
  readonly upstreams: ReadonlyMap<string, readonly string[]>;
  /** Names of upstreams that the operator gave: several addresses of one are registries of their own. Those of a plugin's own
   * upstream, or that upstream itself declares, are equals. */
  readonly given: ReadonlySet<string>;
  /** What its plugin may know of it. */
  readonly traits: Traits;
  /** Hosts beside the upstreams' own from which URLs found in documents may be fetched. */
  readonly allowHosts: readonly string[];
  /** Milliseconds that documents stay fresh where their route does not say. */
  readonly ttl: number;
  /** No code of its plugin runs in this process. */
  readonly isApart?: boolean;
  /** Further addresses by which lockfiles, SBOMs and package URLs state its registry. */
  readonly addresses?: readonly string[] | undefined;
  /** Globs over the names of packages that are asked of it where nothing states their registry. */
  readonly packages?: readonly string[] | undefined;
  /** Whose signatures are checked; absent: nobody's. */
  readonly trust?: Trust | undefined;
  /** For which owner of pins a mirror uses it: what it comes to is pinned. */
  readonly owner?: number | undefined;
}

export interface MountSettings {
  upstreams?: Readonly<Record<string, string | readonly string[]>> | undefined;
  options?: Readonly<Record<string, readonly string[]>> | undefined;
  allowHosts?: readonly string[] | undefined;
  addresses?: readonly string[] | undefined;
  packages?: readonly string[] | undefined;
  ttl: number;
  trust?: Trust | undefined;
  proxy?: string | undefined;
  ca?: string | undefined;
}

/** A plugin at a path; what the settings leave open is the plugin's default. */
export function makeMount(name: string, ecosystem: Ecosystem, settings: MountSettings): Mount {
  const given = settings.upstreams ?? {};
  // The public registry's other hosts belong to the public registry: names of a private one must not leak to them, nor may
  // they stand in for it.
  const all = Object.entries(given.default ? given : { ...ecosystem.upstreams, ...given });
  const { base = (url: string) => url } = ecosystem;
  const plain = (key: string, url: string) => withoutSlashes(base(url, key));
  const upstreams = new Map(all.map(([key, urls]) => [key, [urls].flat().map((url) => plain(key, url))]));
  const traits: Traits = { upstreams: [...upstreams.keys()], options: optionsOf(ecosystem, settings.options) };
  return {
    name,
    prefix: `/${name}`,
    ecosystem: spelledFor(ecosystem, traits),
    upstreams,
    given: new Set(Object.keys(given)),
    traits,
    trusted: new Set([...upstreams.values()].flat().map((url) => new URL(url.replaceAll(/[{}]/g, "")).origin)),
    allowHosts: settings.allowHosts ?? [],
    addresses: settings.addresses ?? [],
    packages: settings.packages ?? [],
    ttl: settings.ttl,
    trust: settings.trust,
    proxy: settings.proxy,
    ca: settings.ca,
  };
}

/** Package URLs of a mount may depend on its options. */
function spelledFor(ecosystem: Ecosystem, traits: Traits): Ecosystem {
  const { purl } = ecosystem;
  if (!purl) return ecosystem;
  return {
    ...ecosystem,
    purl: { read: (asked, at) => purl.read(asked, at, traits), write: (pkg) => purl.write(pkg, traits) },
  };
}

/** Throws BadRequest for a setting that the plugin does not have. */
function optionsOf({ id, options = {} }: Ecosystem, given: MountSettings["options"] = {}): Traits["options"] {
  const unknown = Object.keys(given).find((name) => !(name in options));
  if (unknown !== undefined) {
    const known = Object.keys(options).join(", ");
    throw new BadRequest(`${id} has no option ${unknown}; expected ${known || "none, it has no options"}`);
  }
  return Object.fromEntries(Object.entries(options).map(([name, { default: all }]) => [name, given[name] ?? all]));
}

/** The mounts and upstreams for which the operator listed several registries: what an earlier one lacks is asked of the later ones,
 * which are told the names of private packages thereby. */
export function severalRegistries(mounts: Iterable<Mount>) {
  return Array.from(mounts).flatMap(({ name, upstreams, given }) =>
    Array.from(upstreams)
      .filter(([upstream, urls]) => given.has(upstream) && urls.length > 1)
      .map(([upstream, urls]) => ({ mount: name, upstream, registries: urls.join(" ") })),
  );
}

/** The names of upstreams that a plugin itself knows. */
export function knownUpstreams({ upstreams, places }: Ecosystem): string[] {
  return Object.keys({ ...upstreams, ...(typeof places === "object" && places) });
}

/** The upstream that people mean by a text: its name, an alias or its address, and what follows below it. */
export function upstreamAt(
  { upstreams, ecosystem: { aliases = {} } }: Pick<Mount, "upstreams" | "ecosystem">,
  text: string,
): ReturnType<UpstreamAt> {
  const plain = (url: string) => withoutSlashes(url.replace(/^https?:\/\//, ""));
  const place = plain(text);
  const known = Array.from(upstreams, ([name, urls]) => [name, ...urls].map((each) => [plain(each), name] as const));
  return [...known.flat(), ...Object.entries(aliases)]
    .filter(([start, name]) => upstreams.has(name) && (place === start || place.startsWith(`${start}/`)))
    .sort(([a], [b]) => b.length - a.length)
    .map(([start, name]) => ({ name, path: place.slice(start.length + 1) }))[0];
}

/** What a package URL means at a mount. Throws where it means nothing, with the reason. */
export function meaningOf(mount: Pick<Mount, "upstreams" | "ecosystem">, purl: Purl): Package & { version?: string } {
  const oddity = oddityOf(purl.name);
  if (oddity) throw new BadRequest(`${JSON.stringify(purl.name.slice(0, 200))} is no name of a package: ${oddity}`);
  return mount.ecosystem.purl?.read(purl, (place) => upstreamAt(mount, place)) ?? purl;
}

/**
 * Throws BadRequest where a package or release is named by what no registry of this kind has: it is to become part of a path
 * there, whoever wrote it (a package URL, a lockfile, a list, what another package requires).
 */
export function requireName(
  { ecosystem }: Pick<Mount, "ecosystem">,
  { name, version }: Package & { version?: string },
): void {
  const { id, names } = ecosystem;
  const oddity = oddityOf(name) ?? (names && !names.test(name) ? `expected ${String(names)}` : undefined);
  if (oddity) throw new BadRequest(`${JSON.stringify(name.slice(0, 200))} is no name of a package (${id}): ${oddity}`);
  const label = version === undefined || version === "" ? undefined : oddityOf(version);
  if (label)
    throw new BadRequest(`${JSON.stringify(version!.slice(0, 200))} is no version of ${name} (${id}): ${label}`);
}

/** Where a mount serves what lies below an address. */
interface Place {
  origin: string;
  prefix: string;
  path: Path | "";
}

/** Those of a mount's upstreams, the longest first. `declared`: upstreams that upstream itself declares. */
export function placesOf(
  { upstreams, ecosystem: { places = {} } }: Pick<Mount, "upstreams" | "ecosystem">,
  declared: Declared = {},
): Place[] {
  const known = new Map([
    ...Object.entries(declared).map(([name, urls]) => [name, [urls].flat()] as const),
    ...upstreams,
  ]);
  const found = Array.from(known, ([name, urls]) =>
    urls
      .filter((url) => !url.includes("{"))
      .map((url) => {
        const { origin, pathname } = new URL(url);
        return {
          origin,
          prefix: `${pathname.replace(/\/$/, "")}/`,
          path: (typeof places === "function" ? places(name) : places[name]) ?? "",
        } as const;
      }),
  );
  return found.flat().sort((a, b) => b.prefix.length - a.prefix.length);
}

/** Where a mount serves a URL, absolute or relative to `base`; `undefined` where it lies under none of the places, or not plainly. */
export function pathOf(places: readonly Place[], url: string, base: string): Path | undefined {
  const { origin, pathname } = spelledOut(places, url) ?? addressOf(url, base) ?? {};
  if (origin === undefined || pathname === undefined) return undefined;
  const place = places.find((each) => each.origin === origin && pathname.startsWith(each.prefix));
  const path = place && `${place.path}/${pathname.slice(place.prefix.length)}`;
  return path && isPlain(path) ? path : undefined;
}

/** The path of an address that parsing would not change, as nearly all are that documents name. */
const PLAIN = /^\/[\w.~!$&()*+,;=:@/-]*$/;
const CLIMBS = /\/\.{1,2}(?:\/|$)/;

/** An address at one of the places, read without parsing it; `undefined`: it has to be parsed. */
function spelledOut(places: readonly Place[], url: string): Pick<URL, "origin" | "pathname"> | undefined {
  const origin = places.find((each) => url.startsWith(each.origin) && url[each.origin.length] === "/")?.origin;
  const pathname = origin === undefined ? "" : url.slice(origin.length);
  return origin !== undefined && PLAIN.test(pathname) && !CLIMBS.test(pathname) ? { origin, pathname } : undefined;
}

/** Whether a URL that a document names may be fetched for a mount. */
export function mayFetch({ trusted, allowHosts }: Pick<Mount, "trusted" | "allowHosts">, url: string): boolean {
  const address = addressOf(url);
  if (!address || !isClear(address)) return false;
  const { origin, host, hostname } = address;
  return trusted.has(origin) || allowHosts.includes(host) || allowHosts.includes(hostname);
}
