/** Fetches again, through the cache, what stands behind a blob whose bytes are lost. */

import type { Digest, Path } from "../../contract/ecosystem.ts";
import { formatPurl } from "../../contract/purl.ts";
import type { ArtifactRow, DocumentRow } from "../../index/rows.ts";

import { messageOf, NotFound } from "../../lib/errors.ts";
import type { Mount } from "../../mounts/mounts.ts";
import type { Cache } from "../cache.ts";
import { firstAddress, matchIn, type Target, targetOf } from "../target.ts";
import type { Judgement } from "./judgement.ts";

/** A row that names a blob. */
export type Name = { kind: "artifact"; row: ArtifactRow } | { kind: "document"; row: DocumentRow };

/** Everything that names one of these blobs, artifacts first. */
export function namesOf({ context: { artifacts, documents } }: Cache, sha256s: readonly string[]): Name[] {
  return [
    ...artifacts.naming(sha256s).map((row): Name => ({ kind: "artifact", row })),
    ...documents.naming(sha256s).map((row): Name => ({ kind: "document", row })),
  ];
}

/**
 * Holds it again. An artifact, and a document that does not change, must have the bytes that it had; another document may have moved
 * on: then its new version takes its place. Returns the digest that it has now. Throws what fetching throws.
 */
export async function fetchAgain(cache: Cache, mounts: ReadonlyMap<string, Mount>, name: Name): Promise<string> {
  const { row, kind } = name;
  const target = targetAt(mounts, name);
  if (!target) throw new NotFound(`${row.mount}${row.path}: no mount of this configuration has such a path any more`);
  const { route } = target;
  const digest = (): Digest => `sha256:${row.sha256}`;
  if (kind === "artifact" && route.kind === "artifact") {
    const { row: fresh } = await cache.artifacts.hold({ ...target, route: { ...route, digest } });
    if (!fresh) throw new NotFound(`${row.path}: there is no room in the store`);
    // It was stored all the time, as far as its use and its pin are concerned.
    if (fresh.sha256 === row.sha256)
      await cache.context.commit("restoreArtifact", { row: { ...row, size: fresh.size } });
    return fresh.sha256;
  }
  if (kind === "document" && route.kind === "metadata") {
    const same = route.freshness === "immutable" ? { digest } : {};
    await cache.documents.load({ ...target, route: { ...route, ...same } }, { force: true });
    const fresh = cache.documents.held(target.mount, target.path);
    if (!fresh) throw new NotFound(`${row.path}: there is no room in the store`);
    return fresh.sha256;
  }
  throw new NotFound(`${row.mount}${row.path} is no ${kind} any more`);
}

/** What the documents that are stored state of a stored file or document, against what it is. */
export async function judgeName(
  cache: Cache,
  mounts: ReadonlyMap<string, Mount>,
  name: Name,
): Promise<Judgement | undefined> {
  const target = targetAt(mounts, name);
  if (name.kind === "artifact" && target?.route.kind === "artifact")
    return cache.artifacts.judge({ ...target, route: target.route }, name.row);
  if (name.kind !== "document" || target?.route.kind !== "metadata") return undefined;
  const found = cache.documents.contradiction({ ...target, route: target.route }, name.row);
  return found && { kind: "contradicted", ...found };
}

/** Fetches what its index states in place of another version. Returns its digest. Throws what fetching throws. */
export async function replace(cache: Cache, mounts: ReadonlyMap<string, Mount>, name: Name): Promise<string> {
  const target = targetAt(mounts, name);
  if (target?.route.kind === "metadata")
    return (await cache.documents.load({ ...target, route: target.route }, { force: true })).row.sha256;
  if (target?.route.kind !== "artifact") throw new NotFound(`${name.row.mount}${name.row.path} is no file any more`);
  const { row } = await cache.artifacts.hold({ ...target, route: target.route });
  if (!row) throw new NotFound(`${name.row.path} could not be stored`);
  return row.sha256;
}

/** Why a mount's operator does not trust what is held under a name; `undefined` where nothing speaks against it. */
export async function refute(
  cache: Cache,
  mounts: ReadonlyMap<string, Mount>,
  name: Name,
): Promise<string | undefined> {
  const target = mounts.get(name.row.mount)?.trust && targetAt(mounts, name);
  if (!target) return undefined;
  try {
    const { route } = target;
    if (name.kind === "artifact" && route.kind === "artifact")
      await cache.vouching.held({ ...target, route }, name.row);
    if (name.kind === "document" && route.kind === "metadata")
      await cache.documents.requireSigned({ ...target, route }, name.row);
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}

/** The PURL of what a row belongs to, and the address that upstream has it at; empty where there is none. */
export function describe(mounts: ReadonlyMap<string, Mount>, name: Name): { purl: string; origin: string } {
  const target = targetAt(mounts, name);
  const ecosystem = mounts.get(name.row.mount)?.ecosystem;
  const release = name.kind === "artifact" ? name.row : target?.route.release?.(target.params);
  return {
    purl: ecosystem && release?.name ? formatPurl(ecosystem, { name: release.name, version: release.version }) : "",
    origin: name.kind === "document" ? name.row.url : ((target && firstAddress(target)) ?? ""),
  };
}

function targetAt(mounts: ReadonlyMap<string, Mount>, { row }: Name): Target | undefined {
  const mount = mounts.get(row.mount);
  const [path, query] = row.path.split("?") as [Path, string?];
  const match = mount && matchIn(mount, "GET", path);
  if (!match || typeof match === "number") return undefined;
  const { route, params } = match;
  if (route.kind !== "artifact" && route.kind !== "metadata") return undefined;
  const target = targetOf(mount, route, params, path, new URLSearchParams(query));
  return target.path === row.path ? target : undefined;
}
