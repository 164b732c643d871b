/** For whom the pins of a job are: its request, not one run of it. */
import { resolve } from "node:path";
import type { JobSpec, PinOwner } from "../../contract/jobs.ts";
import type { PartialRequest } from "../request/request.ts";

export function pinOwnerOf({ standing, registry, sources, title }: JobSpec): PinOwner {
  if (standing !== undefined) return { kind: "scheduled", name: standing };
  if (registry) return { kind: "registry", name: registry.mount };
  return { kind: "request", name: sources ?? title };
}

/** Identifies what a request names, in whatever order; files by where they are. */
export function sourcesKey({ purls, purls_file, sbom, lockfile, images, set }: PartialRequest): string {
  const files = (paths: readonly string[] = []) => paths.map((path) => resolve(path)).toSorted();
  const named = [purls?.toSorted() ?? [], ...[purls_file, sbom, lockfile, images].map(files), set?.toSorted() ?? []];
  return new Bun.CryptoHasher("sha256").update(JSON.stringify(named)).digest("hex").slice(0, 16);
}
