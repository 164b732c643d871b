/** Where a process puts what it only looks at. */
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Pool } from "../workers/pool.ts";

/** A name for such a folder. */
export function dryFolder(): string {
  return join(tmpdir(), `proxy-dry-run-${process.pid}-${crypto.randomUUID().slice(0, 8)}`);
}

/** Ends the threads that look, and removes the folder: they would do it when the process ends, but a server goes on. */
export async function discard(folder: string, pool: Pick<Pool<never>, "close" | "gone">): Promise<void> {
  pool.close();
  // Until then they store what was under way.
  await pool.gone();
  await rm(folder, { recursive: true, force: true }).catch(() => {});
}
