import type { ArtifactRoute, Digest } from "../../contract/ecosystem.ts";
import type { ArtifactRow } from "../../index/rows.ts";

import type { Context } from "../context.ts";
import type { FileFact } from "../documents/facts.ts";
import type { Target } from "../target.ts";
import type { Downloaded } from "../transfer/download.ts";
import { digestHeaders } from "./digest-headers.ts";

/** What is noted of a file that has just come. `fact`: what describes it; `verified`: the digest that it was compared with. */
export function rowOf(
  { now }: Pick<Context, "now">,
  { mount, route, params, path }: Target<ArtifactRoute>,
  fact: FileFact | undefined,
  { head, digests, size }: Downloaded,
  verified: Digest | undefined,
): ArtifactRow {
  const at = now();
  const modified = Date.parse(head.lastModified ?? "");
  const { name, version } = fact ?? route.release?.(params) ?? { name: "", version: "" };
  return {
    mount: mount.name,
    path,
    sha256: digests.sha256,
    size,
    mediaType: head.mediaType || "application/octet-stream",
    name,
    version,
    publishedAt: fact?.publishedAt ?? (Number.isNaN(modified) ? null : modified),
    headers: { ...head.headers, ...digestHeaders(mount, digests) },
    fetchedAt: at,
    usedAt: at,
    hits: 0,
    pinned: false,
    owner: mount.owner,
    verified: verified ?? null,
    etag: head.etag ?? null,
    lastModified: head.lastModified ?? null,
    registry: head.registry ?? null,
    checkedAt: null,
  };
}
