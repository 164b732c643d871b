/** A dry run of a registry: what it would come to, from the list and a look at some of its packages. */

import { join } from "node:path";
import type { Cache } from "../cache/cache.ts";
import type { Estimate, JobSpec, RegistrySpec } from "../contract/jobs.ts";
import { formatPurl } from "../contract/purl.ts";
import { openDatabase } from "../index/sqlite/open.ts";
import { sqliteIndex } from "../index/sqlite/sqlite-index.ts";
import { counted, formatSize } from "../lib/sizes.ts";
import { Job, type JobOptions } from "../mirror/job/job.ts";
import { MemoryLedger } from "../mirror/job/ledger.ts";
import type { Outcome } from "../mirror/job/progress.ts";
import { Feed } from "../mirror/registry/feed.ts";
import { UpstreamReader } from "../mirror/registry/reader.ts";
import type { Mount } from "../mounts/mounts.ts";

/** Packages that are looked at, chosen by chance. */
const SAMPLE = 200;

/** `folder`: for the list, while it is looked at. Throws BadRequest where there is none to be had. */
export async function estimate(
  spec: JobSpec & { registry: RegistrySpec },
  {
    cache: { context, documents },
    mounts,
    folder,
  }: { cache: Cache; mounts: ReadonlyMap<string, Mount>; folder: string },
  running: Pick<JobOptions, "pool" | "mounts" | "window">,
): Promise<Estimate> {
  const mount = mounts.get(spec.registry.mount)!;
  const database = openDatabase(join(folder, "listed.db"));
  try {
    const index = sqliteIndex(database);
    const { follow: _follow, ...once } = spec.registry;
    const feed = new Feed({
      mount,
      spec: once,
      filters: "",
      isAnew: false,
      reader: new UpstreamReader(mount, context.upstream, () => documents.declared(mount)),
      index,
      context: { ...context, ...index },
    });
    await feed.run();
    const { due: chosen = 0, ...others } = await index.listed.byState(mount.name);
    const ledger = new MemoryLedger();
    const sample = await index.listed.sample(mount.name, SAMPLE);
    for (const { name, version } of sample) {
      const wanted = { name, ...(version && { version }) };
      await ledger.add([
        { ...wanted, mount: mount.name, purl: formatPurl(mount.ecosystem, wanted), listing: { isNews: false } },
      ]);
    }
    const found = { files: 0, bytes: 0, unknown: 0 };
    const failures: string[] = [];
    const tell = ({ outcome, size, purl, reason = "" }: Outcome) => {
      if (outcome === "failed") failures.push(`${purl}: ${reason}`);
      if (outcome !== "planned") return;
      found.files++;
      found.bytes += size ?? 0;
      found.unknown += Number(size === undefined);
    };
    const { registry: _, ...packages } = spec;
    await new Job({ ...running, ledger, spec: packages, purpose: "estimate", tell }).run();
    const factor = sample.length > 0 ? chosen / sample.length : 0;
    return {
      listed: Object.values(others).reduce((sum, count) => sum + count, chosen),
      chosen,
      sampled: sample.length,
      files: Math.round(found.files * factor),
      bytes: Math.round(found.bytes * factor),
      unknown: Math.round(found.unknown * factor),
      failures,
    };
  } finally {
    await database.close();
  }
}

export function describeEstimate(registry: string, found: Estimate): string {
  const { listed, chosen, sampled, files, bytes, unknown, failures } = found;
  const about = sampled < chosen ? `about, by ${sampled} of them` : "all of them looked at";
  const sizes =
    unknown > 0 ? `${formatSize(bytes)}, without ${unknown} of them whose size no index states` : formatSize(bytes);
  const lines = failures.map((failure) => `cannot be planned: ${failure}`);
  return [
    `${registry}: ${counted(listed, "package")} listed, ${chosen} chosen; to fetch (${about}): ${counted(files, "file")}, ${sizes}`,
    ...lines,
  ].join("\n");
}
