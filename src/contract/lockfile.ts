/**
 * Lockfiles of projects, and what they and other sources (SBOMs, lists of images) name: each is read as a stream of entries.
 */
import type { Digest } from "./ecosystem.ts";
import type { Purl } from "./purl.ts";

/**
 * Where a source says that it has a package from:
 * `registry`: the address of a registry, or what the configuration calls it;
 * `file`: the address of one of the package's files;
 * `host`: the host of a registry, where a format leaves out the rest;
 * `hint`: an address that may be of a file, and may be of a page about the package;
 * `default`: the ecosystem's default registry, since the source states others where it means these.
 */
export type Origin =
  | {
      kind: "registry" | "file" | "host" | "hint";
      address: string;
      /** Told where no mount has the address. Default: that none has it. */
      reason?: string;
    }
  | {
      kind: "several";
      /** Addresses of registries of which the source does not say which has it; `default`: the ecosystem's default registry. */
      addresses: readonly string[];
    }
  | { kind: "default" };

/** Something that a source names and a registry has. */
export interface Item {
  purl: Purl;
  /** Digests of its files, as the source states them. Several, where any of several files will do. */
  digests?: readonly Digest[];
  /** Absent where the source does not say. A `repository_url` of the package URL counts more. */
  from?: Origin;
  /** Where the source states it, for people: `line 12`, `components[3]`. */
  place: string;
}

/** Something that a source names and no registry has, so that it is told rather than dropped: a workspace member, a git dependency. */
export interface Aside {
  /** As the source calls it. */
  what: string;
  /** Why it is left out: `is a member of the workspace`. */
  reason: string;
  place: string;
  /** It is part of what is being built (the project itself, a member of its workspace), or comes inside something else that is
   * named: nothing need be had for it. */
  isOwn?: boolean;
}

export type Entry = Item | Aside;

export function isItem(entry: Entry): entry is Item {
  return "purl" in entry;
}

/**
 * A lockfile format of an ecosystem's clients. `read` yields entries in any order, equal ones perhaps twice, and throws BadRequest with the place
 * (`line 12: …`) for a text that is not whole: the caller records nothing before the end is reached.
 */
export interface Lockfile {
  /** `pnpm-lock`. */
  id: string;
  /** For people, with the versions that are read: `pnpm-lock.yaml (6, 9)`. */
  title: string;
  /** Whether a file is of this format, by its name (without folders) or, where that is another one, by its content. */
  recognizes(name: string, text: string): boolean;
  /** Whether a file of such a name is another tool's, by its content. Default: never. */
  isOfOthers?(text: string): boolean;
  read(text: string): Iterable<Entry>;
}
