/** What documents state: the half of the plugin contract that plugins give (`ecosystem.ts` has the other). */
import type { Digest, Path, Release } from "./ecosystem.ts";
import type { RegistrySignature } from "./signatures.ts";

/** What a document states. Facts about files are stored, so digests and dates outlive the document. */
export interface Facts {
  releases?: Iterable<ReleaseFacts>;
  /** Further metadata paths needed for a complete picture: pages, child manifests, parents. */
  follow?: Iterable<Path>;
  /** Documents that say the same in another form, or more that is of no use here: mirrors hold them, where upstream has them,
   * and do not look into them. */
  beside?: Iterable<Path>;
  /** Documents that this one vouches for. */
  documents?: Iterable<DocumentFacts>;
  /** Entries that make no sense, and were left out of all the rest, as clients skip them. To be read after `releases`. */
  leftOut?: Iterable<LeftOut>;
  /** The document's own revision, where it states one that only grows: a smaller one than the held is refused as stale. */
  revision?: number;
}

/** An entry of a document that makes no sense. */
export interface LeftOut {
  /** How it can be found: its version, or its text. */
  entry: string;
  reason: string;
}

/** A document as another one names it. */
export interface DocumentFacts {
  path: Path;
  digest: Digest;
  /** Bytes. */
  size?: number;
  /** Paths of its content, whatever the name may come to mean: it is held at the first, and found at the others. They match a
   * route of immutable metadata. Default: the name itself. */
  at?: readonly Path[];
}

/** Who vouches for a date: the registry, or (Go's commit times) only the author, which no policy may trust. */
export type DateTrust = "server" | "author";

export interface ReleaseFacts extends Release {
  publishedAt?: Date;
  /** Default: `server`. */
  dateTrust?: DateTrust;
  /** What the registry says of the release beside that it exists. Nobody is to take a yanked one anew; an unlisted one is found by
   * those only who name it. */
  state?: "yanked" | "deprecated" | "unlisted";
  files?: readonly FileFacts[];
  /** It is whole without a file: a package that only requires others. Default: what has no file is told to be of no use. */
  hasNoFiles?: true;
  /** Direct dependencies. */
  requires?: readonly Requirement[];
  /** `requires` names all that it needs, what its requirements require too: clients do not look further (Go's graph pruning). Only
   * of use with `graph`. Default: it names its own requirements. */
  requiresAll?: boolean;
  /** Other packages that it stands in for, with the versions that it does so as; without one, only for whoever asks for any. */
  provides?: readonly { name: string; version?: string }[];
  /** Names by which ranges may mean it (npm's dist-tags). */
  tags?: readonly string[];
  /** The environment it is limited to, in the ecosystem's own words. */
  marker?: string;
  /** Why installing it may ask for more than its files and requirements: "runs an install script". Of a release that is
   * stated in parts, each part speaks for its own files. */
  builds?: string;
}

export interface FileFacts {
  /** Where clients of this proxy request it; matches an artifact route or one of immutable metadata. */
  path: Path;
  /** Where upstream keeps it, when no route can say: addresses in the order in which they are tried, before those of its route. Where
   * the digest is stated, the next one is tried where one fails, lacks the file or has other bytes; otherwise only where one
   * lacks it. */
  url?: string | readonly string[];
  digest?: Digest;
  /** Bytes. */
  size?: number;
  /** Which PURL qualifiers choose this file; one that is not stated here chooses nothing. */
  qualifiers?: Readonly<Record<string, string>>;
  /** Its absence upstream is no failure of a mirror. */
  optional?: boolean;
  /** The release is of no use without it: offline it is shown only where this file is stored. Default: where any of its files is. */
  isEssential?: boolean;
  /** The file that this one describes (a signature, a wheel's metadata): it is wanted where that one is. */
  beside?: Path;
  /** By keys of the registry, over the digest that is stated here among others. */
  signatures?: readonly RegistrySignature[];
  /** The document in which those who published it attest its digest (`attests` of its route). */
  attestedIn?: Path;
  /** Whether it is source code or documentation beside what is installed. */
  isSource?: boolean;
  /** The environment it is of use in, in the ecosystem's own words. */
  marker?: string;
}

/** A declared dependency, in the ecosystem's own range language. */
export interface Requirement {
  name: string;
  range: string;
  /** Others that would do as well, the preferred first, where nothing of the name itself can be had. */
  anyOf?: readonly { name: string; range: string }[];
  /** Nothing that an installer takes for a dependency's dependency: for development, tests, or provided by others. */
  optional?: boolean;
  /** Taken where it can be had; its absence is no failure (npm's optionalDependencies). */
  weak?: boolean;
  /** The extras or features of the requiring release, any of which brings it in, directly or through others; none: nothing
   * does. Default: it is always wanted. */
  when?: readonly string[];
  /** The extras or features that it turns on in what it requires, `default` among them where the ecosystem has such. */
  asks?: readonly string[];
  /** The environment it is limited to, in the ecosystem's own words. */
  marker?: string;
  /** Which files of it (`type`, `classifier`). */
  qualifiers?: Readonly<Record<string, string>>;
  /** Names of packages that are not taken below it, a part of which may be `*` (Maven's exclusions). Of use with `nearest`. */
  excludes?: readonly string[];
  /** Where it is, when that is no registry: a repository, an archive. Nothing of it can be mirrored. */
  elsewhere?: string;
}

/** A machine that packages are held for; what is absent is any. */
export interface Platform {
  /** As Node names them: `linux`, `darwin`, `win32`, `freebsd`. */
  os?: string;
  /** `x64`, `arm64`, `ia32`, `arm`, `ppc64`, `s390x`, `riscv64`. */
  arch?: string;
  libc?: "glibc" | "musl";
  /** CPython of that version, `3.11`, or with all later ones, `3.11+`. */
  python?: string;
  /** Ruby of that version, `3.4`. */
  ruby?: string;
}
