/** What the paths of a mount mean: the kinds of routes, the documents behind them, and how clients see these. */
import type { Digest, Freshness, Package, Params, Path, Pattern, Release, Traits } from "./ecosystem.ts";
import type { Facts } from "./facts.ts";
import type { Attestation, DocumentSignatureKind } from "./signatures.ts";

interface RouteBase {
  match: Pattern;
  /** Default: GET and HEAD. Where only another method of a path matches, the answer is 405; otherwise 404. */
  methods?: readonly ("GET" | "HEAD" | "POST" | "PUT")[];
}

interface Fetched extends RouteBase {
  /** Which named upstreams may hold it; a later one is asked where all before it lack it (404, 410). Default: `default`. A route whose upstreams are all unknown to
   * the mount does not match. */
  from?: string | readonly string[] | ((p: Params) => string | readonly string[]);
  /** The one spelling of the path that facts use and the cache is keyed by, where clients have several (`@scope%2fname`,
   * `Foo_Bar`, `%21`). Default: the path as sent. */
  canonical?(p: Params): Path;
  /** Its path at upstream. Default: the canonical path. */
  to?(p: Params): Path;
  /** Values for markers of a whole address that no param has as it is (`{prefix}` of a crate); slashes in them stay. */
  markers?(p: Params): Params;
  /** Names of query parameters that belong to the request; they are sent upstream, others are dropped. A function where upstream
   * names them as it likes, as in links to further pages, which go back to it as they came. Default: none. */
  query?: readonly string[] | ((name: string) => boolean);
}

/** Bytes or documents that something else in the registry vouches for. */
interface Described extends Fetched {
  /** The release the path belongs to, as far as the path tells. What facts say of the path wins. */
  release?(p: Params): Release | undefined;
  /** The package that it is of, where it is of no single release: of several registries the one that has the package answers.
   * Default: that of `release`. */
  package?(p: Params): string | undefined;
  /** The digest, where the path itself states it. Otherwise facts supply it. */
  digest?(p: Params): Digest | undefined;
  /** The documents that state the digest and date of this path, read before it is fetched.
   * Default: `index` of the release's package; return `[]` where nothing vouches for it. `below`: whichever document that is
   * held below a path states it, the newest first. */
  describedBy?(p: Params, path: Path, traits: Traits): readonly (Path | { below: Path })[];
  /** Further documents that may state its digest, the strongest first. A strong digest in one that is stored comes before what
   * `describedBy` states. One that is not is fetched only where nothing else states a digest and upstream has the path: what is
   * not there costs no further request. Of immutable documents and artifacts. Default: none. */
  orDescribedBy?(p: Params, path: Path): readonly Path[];
}

/**
 * Documents that change together: a root states their digests (`Facts.documents`), and what a name of theirs means is what the
 * root that is served says of it. Where the root says where each content is (`at`), it is replaced once what is in use of its
 * generation is here. Otherwise a new root makes what it names due at once. A root may itself be of the generation of another
 * one (a timestamp names a snapshot, which names an index).
 */
export interface Generation {
  /** What may head it, the first that upstream has: an `InRelease`, else a `Release`. */
  roots: readonly Path[];
  /** Documents without a digest in the root that are only of use together with it: its signature, its other spelling. */
  beside?: readonly Path[];
}

/** Bytes that never change once published: verified, streamed, stored by digest, served for ever. */
export interface ArtifactRoute extends Described {
  kind: "artifact";
  /** It is refused where nothing states its digest. */
  needsDigest?: boolean;
  /** What it is, where the end of its name does not tell: a file whose digest nothing states is stored only if it opens as that. */
  format?: "zip" | "tgz" | "gzip" | "tar";
  /** It may carry signatures by certificates: `zip`, in a member over all the others; `tar`, of each member in one beside it. */
  signed?: "zip" | "tar";
  /** A member of the file, which is then a zip archive, that states what its index may not (a wheel's METADATA). Read by
   * mirrors, once the file is stored. */
  inside?: { member: RegExp; parse(doc: Doc): Facts };
}

/** A document that is read for facts, may change (revalidated) and may be rewritten on the way out. */
export interface MetadataRoute extends Described {
  kind: "metadata";
  /** Default: the mount's configured freshness. An immutable document is verified like an artifact where facts know it. */
  freshness?: Freshness;
  /** Upstream only ever appends to it, but for when it makes it anew: of what is held only the rest is fetched. `trailer`: bytes at its
   * end that are made anew each time (the zeros at the end of a tar archive). */
  grows?: boolean | { trailer: number };
  /** A file that upstream publishes anew at the same path (a snapshot of a library): sent as it is, never read, and as large as an
   * artifact may be. */
  republished?: boolean;
  /** The beginning of it could pass for all of it, as of a list of lines; a function where that depends on its form. It is stored only
   * where its framing or a digest tells that all of it came; otherwise it is sent, and fetched again for the next request. Default:
   * `parse` throws for a part. */
  mayBeCut?: boolean | ((doc: Doc) => boolean);
  /** It points to what else there is (a tag, a signed root): a mirror puts it in the place of the held one only when all that
   * it names, and what that names in turn, is held. */
  pointer?: boolean;
  /** A header of upstream's answers that states the digest of the bytes (`sha256:…`). What is held and due is then compared
   * by HEAD, and fetched where it is another. Lowercase. */
  probe?: string;
  /** It is signed as a whole: in itself, or in the document at another path. Where the mount trusts somebody, it is published only if
   * they signed it. `by` names the verifier; `minisign` has its signatures at another path. Default: `openpgp`. */
  signed?: { at?(p: Params): Path; by?: DocumentSignatureKind };
  /** What somebody attests of the file that it is about. Throws where the document is none of attestations. */
  attests?(doc: Doc): readonly Attestation[];
  /** What clients resolve relative links in it against: the address that answered, after redirects, or the one that was asked.
   * Default: `answered`. */
  linksFrom?: "answered" | "asked";
  /** The `Accept` header sent upstream. Default: none. */
  accept?: string;
  /** Media types that `rewrite` can produce, the default first; the client's `Accept` chooses. Default: as upstream. */
  variants?: readonly string[];
  /** The generation that the document is of, as far as the path tells. Default: none. */
  generation?(p: Params): Generation;
  /** Whether a document beside a root is of its generation, where the two can tell. */
  agrees?(doc: Doc, root: Doc): boolean;
  /** It is a compressed file, or none, as its first bytes tell (gzip, xz, zstd, bzip2): clients and digests get it as it is,
   * `parse` unpacked. Not together with `rewrite`: nothing can be withheld from it, only the files that it names. */
  packed?: boolean;
  /** What the document says about releases, and which documents it leads to. Throws where the document is not one. `only`:
   * nobody asks for releases of other packages; where many are stated, they may be left out, and so may not what provides it. */
  parse?(doc: Doc, only?: Package): Facts;
  /** Other documents of the mount that `parse` and `rewrite` read by `doc.stored` (the parents of a POM). Those of them that are
   * stored are read before; then it is called again, until it names nothing new. `view`: the document is to be rewritten. Not
   * packed ones. Default: none. */
  reads?(doc: Doc, view?: View): Iterable<Path>;
  /** What clients are sent where no upstream requests may be made, composed of what is stored. Default: the stored document. */
  offline?(p: Params, query: URLSearchParams, view: View, stored: StoredContent): MaybePromise<Body>;
  /** The document as clients should see it; `undefined` where all of it is withheld. Absent for signed documents, which
   * pass untouched. */
  rewrite?(doc: Doc, view: View): Body | undefined;
  /** No addresses stand in it: where nothing can be withheld it goes out as upstream sent it. Default: always rewritten. */
  asIs?: boolean;
  /** It speaks of what clients are sent of other documents (their sums). `line` is asked of each that is held below the path,
   * as it is sent now (`undefined`: all of it is withheld); `View.lines` has the answers. */
  covers?: { below: Path; line(doc: Doc, served: Uint8Array | undefined): string };
  /** Offline, where it is not held: a document of nothing, for `rewrite` to put in what is held. */
  blank?: string;
}

/** Composed from the bytes that this proxy serves at another path, so that the two always agree: checksums of a filtered
 * index, one version cut out of a package document. */
export interface DerivedRoute extends RouteBase {
  kind: "derived";
  of(p: Params): Path;
  /** Where upstream does not have the document, the next route that takes the path is asked: of older registries the original.
   * Default: it is not there (404). */
  orOriginal?: boolean;
  /** `undefined`: there is no such thing (404). */
  derive(served: Uint8Array, p: Params): Body | undefined;
}

/** Asked of upstream for each request, and never stored: search, audit. */
export interface PassthroughRoute extends Fetched {
  kind: "passthrough";
  /** What the answer says of releases, for the view of `rewrite`. The query is part of `doc.path`. */
  parse?(doc: Doc): Facts;
  /** What upstream found, as clients should see it. Default: streamed as it is. */
  rewrite?(doc: Doc, view: View): Body;
  /** The answer where no upstream requests may be made. Default: 404. */
  offline?(p: Params, query: URLSearchParams, view: View, stored: StoredContent): MaybePromise<Body>;
}

/** Composed here without asking upstream: handshakes and registry configuration files. */
export interface AnswerRoute extends RouteBase {
  kind: "answer";
  /** The route exists only where the mount has this upstream. Default: everywhere. */
  from?(p: Params): string;
  answer(p: Params, view: View, query: URLSearchParams, stored: StoredContent): MaybePromise<Body>;
}

/** Refused, with a reason that the client shows its user. */
export interface DenyRoute extends RouteBase {
  kind: "deny";
  status: 403 | 404 | 405 | 410;
  reason: string;
}

/** The first route whose pattern and method match is taken. */
export type Route = ArtifactRoute | MetadataRoute | DerivedRoute | PassthroughRoute | AnswerRoute | DenyRoute;

/** A body alone (text, where a media type is not known otherwise), or with the media type and further headers that its
 * clients need. `json` of `proxy/plugin` makes one of an object. */
export type Body =
  | string
  | Uint8Array
  | { body: string | Uint8Array; mediaType?: string; headers?: Record<string, string> };

/** A metadata document as upstream sent it, decompressed where HTTP or `packed` says so. */
export interface Doc {
  readonly path: Path;
  readonly params: Params;
  /** As upstream stated it, without parameters, lowercase; empty when it did not. */
  readonly mediaType: string;
  /** A header of upstream's answer, of those that are kept (`keepHeaders`). */
  header(name: string): string | undefined;
  bytes(): Uint8Array;
  text(): string;
  json<T>(): T;
  /** Where this mount serves a URL found in the document (absolute or relative to it); `undefined` when the URL lies
   * under none of the mount's upstreams. */
  pathOf(url: string): Path | undefined;
  /** A URL found in the document as a whole address; `undefined` where it is none. */
  urlOf(url: string): string | undefined;
  readonly traits: Traits;
  /** Another document of the mount, if it is stored; one that the route's `reads` names, otherwise it throws. A parser that needs
   * it names it in `follow` as well, and is called again once it is there. */
  stored(path: Path): Doc | undefined;
}

/** How the client's side of the proxy looks while one document is rewritten. */
export interface View {
  /** The media type to produce: one of the route's variants, or upstream's where it names none. */
  readonly variant: string;
  /** True where no upstream requests may be made: only what is stored is admitted. */
  readonly offline: boolean;
  /** The public URL of a path below this mount. */
  link(path: Path): string;
  /** What the route's `covers.line` says of each document that it covers. */
  readonly lines: readonly string[];
  /** Whether clients may see this release (cooldown; offline: any file of it is stored), or this file of it. A file that is a
   * document counts as stored where what is rewritten states it, or `files` of the release or `reads` name it. */
  admits(release: Release, file?: Path): boolean;
}

/** What is stored of a mount. Asynchronous: it may be in a database or a store elsewhere. */
export interface StoredContent {
  /** The releases of which a file is stored: of the mount, or of one of its packages. */
  releases(name?: string): AsyncIterable<Release>;
  /** The paths of the stored documents, of those that begin so. */
  documents(start: Path): AsyncIterable<Path>;
  /** A stored document, unpacked where it is packed. */
  read(path: Path): Promise<Doc | undefined>;
}

export type MaybePromise<T> = T | Promise<T>;
