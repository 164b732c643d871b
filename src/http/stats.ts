import { z } from "zod";
import type { Cache } from "../cache/cache.ts";
import { formatSize } from "../lib/sizes.ts";
import type { Mount } from "../mounts/mounts.ts";

export const statsSchema = z.object({
  cached_artifacts: z.number().int().describe("Immutable files held"),
  total_size_bytes: z.number().int().describe("Bytes of the blobs held; equal files count once"),
  total_size: z.string().describe("The same for people"),
  storage_url: z.string(),
  database_path: z.string(),
  mounts: z.array(
    z.object({
      mount: z.string(),
      ecosystem: z.string(),
      artifacts: z.number().int(),
      bytes: z.number().int().describe("Before equal files are counted once"),
    }),
  ),
});

export type Stats = z.infer<typeof statsSchema>;

/** What is held. Field names are those of the Go peer where it has them. */
export function statsOf(
  { context }: Pick<Cache, "context">,
  mounts: Iterable<Pick<Mount, "name" | "ecosystem">>,
  databasePath: string,
): Stats {
  const { artifacts, bytes } = context.blobs.totals();
  const held = new Map(context.artifacts.byMount().map((row) => [row.mount, row]));
  return {
    cached_artifacts: artifacts,
    total_size_bytes: bytes,
    total_size: formatSize(bytes),
    storage_url: context.storage.url,
    database_path: databasePath,
    mounts: Array.from(mounts, ({ name, ecosystem }) => ({
      mount: name,
      ecosystem: ecosystem.id,
      artifacts: held.get(name)?.artifacts ?? 0,
      bytes: held.get(name)?.bytes ?? 0,
    })),
  };
}
