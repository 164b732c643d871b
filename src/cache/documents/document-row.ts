import type { MetadataRoute } from "../../contract/ecosystem.ts";
import type { DocumentRow } from "../../index/rows.ts";

import { ageOf } from "../../lib/clock.ts";
import { digestHeaders } from "../artifacts/digest-headers.ts";
import type { Context } from "../context.ts";
import type { Target } from "../target.ts";
import type { Downloaded } from "../transfer/download.ts";
import type { Head } from "../transfer/partial-body.ts";

/** What is noted of a document that has just come. */
export function rowOf(
  { now }: Pick<Context, "now">,
  { mount, path, route }: Target<MetadataRoute>,
  { head, digests, size }: Downloaded,
  revision: number | undefined,
): DocumentRow {
  const at = now();
  return {
    mount: mount.name,
    path,
    sha256: digests.sha256,
    size,
    mediaType: head.mediaType,
    url: head.url,
    ...registryIn(head),
    ...validatorsOf(head),
    headers: { ...head.headers, ...((!route.rewrite || route.asIs) && digestHeaders(mount, digests)) },
    revision: revision ?? null,
    fetchedAt: at,
    checkedAt: at,
    usedAt: at,
    pinned: false,
    owner: mount.owner,
  };
}

export function validatorsOf({ etag, lastModified }: Head): Pick<DocumentRow, "etag" | "lastModified"> {
  return { etag: etag ?? null, lastModified: lastModified ?? null };
}

export function registryIn({ registry }: Head): Pick<DocumentRow, "registry"> {
  return { registry: registry ?? null };
}

/** The headers by which upstream can say that what is held is current (RFC 9110 13.1). */
export function conditional(row: Pick<DocumentRow, "etag" | "lastModified"> | undefined): Record<string, string> {
  if (row?.etag) return { "if-none-match": row.etag };
  return row?.lastModified ? { "if-modified-since": row.lastModified } : {};
}

/** Milliseconds for which its freshness is over; Infinity where it was checked in the future. Negative: it is fresh. */
export function lateness(
  target: Target<MetadataRoute>,
  { checkedAt }: Pick<DocumentRow, "checkedAt">,
  now: number,
): number {
  const fresh = freshness(target);
  return fresh === Number.POSITIVE_INFINITY ? Number.NEGATIVE_INFINITY : ageOf(checkedAt, now) - fresh;
}

/** Milliseconds that a document may be sent without asking upstream. */
export function freshness({ mount, route }: Target<MetadataRoute>): number {
  if (route.freshness === "immutable") return Number.POSITIVE_INFINITY;
  return route.freshness === undefined ? mount.ttl : route.freshness * 1_000;
}
