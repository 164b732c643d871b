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

export interface JobSpec {
  /** Where it came from, for people: `mirror --lockfile package-lock.json`. */
  title: string;
  /** Who goes on with it after an interruption: whoever says `proxy mirror --resume`, or any server on the store. */
  runBy: "command" | "server";
  /** The name in the configuration of the standing job that this is a run of. */
  standing?: string;
  choice: Choice;
  closure: Closure;
  /** Downloads at once. */
  concurrency: number;
  /** Whether documents are asked for anew, and releases that are held whole looked at again. */
  refresh: boolean;
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
