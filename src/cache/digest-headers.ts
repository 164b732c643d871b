import type { Digests } from "../digest.ts";
import type { Algorithm } from "../ecosystem.ts";
import type { Mount } from "../mounts.ts";

/** The digests that a mount's clients read from headers, which spares them a request each. */
export function digestAlgorithms({ ecosystem }: Pick<Mount, "ecosystem">): Algorithm[] {
  return Object.keys(ecosystem.digestHeaders ?? {}) as Algorithm[];
}

/** `{ "x-checksum-sha1": "…" }`. */
export function digestHeaders({ ecosystem }: Pick<Mount, "ecosystem">, digests: Digests): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [algorithm, header] of Object.entries(ecosystem.digestHeaders ?? {})) {
    const digest = digests[algorithm as keyof Digests];
    if (!digest) continue;
    if (typeof header === "string") headers[header] = digest;
    else headers[header.name] = header.value(digest);
  }
  return headers;
}
