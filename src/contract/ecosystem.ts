/**
 * The contract between a package ecosystem and the proxy.
 *
 * A plugin describes its registry protocol; it never performs one. It does no I/O, keeps no state and knows nothing of
 * HTTP servers, databases or disks. Paths are the common language: a client requests one, a mirror task is one, and a
 * parsed document names more of them.
 */

import type { Catalog } from "./catalog.ts";
import type { FileFacts, Platform } from "./facts.ts";
import type { Lockfile } from "./lockfile.ts";
import type { Purl } from "./purl.ts";
import type { Doc, Route, StoredContent } from "./routes.ts";
import type { SignatureKind } from "./signatures.ts";

export type * from "./catalog.ts";
export type * from "./facts.ts";
export type * from "./lockfile.ts";
export type * from "./routes.ts";
export type { Attestation, DocumentSignatureKind, RegistrySignature, SignatureKind } from "./signatures.ts";

/** Raised when a plugin written for an earlier contract would no longer be understood. */
export const CONTRACT_REVISION = 2;

/** What each revision changed for plugins that exist, by revision: told to who brings one for another. What is only added needs
 * no new revision. */
export const CONTRACT_CHANGES: Readonly<Record<number, string>> = {
  1: "the first",
  2: "nothing synchronous reads beyond the document. `doc.near(path)` is `doc.stored(path)`, and `reads(doc, view)` of the route names the paths; `view.held()` and `view.documents()` are `stored.releases()` and `stored.documents()`, asynchronous, of the last parameter of `offline` and `answer`, which may be async; `seal(stored)` is an async generator; `searchHeld` is `searchStored`, and async",
};

/** A path below the mount point: always starts with a slash, always percent-encoded as sent, without a query. */
export type Path = `/${string}`;

/** `h1` is Go's directory hash (base64 of a sha256 over the sorted list of a zip's files); the others are over the bytes. */
export type Algorithm = "md5" | "sha1" | "sha224" | "sha256" | "sha384" | "sha512" | "blake2b256" | "blake2b512" | "h1";

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

/** `{ name: "repr-digest", value: (hex) => … }`. */
export interface DigestHeader {
  name: string;
  value(hex: string): string;
}

/** Addresses of named upstreams, as upstream itself declares them; several of one name are equals. */
export type Declared = Readonly<Record<string, string | readonly string[]>>;

/** What a plugin may know of the mount that it serves. */
export interface Traits {
  /** The names of its upstreams. */
  upstreams: readonly string[];
  /** What its operator chose of the plugin's `options`, or their defaults. */
  options: Readonly<Record<string, readonly string[]>>;
}

/** The upstream of a mount that is called so: by its name, an alias or its address, with what follows below it (`a.example/team`:
 * the upstream `a.example`, `team`); `undefined` where there is none. */
export type UpstreamAt = (place: string) => { name: string; path: string } | undefined;

/** A setting of a mount, a list of words: `mounts: { debian: { ecosystem: debian, options: { suites: [bookworm] } } }`. */
export interface Option {
  default: readonly string[];
  /** One sentence for the operator. */
  help: string;
}

/** How an ecosystem orders its versions and reads its ranges. */
export interface VersionScheme {
  /** Negative when a is older than b. Total: never throws, whatever the strings. */
  compare(a: string, b: string): number;
  isStable(version: string): boolean;
  /** Pre-releases only where clients may take one; stable versions are preferred by the engine. Never throws. */
  satisfies(version: string, range: string): boolean;
  /** Which of the versions that satisfy a range clients take. Default: `highest`. */
  prefers?(range: string): "highest" | "lowest";
  /** The one spelling of a version, which facts and paths have (`1.0` is NuGet's `1.0.0`). Default: as written. */
  canonical?(version: string): string;
}

export interface Ecosystem {
  /** File name and configuration key. */
  id: string;
  contract: typeof CONTRACT_REVISION;
  /** One line for people: which registry, which clients. */
  title: string;
  /** Package-URL type, when it differs from `id`. */
  purlType?: string;
  /** Further types that it is asked for by. Default: none. */
  purlTypes?: readonly string[];
  /** What a package URL of its types means, and how a package is spelled as one, where they are not the names of each other.
   * `read` throws where it means nothing, with a reason for people. `traits` are those of the mount, where there is one. */
  purl?: {
    read(purl: Purl, upstreamAt: UpstreamAt, traits?: Traits): Package & { version?: string };
    write(pkg: Package & { version?: string }, traits?: Traits): Purl;
  };
  /** Default mount point. Default: `/id`. */
  mount?: Path;
  /** The protocol's published description; the first thing a maintainer opens. */
  spec: string;
  /** Named base URLs without a trailing slash; several under one name are equals, tried in order until one answers. One with
   * `{markers}` is a whole address, filled from the route's params (and `{sha256-checksum}` from the digest). */
  upstreams: Readonly<Record<string, string | readonly string[]>>;
  /** What people call upstreams beside their names and addresses: `{ "docker.io": "default" }`. */
  aliases?: Readonly<Record<string, string>>;
  /** Where a request is meant that says so in its query (containerd's `?ns=`), and headers that its answer has then. */
  readdress?(
    path: Path,
    query: URLSearchParams,
    upstreamAt: UpstreamAt,
  ): { path: Path; headers: Readonly<Record<string, string>> } | undefined;
  /** The base address that is meant by what operators write for a named upstream, where people know it by another one (by the
   * address of its service index). Default: as written. */
  base?(url: string, upstream: string): string;
  /** A document of the `default` upstream that says where other upstreams are, where the operator did not: those of `upstreams`
   * and `places`. */
  discovery?: { path: Path; read(doc: Doc): Declared };
  /** Where this mount serves what lies below a named upstream other than `default`: `{ flat: "/flat" }`; a function where operators name
   * upstreams as they like. For `Doc.pathOf`. */
  places?: Readonly<Record<string, Path>> | ((upstream: string) => Path);
  /** Settings of each mount, by name. */
  options?: Readonly<Record<string, Option>>;
  /** First match wins. */
  routes: readonly Route[];
  /** The metadata paths that together list every release of a package. */
  index(pkg: Package, traits: Traits): readonly Path[];
  /** The files of one release that its index does not name. */
  files?(release: Release, traits: Traits): readonly FileFacts[];
  /**
   * Where clients select versions of all packages together: one of each package, the highest of the minimums that are stated in
   * the graph below what was asked for (Go's minimal version selection), or as `selects` says. It names the document of a release in which its
   * requirements stand, one of `files`; whose qualifiers choose what is held of a release that is in the graph and not selected.
   * Default: each range is resolved for itself, by `versions`.
   */
  graph?(release: Release): FileFacts;
  /**
   * How clients select versions that install no more than one of each package: `compatible`, one that all ranges admit, the
   * preferred first (pip, Bundler); `nearest`, the one whose statement is nearest to what was asked for (Maven), with the document
   * of `graph`. Default: where there is `graph`, the highest minimum; else each range is resolved for itself.
   */
  selects?: "compatible" | "nearest";
  /** Documents of the registry as a whole that clients ask for; a mirror holds them too, where upstream has them. */
  roots?: readonly Path[];
  /** Paths that only a finished mirror job can name, because they depend on all that is stored together (the tiles under one
   * tree head). Called again until it names nothing new. */
  seal?(stored: StoredContent): AsyncIterable<Path>;
  /** A path whose facts or `Last-Modified` date a release, asked for where the index has no dates that policy may trust. */
  datedBy?(release: Release): Path;
  /** Upstream's `Last-Modified` of a file is when the registry accepted it: it dates the file's release. */
  filesAreDated?: boolean;
  /** Qualifiers of PURLs that hold for what a release requires as well (`arch`, `distro`). Default: none. */
  scopes?: readonly string[];
  /** What the names of packages look like, in the registry's spelling. Others are refused before upstream is asked, as are in any
   * case those that would climb in a path. Without the flags `g` and `y`. Default: any. */
  names?: RegExp;
  /** The registry's spelling of a name as people write it in PURLs. Default: unchanged. */
  identity?(name: string): string;
  /** What a name is that SBOMs state and no registry has: part of the toolchain, for which nothing need be held. Said as in
   * "comes with the Go toolchain". Not asked about requirements: `parse` leaves such out. */
  builtIn?(name: string): string | undefined;
  versions: VersionScheme;
  /** Whether what a marker limits, a file or a requirement, is of use on a platform; true where that cannot be told. Absent
   * where clients look for what other platforms need too. Never throws. Default: true. */
  runsOn?(marker: string, platform: Platform): boolean;
  /** The versions of the language that are in use. Where no platform is chosen, each of them has the newest version of a package
   * that it can take, and what is required for none of them is left out. Default: what releases are limited to is not looked at. */
  runtimes?: readonly Platform[];
  /** The registry as a whole: every package, and what changed. */
  catalog?: Catalog;
  /** The lockfiles of its clients' projects, for `proxy mirror --lockfile`. A file is of the first format that knows its name, else its
   * content. Default: none. */
  lockfiles?: readonly Lockfile[];
  /** The kinds of signatures that its registries may have, checked where an operator gives keys. Default: none. */
  signs?: readonly SignatureKind[];
  /** The error body that this protocol's clients show their users; one with a `detail` is sent as problem details
   * (RFC 9457). Default: the message as plain text. */
  problem?(status: number, message: string): object | string;
  /** Upstream response headers that clients rely on, beyond the usual ones. Lowercase. `link` is for the plugin to read: clients get
   * the one that `rewrite` states. */
  keepHeaders?: readonly string[];
  /** Response headers in which clients expect digests of what they are sent (`x-checksum-sha1`), as hex, or in the form that
   * `value` gives it: of the whole, also where a part is sent. One that is named `etag` is the validator. */
  digestHeaders?: Readonly<Partial<Record<Exclude<Algorithm, "h1">, string | DigestHeader>>>;
  /** The line that points the ecosystem's client at a mount, for people. */
  setup(base: string): string;
}
