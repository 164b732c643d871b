/**
 * The contract between a package ecosystem and the proxy.
 *
 * A plugin describes its registry protocol; it never performs one. It does no I/O, keeps no state and knows nothing of
 * HTTP servers, databases or disks. Paths are the common language: a client requests one, a mirror task is one, and a
 * parsed document names more of them.
 */

import type { Facts, FileFacts, Platform } from "./facts.ts";

export type * from "./facts.ts";

/** Raised when a plugin written for an earlier contract would no longer be understood. */
export const CONTRACT_REVISION = 1;

/** A path below the mount point: always starts with a slash, always percent-encoded as sent, without a query. */
export type Path = `/${string}`;

/** `h1` is Go's directory hash (base64 of a sha256 over the sorted list of a zip's files); the others are over the bytes. */
export type Algorithm = "md5" | "sha1" | "sha256" | "sha512" | "h1";

/** An expected content hash: algorithm and lowercase hex (`h1`: base64). */
export type Digest = `${Algorithm}:${string}`;

/** What a pattern captured, percent-decoded. Optional groups that took no part are absent. */
export type Params = Readonly<Record<string, string>>;

/** `/:name/-/:file` captures single segments, `:rest+` one or more; a RegExp with named groups for the rest. */
export type Pattern = Path | RegExp;

/** Seconds a copy is served without asking upstream again; `immutable` copies are never asked for again. */
export type Freshness = number | "immutable";

/** A package as its ecosystem names it, namespace included: `@scope/name`, `org.acme/lib`, `golang.org/x/text`. */
export interface Package {
  name: string;
  /** The qualifiers of the PURL that was asked for (`type`, `classifier`, `arch` …). */
  qualifiers?: Readonly<Record<string, string>>;
}

/** A package and one label of it. The engine spells it as a PURL wherever people see it. */
export interface Release extends Package {
  version: string;
}

interface RouteBase {
  match: Pattern;
  /** Default: GET and HEAD. Where only another method of a path matches, the answer is 405; otherwise 404. */
  methods?: readonly ("GET" | "HEAD" | "POST" | "PUT")[];
}

interface Fetched extends RouteBase {
  /** Which named upstreams may hold it, tried in order. Default: `default`. A route whose upstreams are all unknown to
   * the mount does not match. */
  from?: string | readonly string[] | ((p: Params) => string | readonly string[]);
  /** The one spelling of the path that facts use and the cache is keyed by, where clients have several (`@scope%2fname`,
   * `Foo_Bar`, `%21`). Default: the path as sent. */
  canonical?(p: Params): Path;
  /** Its path at upstream. Default: the canonical path. */
  to?(p: Params): Path;
  /** Values for markers of a whole address that no param has as it is (`{prefix}` of a crate); slashes in them stay. */
  markers?(p: Params): Params;
  /** Names of query parameters that belong to the request; they are sent upstream, others are dropped. Default: none. */
  query?: readonly string[];
}

/** Bytes or documents that something else in the registry vouches for. */
interface Described extends Fetched {
  /** The release the path belongs to, as far as the path tells. What facts say of the path wins. */
  release?(p: Params): Release | undefined;
  /** The digest, where the path itself states it. Otherwise facts supply it. */
  digest?(p: Params): Digest | undefined;
  /** The documents that state the digest and date of this path, read before it is fetched.
   * Default: `index` of the release's package; return `[]` where nothing vouches for it. `upstreams`: the names that the
   * mount knows. */
  describedBy?(p: Params, path: Path, upstreams: readonly string[]): readonly Path[];
}

/** Bytes that never change once published: verified, streamed, stored by digest, served for ever. */
export interface ArtifactRoute extends Described {
  kind: "artifact";
  /** A member of the file, which is then a zip archive, that states what its index may not (a wheel's METADATA). Read by
   * mirrors, once the file is stored. */
  inside?: { member: RegExp; parse(doc: Doc): Facts };
}

/** A document that is read for facts, may change (revalidated) and may be rewritten on the way out. */
export interface MetadataRoute extends Described {
  kind: "metadata";
  /** Default: the mount's configured freshness. An immutable document is verified like an artifact where facts know it. */
  freshness?: Freshness;
  /** The `Accept` header sent upstream. Default: none. */
  accept?: string;
  /** Media types that `rewrite` can produce, the default first; the client's `Accept` chooses. Default: as upstream. */
  variants?: readonly string[];
  /** What the document says about releases, and which documents it leads to. Throws where the document is not one. */
  parse?(doc: Doc): Facts;
  /** The document as clients should see it; `undefined` where all of it is withheld. Absent for signed documents, which
   * pass untouched. */
  rewrite?(doc: Doc, view: View): Body | undefined;
}

/** Composed from the bytes that this proxy serves at another path, so that the two always agree: checksums of a filtered
 * index, one version cut out of a package document. */
export interface DerivedRoute extends RouteBase {
  kind: "derived";
  of(p: Params): Path;
  /** `undefined`: there is no such thing (404). */
  derive(served: Uint8Array, p: Params): Body | undefined;
}

/** Streamed both ways and never stored: search, audit. */
export interface PassthroughRoute extends Fetched {
  kind: "passthrough";
  /** The answer where nothing may be dialled. Default: 503. */
  offline?(p: Params, query: URLSearchParams, held: () => Iterable<Release>): object | string;
}

/** Composed here without asking upstream: handshakes and registry configuration files. */
export interface AnswerRoute extends RouteBase {
  kind: "answer";
  /** The route exists only where the mount has this upstream. Default: everywhere. */
  from?(p: Params): string;
  /** An object is sent as JSON, a string as text. */
  answer(p: Params, view: View): object | string;
}

/** Refused, with a reason that the client shows its user. */
export interface DenyRoute extends RouteBase {
  kind: "deny";
  status: 403 | 404 | 405 | 410;
  reason: string;
}

/** The first route whose pattern and method match is taken. */
export type Route = ArtifactRoute | MetadataRoute | DerivedRoute | PassthroughRoute | AnswerRoute | DenyRoute;

/** A body alone, or with the media type and further headers that its clients need. */
export type Body =
  | string
  | Uint8Array
  | { body: string | Uint8Array; mediaType?: string; headers?: Record<string, string> };

/** A metadata document as upstream sent it, decompressed. */
export interface Doc {
  readonly path: Path;
  readonly params: Params;
  /** As upstream stated it, without parameters, lowercase; empty when it did not. */
  readonly mediaType: string;
  bytes(): Uint8Array;
  text(): string;
  json<T>(): T;
  /** Where this mount serves a URL found in the document (absolute or relative to it); `undefined` when the URL lies
   * under none of the mount's upstreams. */
  pathOf(url: string): Path | undefined;
  /** Another document of the mount, if it is held already. A parser that needs it names it in `follow`, and is asked
   * again once it is there (a POM's parents). */
  near(path: Path): Doc | undefined;
}

/** How the client's side of the proxy looks while one document is rewritten. */
export interface View {
  /** The media type to produce: one of the route's variants, or upstream's where it names none. */
  readonly variant: string;
  /** True where nothing may be dialled: only what is held is admitted. */
  readonly offline: boolean;
  /** The public URL of a path below this mount. */
  link(path: Path): string;
  /** Whether clients may see this release (cooldown; offline: any file of it is held), or this file of it. */
  admits(release: Release, file?: Path): boolean;
}

/** How an ecosystem orders its versions and reads its ranges. */
export interface VersionScheme {
  /** Negative when a is older than b. Total: never throws, whatever the strings. */
  compare(a: string, b: string): number;
  isStable(version: string): boolean;
  /** Pre-releases only where clients may take one; stable versions are preferred by the engine. Never throws. */
  satisfies(version: string, range: string): boolean;
  /** Which of the versions that satisfy a range clients take. Default: `highest`. `lowest`: Go's minimal version selection. */
  prefers?: "highest" | "lowest";
}

/** Reads upstream through the cache. The only I/O a plugin ever sees, and only in `catalog`. */
export interface Reader {
  json<T>(path: string, options?: ReadOptions): Promise<T>;
  text(path: string, options?: ReadOptions): Promise<string>;
}

export interface ReadOptions {
  /** Named upstream. Default: `default`. */
  upstream?: string;
  /** First byte wanted, for documents that only grow. */
  from?: number;
}

/** One thing that a whole-registry feed says. */
export type CatalogEvent =
  | { type: "changed"; package: Package; publishedAt?: Date }
  | { type: "gone"; package: Package; version?: string }
  /** The feed cannot say what happened since the checkpoint: list again and compare. */
  | { type: "resync" };

/** A page of the whole registry and where to resume once its events are queued. The checkpoint is opaque to the engine. */
export interface CatalogPage {
  events: readonly CatalogEvent[];
  checkpoint: string;
}

export interface Ecosystem {
  /** File name and configuration key. */
  id: string;
  contract: typeof CONTRACT_REVISION;
  /** One line for people: which registry, which clients. */
  title: string;
  /** Package-URL type, when it differs from `id`. */
  purlType?: string;
  /** Default mount point. Default: `/id`. */
  mount?: Path;
  /** The protocol's published description; the first thing a maintainer opens. */
  spec: string;
  /** Named base URLs without a trailing slash; several under one name are tried in order until one has the file. One with
   * `{markers}` is a whole address, filled from the route's params (and `{sha256-checksum}` from the digest). */
  upstreams: Readonly<Record<string, string | readonly string[]>>;
  /** A document of the `default` upstream that says where other upstreams are, where the operator did not. */
  discovery?: { path: Path; read(doc: Doc): Readonly<Record<string, string>> };
  /** First match wins. */
  routes: readonly Route[];
  /** The metadata paths that together list every release of a package. */
  index(pkg: Package): readonly Path[];
  /** The files of one release that its index does not name. `upstreams`: the names that the mount knows. */
  files?(release: Release, upstreams: readonly string[]): readonly FileFacts[];
  /** Documents of the registry as a whole that clients ask for; a mirror holds them too, where upstream has them. */
  roots?: readonly Path[];
  /** Paths that only a finished mirror job can name, because they depend on all that is held together (the tiles under one
   * tree head). `held` lists the paths of held documents; asked again until it names nothing new. */
  seal?(held: () => Iterable<Path>, read: (path: Path) => Doc | undefined): Iterable<Path>;
  /** A path whose facts or `Last-Modified` date a release, asked for where the index has no dates that policy may trust. */
  datedBy?(release: Release): Path;
  /** The registry's spelling of a name as people write it in PURLs. Default: unchanged. */
  identity?(name: string): string;
  versions: VersionScheme;
  /** Whether what a marker limits, a file or a requirement, is of use on a platform; true where that cannot be told. Absent
   * where clients look for what other platforms need too. Never throws. Default: true. */
  runsOn?(marker: string, platform: Platform): boolean;
  /** Every package of the registry, or what changed since a checkpoint. */
  catalog?(reader: Reader, checkpoint?: string): AsyncIterable<CatalogPage>;
  /** The error body that this protocol's clients show their users; one with a `detail` is sent as problem details
   * (RFC 9457). Default: the message as plain text. */
  problem?(status: number, message: string): object | string;
  /** Upstream response headers that clients rely on, beyond the usual ones. Lowercase. */
  keepHeaders?: readonly string[];
  /** Response headers in which clients expect digests of an artifact (`x-checksum-sha1`); computed while storing. */
  digestHeaders?: Readonly<Partial<Record<Exclude<Algorithm, "h1">, string>>>;
  /** The line that points the ecosystem's client at a mount, for people. */
  setup(base: string): string;
}
