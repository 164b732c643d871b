/** What a mirror job is, for those who make one, run one and show one. */
import type { Digest, Path, Platform } from "./ecosystem.ts";

/** Which files of a release are wanted. Default: all. */
export interface Choice {
  /** Files and requirements for none of these are left out. Empty: for all. */
  platforms: readonly Platform[];
  /** Source archives beside what is installed. */
  sources: boolean;
  /** Files above this many bytes are left out. 0: no limit. */
  maxSize: number;
}

/** `prod`: what an installer takes; `all`: also what the asked-for releases need for development, and all their extras. */
export type Closure = "none" | "prod" | "all";

/** What a job is run for: to fetch and pin; to plan only, so that nothing stays; to compare what is stored with what clients are told. */
export type JobPurpose = "mirror" | "estimate" | "verify";

/** For whom files and documents are pinned. Running the same request again has the same owner. */
export interface PinOwner {
  kind: "registry" | "scheduled" | "request" | "set" | "person" | "legacy";
  /** A mount, the name of a scheduled job or a set, a digest of a request's sources; `pin`, `legacy`. */
  name: string;
}

export interface JobSpec {
  /** Where it came from, for people: `mirror --lockfile package-lock.json`. */
  title: string;
  /** Who goes on with it after an interruption: whoever says `proxy mirror --resume`, or any server on the store. */
  runBy: "command" | "server";
  /** The name in the configuration of the standing job that this is a run of. */
  standing?: string;
  /** Identifies its sources, so that the same request made again owns the same pins. Absent: a registry. */
  sources?: string;
  choice: Choice;
  closure: Closure;
  /** Downloads at once. */
  concurrency: number;
  /** Whether documents are asked for anew, and releases that are held whole looked at again. */
  refresh: boolean;
  /** All that a registry has, in place of tasks. */
  registry?: RegistrySpec;
  /** It only tells what the registry would come to. */
  dry?: boolean;
  /** Of packages that are named without a version, these releases. Default: all. */
  releases?: ReleaseFilter;
}

/** What becomes of that which upstream no longer has: listed and served as before; served, but not listed; removed. */
export type Gone = "keep" | "hide" | "purge";

/** A whole registry, or what filters leave of it. */
export interface RegistrySpec {
  mount: string;
  /** Globs over PURLs, or names; any of these. Empty: all. */
  include: readonly string[];
  exclude: readonly string[];
  /** At most so many packages, the first ones of its list. */
  limit?: number;
  gone: Gone;
  /** Whether a list may be much shorter than it was. */
  mayShrink: boolean;
  /** Milliseconds between looks for changes; absent: one look. */
  follow?: number;
  /** A file that stands in for its list: names, one a line, or a snapshot, as the plugin reads it. */
  names?: string;
  snapshot?: string;
}

/** What a registry would come to, by its list and a look at some of its packages. */
export interface Estimate {
  listed: number;
  /** By the filters. */
  chosen: number;
  sampled: number;
  /** Of all that are chosen, about: what is not held yet. */
  files: number;
  /** Bytes of those whose size an index states. */
  bytes: number;
  /** Files whose size no index states. */
  unknown: number;
  /** Packages of the sample that could not be looked at, and why. */
  failures: string[];
}

/** What the feed of a registry is doing, and how far it has come. */
export interface FeedState {
  phase: "listing" | "following" | "waiting" | "done";
  /** How often upstream was looked at again. */
  looks: number;
  /** Packages that were due when it began. */
  before: number;
  recorded: Recorded;
  /** When something was recorded last; milliseconds since 1970. */
  recordedAt: number;
}

/** What a catalog's events came to. */
export interface Recorded {
  seen: number;
  /** That is to be held. */
  news: number;
  gone: number;
}

/** Which releases of a package. */
export interface ReleaseFilter {
  versions: { latest?: number; range?: string };
  /** Published then or later; milliseconds since 1970. */
  since?: number;
  /** false: none; true: counted among the latest too. Absent: of the latest, only where there is nothing else. */
  prereleases?: boolean;
  /** Documents without the files that they name. */
  metadataOnly?: boolean;
}

/** One thing to hold, with all its files. */
export type Task = ReleaseTask | PathTask;

export interface ReleaseTask {
  mount: string;
  purl: string;
  name: string;
  /** Absent: all of the package's. */
  version?: string;
  qualifiers?: Readonly<Record<string, string>>;
  /** Where its source states digests: the files that have them, and no others. */
  digests?: readonly Digest[];
  /** Extras or features whose requirements are wanted too. */
  asks?: readonly string[];
  /** Whether someone asked for it, rather than for what requires it. */
  isRoot?: boolean;
  /** What it is in the graph of something that was asked for: `selected` (it is to be installed), or `loaded` (clients read what it
   * requires). The document that states that is held already, and followed. */
  inGraph?: "selected" | "loaded";
  /** Where a registry's catalog named it: that it is not there is then no failure. */
  listing?: {
    /** What documents with revisions of their own must have. */
    revision?: string;
    /** The revision as of which it is held. */
    held?: string;
    /** When it was listed so, milliseconds since 1970: documents that upstream was asked for since then are as new. Absent: none is. */
    since?: number;
    /** Whether its documents changed since they were last asked for. */
    isNews: boolean;
    /** Whether it may be about to come: nothing of it was held yet, and it will be asked for again. */
    mayCome?: boolean;
  };
}

export interface PathTask {
  mount: string;
  path: Path;
  /** Its absence upstream is no failure. */
  optional?: boolean;
}

export function isRelease(task: Task): task is ReleaseTask {
  return "purl" in task;
}
