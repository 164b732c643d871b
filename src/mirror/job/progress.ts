/** How a mirror job stands. Counts are of files; bytes of those that had to be fetched. */
import type { Path } from "../../contract/ecosystem.ts";

export interface Counts {
  total: number;
  completed: number;
  skipped: number;
  failed: number;
  bytes: number;
}

export interface Failure {
  mount: string;
  purl: string;
  path?: Path;
  reason: string;
  /** Whether trying again may help. */
  isPassing: boolean;
}

export interface Progress extends Counts {
  phase: "resolving" | "downloading" | "complete";
}

/** One file, or one release that has none, and what became of it: a line of a report. */
export interface Outcome {
  mount: string;
  purl: string;
  path?: Path;
  /** `sha256:hex`. */
  digest?: string;
  /** Bytes. */
  size?: number;
  outcome: "planned" | "fetched" | "held" | "unverified" | "failed" | "withheld" | "left out" | "unproven";
  reason?: string;
}

export function noCounts(): Counts {
  return { total: 0, completed: 0, skipped: 0, failed: 0, bytes: 0 };
}

export function addCounts(to: Counts, counts: Counts, sign = 1): void {
  for (const name of ["total", "completed", "skipped", "failed", "bytes"] as const) to[name] += sign * counts[name];
}

/** The counts alone of what has more. */
export function countsOf({ total, completed, skipped, failed, bytes }: Counts): Counts {
  return { total, completed, skipped, failed, bytes };
}
