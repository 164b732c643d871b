/** How the mirror of a registry is told: while it runs, and between runs. */
import { counted, formatSize } from "../../lib/sizes.ts";
import type { Progress } from "../../mirror/job/progress.ts";
import type { Opened, Standing } from "../../mirror/registry/registries.ts";

type Live = ReturnType<Opened["live"]>;

/** Field names as in the API. */
export function shownStanding({ mount, packages, caughtUpAt, isListing, size, checkpoint }: Standing) {
  const { due = 0, held = 0, young = 0, failed = 0, left = 0, gone = 0, odd = 0 } = packages;
  return {
    registry: mount,
    packages: { held: held + young, due, failed, left_out: left, gone, odd },
    gaps: due + failed,
    as_of: caughtUpAt === null ? null : new Date(caughtUpAt).toISOString(),
    lag_seconds: caughtUpAt === null ? null : Math.round((Date.now() - caughtUpAt) / 1_000),
    listing: isListing,
    list_size: size,
    checkpoint,
  };
}

export function describeStanding(standing: Standing): string {
  const { registry, packages, gaps, as_of: asOf, lag_seconds: lag } = shownStanding(standing);
  const { held, due, failed, left_out: left, gone, odd } = packages;
  const known = asOf === null ? "its list was never read to the end" : `as of ${asOf} (${lag} s ago)`;
  return `${registry}: ${counted(held, "package")} held, ${counted(gaps, "gap")} (${due} due, ${failed} failed), ${left} left out, ${gone} gone${odd > 0 ? `, ${odd} odd` : ""}; ${known}`;
}

/** Of the packages that are known to be due. */
export function shareOf({ done, queue }: Live): number {
  return done + queue > 0 ? done / (done + queue) : 0;
}

/** What a running job does. The time that is left is of what is known to be due. */
export function describeFeed(
  { phase, seen, done, queue }: Live,
  { completed, skipped, failed }: Progress,
  { received, seconds }: { received: number; seconds: number },
): string {
  const rate = seconds > 0 ? received / seconds : 0;
  const eta = done > 0 && queue > 0 ? `, ${Math.ceil((seconds / done) * queue)} s left` : "";
  const files = `${counted(completed + skipped, "file")}, ${formatSize(received)}, ${formatSize(Math.round(rate))}/s`;
  return `${phase === "done" ? "downloading" : phase}: ${counted(seen, "name")} seen, ${done}/${done + queue} packages, ${files}${eta}${failed > 0 ? `, ${failed} failed` : ""}`;
}
