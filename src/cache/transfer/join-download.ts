import { readFileSync, statSync } from "node:fs";
import type { ArtifactRow } from "../../index/rows.ts";
import { UpstreamFailed } from "../../lib/errors.ts";
import type { File } from "../artifacts/file.ts";
import type { Context } from "../context.ts";
import { Growing, type Head } from "./partial-body.ts";

/** Milliseconds between looks at a file that another process writes. */
const POLL = 20;

export interface Followed {
  /** The row, if it is there by now. What it throws ends the following. */
  held(): Promise<ArtifactRow | undefined>;
  ready(file: File): void;
  /** Whether it may be passed on before it is stored. */
  mayGrow: boolean;
}

/**
 * Waits for what another thread or process is fetching, and passes it on as it grows.
 * Returns the row once it is stored, or `undefined` when the other gave up and it is our turn. Throws where it gave up
 * in the middle.
 */
export async function follow(
  { storage, leases }: Pick<Context, "storage" | "leases">,
  key: string,
  { held, ready, mayGrow }: Followed,
): Promise<ArtifactRow | undefined> {
  const part = storage.partAt(key);
  let growing: Growing | undefined;
  while (await leases.isLeased(key)) {
    if (growing) growing.grow(Math.max(sizeOf(part) - growing.size, 0));
    else if (mayGrow) {
      const head = headOf(part);
      if (head) {
        growing = new Growing(head, part);
        ready({ kind: "growing", head, growing, key });
      }
    }
    await Bun.sleep(POLL);
  }
  const row = await held();
  if (!growing) {
    if (row) ready({ kind: "held", row });
    return row;
  }
  if (!row) {
    throw new UpstreamFailed("the download that this answer was following failed; ask again", { retryable: true });
  }
  growing.grow(Math.max(row.size - growing.size, 0));
  growing.finish(storage.file(row.sha256));
  return row;
}

/** Written for large bodies only. */
function headOf(part: string): Head | undefined {
  try {
    return JSON.parse(readFileSync(`${part}.json`, "utf8")) as Head;
  } catch {
    return undefined;
  }
}

function sizeOf(path: string): number {
  try {
    return statSync(path).size;
  } catch {
    return 0;
  }
}
