import type { Digests } from "../../contract/digest.ts";
import type { Algorithm } from "../../contract/ecosystem.ts";
import type { Mount } from "../../mounts/mounts.ts";

/** The digests that a mount's clients read from headers, which spares them a request each. Of those that share a header the
 * first; the others are sent where they were computed to verify the bytes. */
export function digestAlgorithms({ ecosystem }: Pick<Mount, "ecosystem">): Algorithm[] {
  const entries = Object.entries(ecosystem.digestHeaders ?? {});
  const nameOf = (header: (typeof entries)[number][1]) => (typeof header === "string" ? header : header.name);
  const first = new Map(entries.toReversed().map(([algorithm, header]) => [nameOf(header), algorithm]));
  return [...first.values()] as Algorithm[];
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
