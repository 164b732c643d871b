/** Compares a stored file with what the documents that are stored now state of it. */

import type { Storage } from "../../blobs/storage.ts";
import { Hasher, splitDigest } from "../../contract/digest.ts";
import type { ArtifactRoute, Digest } from "../../contract/ecosystem.ts";
import type { ArtifactRow } from "../../index/rows.ts";

import type { DocumentCache } from "../documents/documents.ts";
import { describing, factFor } from "../documents/fact-lookup.ts";
import type { FileFact } from "../documents/facts.ts";
import { replacementKey } from "../documents/replacements.ts";
import { documentAt, type Target } from "../target.ts";
import { hashH1 } from "./h1.ts";

/** What became of a comparison. `verified`: it has the digest that is stated; `unverified`: none is stated. */
export type Judgement =
  | { kind: "verified"; digest: Digest }
  | { kind: "unverified" }
  | { kind: "contradicted"; expected: string; actual: string };

/** What stored documents state of a path, without a look at upstream. Throws what reading them throws. */
export function storedFact(documents: DocumentCache, target: Target): Promise<FileFact | undefined> {
  const loadIfAny: DocumentCache["loadIfAny"] = async (other) => {
    const row = documents.held(other.mount, other.path);
    return row && { row, outcome: "hit" };
  };
  return factFor(
    {
      // Nothing is fetched.
      maxFollowUps: Number.POSITIVE_INFINITY,
      held: (mount, path) => documents.held(mount, path),
      fact: (mount, document, path) => documents.fact(mount, document, path),
      factBelow: (mount, below, path) => documents.factBelow(mount, below, path),
      stated: (other, row) => documents.stated(other, row),
      loadIfAny,
    },
    target,
  );
}

/** Keys of what is looked at for a path, for `Replacements`. */
export function describingKeys(documents: Pick<DocumentCache, "held">, target: Target): string[] {
  const { mount } = target;
  const paths = describing(target);
  // Documents are led to from others, and found below folders.
  if (paths.some((path) => typeof path !== "string") || target.route.describedBy) return [replacementKey(mount.name)];
  return paths.flatMap((path) => {
    if (typeof path !== "string") return [];
    const document = documentAt(mount, path)?.path ?? path;
    const meant = documents.held(mount, document)?.path ?? document;
    return [...new Set([document, meant])].map((each) => replacementKey(mount.name, each));
  });
}

/** `fact`: what is stated now. A digest in the path itself, or a signed one, comes first. */
export async function judge(
  storage: Pick<Storage, "file">,
  { path, route, params }: Target<ArtifactRoute>,
  row: ArtifactRow,
  fact: FileFact | undefined,
): Promise<Judgement> {
  const expected = route.digest?.(params) ?? fact?.digest;
  if (expected) {
    const actual = await digestOf(storage, path, row, expected);
    return actual === expected ? { kind: "verified", digest: expected } : { kind: "contradicted", expected, actual };
  }
  if (fact?.size !== undefined && fact.size !== row.size)
    return { kind: "contradicted", expected: `${fact.size} bytes`, actual: `${row.size} bytes` };
  return row.verified ? { kind: "verified", digest: row.verified } : { kind: "unverified" };
}

/** A stored file's digest by the algorithm of another one. */
async function digestOf(
  storage: Pick<Storage, "file">,
  path: string,
  { sha256, verified }: ArtifactRow,
  expected: Digest,
): Promise<Digest> {
  const [algorithm] = splitDigest(expected);
  if (algorithm === "sha256") return `sha256:${sha256}`;
  if (verified?.startsWith(`${algorithm}:`)) return verified;
  const file = storage.file(sha256);
  if (algorithm === "h1") return `h1:${await hashH1(path, file)}`;
  const hasher = new Hasher([algorithm]);
  for await (const chunk of Bun.file(file).stream()) hasher.update(chunk);
  return `${algorithm}:${hasher.digests()[algorithm]!}`;
}
