import { typesOf } from "../../contract/purl.ts";
import { NotFound } from "../../lib/errors.ts";
import type { Mount } from "../../mounts/mounts.ts";
import type { Dispatch } from "./dispatch.ts";
import type { Ledger } from "./ledger.ts";
import type { Outcome, Progress } from "./progress.ts";
import type { Runner } from "./tasks.ts";
import { Work } from "./work.ts";

/**
 * Holds what clients ask of each registry as a whole, and what only the finished set can name. Of that only what had to be
 * fetched counts: a job that is tried again ends more than once.
 */
export async function finish(job: {
  ledger: Ledger;
  pool: Runner;
  dispatch: Dispatch;
  mounts: ReadonlyMap<string, Mount>;
  tell?: (outcome: Outcome) => void;
  progress: Progress;
}): Promise<void> {
  const { ledger, pool, dispatch, mounts, tell, progress } = job;
  for (const mount of await ledger.mounts()) {
    const { ecosystem } = mounts.get(mount) ?? {};
    if (!ecosystem) continue;
    for (const { entry, reason } of (await ledger.odd?.()) ?? [])
      tell?.({
        mount,
        purl: `pkg:${typesOf(ecosystem)[0]}`,
        outcome: "left out",
        reason: `an entry of the registry's list makes no sense: ${entry}: ${reason}`,
      });
    const work = new Work(progress, mount, `pkg:${typesOf(ecosystem)[0]}`);
    for (const path of ecosystem.roots ?? []) {
      try {
        const { fetched, bytes, size, sha256, staged = [] } = await dispatch.hold({ mount, path, options: {} });
        if (staged.length > 0) await pool.run("publish", { mount, staged });
        if (fetched) work.count({ total: 1, completed: 1, bytes });
        tell?.({
          mount,
          purl: work.purl,
          path,
          digest: `sha256:${sha256}`,
          size,
          outcome: fetched ? "fetched" : "held",
        });
      } catch (error) {
        if (!(error instanceof NotFound)) work.fail(error);
      }
    }
    try {
      const { held, failed } = ecosystem.seal ? await pool.run("seal", { mount }) : { held: [], failed: [] };
      for (const { fetched, bytes } of held) if (fetched) work.count({ total: 1, completed: 1, bytes });
      for (const { path, reason } of failed)
        work.add({ mount, purl: `pkg:${ecosystem.id}`, path, reason, isPassing: true });
    } catch (error) {
      work.fail(error);
    }
    // What was broken off is no failure; whoever goes on with the job does this again.
    if (ledger.isCanceled()) return;
    for (const { isPassing: _, ...failure } of work.failures) tell?.({ ...failure, outcome: "failed" });
    await ledger.finish(work.counts, work.failures);
  }
}
