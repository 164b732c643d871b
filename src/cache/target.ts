/** From a request to what it means at upstream: the key under which it is held and the addresses that may have it. */

import { addressBelow } from "../contract/address-below.ts";
import { splitDigest } from "../contract/digest.ts";
import type {
  ArtifactRoute,
  Declared,
  Digest,
  Generation,
  MetadataRoute,
  Params,
  PassthroughRoute,
  Path,
} from "../contract/ecosystem.ts";
import { canonicalPath } from "../contract/path.ts";
import { isClear, isPlain } from "../contract/plain.ts";
import { classify, type Match, type Miss, upstreamsOf } from "../mounts/match.ts";
import { knownUpstreams, type Mount, mayFetch } from "../mounts/mounts.ts";
import type { FileFact } from "./documents/facts.ts";

type Held = ArtifactRoute | MetadataRoute;
type Fetchable = Held | PassthroughRoute;

/** A request for something that can be held. */
export interface Target<R extends Held = Held> {
  mount: Mount;
  route: R;
  params: Params;
  /** Canonical; with the query that belongs to it, for documents that have one. */
  path: Path;
  /** As it was spelled by who asks, or by the document that names it, where the route has no spelling of its own: upstream is asked
   * so. Default: the path. */
  sent?: Path | undefined;
  /** Further paths at which upstream may have the very same, tried where it is not at its own. */
  also?: readonly Path[];
  /** Further paths under which it is found here. */
  copies?: readonly Path[];
  /** What it states is stated elsewhere: where its digest is known, it is not looked into when it comes. */
  isRepetition?: boolean;
}

/** What a path of this mount is, whoever named it: one that is not plain is nothing (404). */
export function matchIn(mount: Mount, method: string, path: Path): Match | Miss {
  if (!isPlain(path)) return 404;
  return classify(mount.ecosystem, method, path, (name) => hasUpstream(mount, name));
}

/** What a path is where the document that it is derived of is not there. */
export function originalOf(mount: Mount, path: Path): Target<MetadataRoute> | undefined {
  const match = matchIn(mount, "GET", path);
  if (typeof match === "number" || match.route.kind !== "derived" || !match.route.orOriginal) return undefined;
  const { routes } = mount.ecosystem;
  const rest = { routes: routes.slice(routes.indexOf(match.route) + 1) };
  const original = classify(rest, "GET", path, (name) => hasUpstream(mount, name));
  if (typeof original === "number" || original.route.kind !== "metadata") return undefined;
  return targetOf(mount, original.route, original.params, path);
}

function hasUpstream(mount: Mount, name: string): boolean {
  return mount.upstreams.has(name) || mayBeDiscovered(mount, name);
}

/** Upstream's own discovery document may say where this upstream is, which the operator did not. */
function mayBeDiscovered({ ecosystem }: Mount, name: string): boolean {
  return ecosystem.discovery !== undefined && knownUpstreams(ecosystem).includes(name);
}

export function targetOf<R extends Held>(
  mount: Mount,
  route: R,
  params: Params,
  path: Path,
  query?: URLSearchParams,
): Target<R> {
  const canonical = route.canonical?.(params) ?? canonicalPath(path);
  const asked = queryOf(route.query, query);
  const sent = !route.canonical && path !== canonical && { sent: `${path}${asked}` as Path };
  return { mount, route, params, path: `${canonical}${asked}` as Path, ...sent };
}

/** The target of a path that should be a document; `undefined` where the mount has no such document. */
export function documentAt(mount: Mount, path: Path): Target<MetadataRoute> | undefined {
  const [plain, query] = path.split("?") as [Path, string?];
  const match = matchIn(mount, "GET", plain);
  if (typeof match === "number") return undefined;
  if (match.route.kind !== "metadata") return originalOf(mount, plain);
  return targetOf(
    mount,
    match.route,
    match.params,
    plain,
    query === undefined ? undefined : new URLSearchParams(query),
  );
}

/** The generation that says what a document's path means; content means itself. */
export function generationOf({ route, params }: Target<MetadataRoute>): Generation | undefined {
  return route.freshness === "immutable" ? undefined : route.generation?.(params);
}

/** Whether a document is as fresh as another one, which heads its generation. */
export function followsRoot(target: Target<MetadataRoute>): boolean {
  const generation = generationOf(target);
  return generation !== undefined && generation.roots[0] !== target.path;
}

/** The content that a name means; upstream may have it under the name only. */
export function contentOf(mount: Mount, { path, at = [] }: FileFact): Target<MetadataRoute> | undefined {
  const [first, ...copies] = at;
  const target = first && documentAt(mount, first);
  return target && { ...target, also: [path], copies };
}

/** The query parameters that belong to a request: `?q=a&page=2`, or nothing. In the order that the route names them, or as they came. */
export function queryOf(names: MetadataRoute["query"] = [], query?: URLSearchParams): string {
  if (query === undefined || query.size === 0) return "";
  const kept =
    typeof names === "function"
      ? Array.from(query).filter(([name]) => names(name))
      : names.flatMap((name) => query.getAll(name).map((value): [string, string] => [name, value]));
  return kept.length > 0 ? `?${new URLSearchParams(kept)}` : "";
}

/** A registry that may have a path, and where: its addresses are equals, of which one must answer. */
export interface Source {
  /** What tells it from others, also after a restart: its base address, the first where it has several. */
  registry: string;
  urls: readonly string[];
  /** One of the places that an index states of a file: what has the digest that is stated may come from the next as well. */
  isStated?: true;
}

/** The places that an index states of a file, of those that may be asked. */
export function statedSources(mount: Mount, fact: FileFact | undefined): Source[] {
  return (fact?.urls ?? [])
    .filter((url) => mayFetch(mount, url))
    .map((url) => ({ registry: url, urls: [url], isStated: true }));
}

/** Where a path may be, in the order in which registries are asked. `declared`: upstreams that upstream itself declared. A path
 * of `/` is the upstream's own address. Throws BadRequest where a path is not plain. */
export function sourcesOf(
  target: Pick<Target, "mount" | "params" | "path" | "sent" | "also"> & { route: Fetchable },
  declared: Declared = {},
  digest?: Digest,
): Source[] {
  const { mount, route, params, path, sent = path, also = [] } = target;
  const [plain = "", query] = sent.split("?");
  const there = route.to?.(params) ?? plain;
  const relative = `${there === "/" ? "" : there}${query ? `?${query}` : ""}`;
  const values = { ...params, ...route.markers?.(params), ...(digest && checksum(digest)) };
  const at = (base: string) => (base.includes("{") ? fill(base, values) : addressBelow(base, relative));
  const sources = upstreamsOf(route, params).flatMap((name): Source[] => {
    const bases = mount.upstreams.get(name) ?? [declared[name] ?? []].flat();
    const registries = mount.given.has(name) ? bases.map((base) => [base]) : [bases];
    return registries.map((equals) => ({ registry: equals[0] ?? name, urls: equals.flatMap(at) }));
  });
  const others = also.flatMap((each) => documentAt(mount, each) ?? []);
  return [
    ...sources.filter(({ urls }) => urls.length > 0),
    ...others.flatMap((other) => sourcesOf(other, declared, digest)),
  ];
}

/** The address that is asked first. */
export function firstAddress(target: Target): string | undefined {
  return sourcesOf(target)[0]?.urls[0];
}

/** `{sha256-checksum}`. */
function checksum(digest: Digest): Params {
  const [algorithm, hex] = splitDigest(digest);
  return { [`${algorithm}-checksum`]: hex };
}

/** Nothing where a marker cannot be filled: an address with a hole leads nowhere. */
function fill(template: string, values: Params): string[] {
  const markers = Array.from(template.matchAll(/\{([\w-]+)\}/g), ([, name]) => name!);
  if (markers.some((name) => values[name] === undefined)) return [];
  const address = template.replace(/\{([\w-]+)\}/g, (_, name: string) =>
    encodeURIComponent(values[name]!).replaceAll("%2F", "/"),
  );
  return URL.canParse(address) && isClear(new URL(address)) ? [address] : [];
}

/** Where upstream has what a mount serves at a path, as far as that can be told without asking; `undefined` where it cannot. */
export function originOf(mount: Mount, path: Path): string | undefined {
  const match = matchIn(mount, "GET", path);
  if (typeof match === "number" || (match.route.kind !== "artifact" && match.route.kind !== "metadata"))
    return undefined;
  return firstAddress(targetOf(mount, match.route, match.params, path));
}

/** The path under which a file or document of a mount is held, whichever spelling of it is given. */
export function canonicalIn(mount: Mount, path: Path): Path {
  const match = matchIn(mount, "GET", path);
  if (typeof match === "number" || (match.route.kind !== "artifact" && match.route.kind !== "metadata")) return path;
  return targetOf(mount, match.route, match.params, path).path;
}
