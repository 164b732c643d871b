/** From a mirror request to what a job does: which registry, which packages of it, which releases and which files. */
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import type { JobSpec, RegistrySpec, ReleaseFilter } from "../../contract/jobs.ts";
import { typesOf } from "../../contract/purl.ts";
import type { Mount } from "../../mounts/mounts.ts";
import type { PartialRequest, Problem } from "./request.ts";

type Settled = Pick<JobSpec, "choice" | "closure" | "refresh" | "registry" | "releases">;

/** What the mounts of this installation cannot do of a request. */
export function refusals(request: PartialRequest, mounts: readonly Mount[]): Problem[] {
  const problems: Problem[] = [];
  const noMount = `there is no such mount; expected ${mounts.map(({ name }) => name).join(", ")}`;
  // Else another mount would be asked in its place.
  if (request.mount !== undefined && mounts.every(({ name }) => name !== request.mount))
    problems.push({ path: ["mount"], message: noMount });
  const { registry, names, snapshot } = request;
  const mount = registry === undefined ? undefined : registryMount(registry, mounts);
  if (registry !== undefined && !mount) problems.push({ path: ["registry"], message: noMount });
  const { catalog } = mount?.ecosystem ?? {};
  if (mount && names === undefined && snapshot === undefined && !catalog?.list && !catalog?.changes)
    problems.push({ path: ["registry"], message: (name) => withoutList(mount, name("names"), name("snapshot")) });
  for (const field of ["names", "snapshot"] as const)
    if (request[field] !== undefined && !existsSync(request[field]))
      problems.push({ path: [field], message: "there is no such file" });
  const type = /^vers:([^/]+)/.exec(request.versions?.range ?? "")?.[1];
  const types = mount && [...typesOf(mount.ecosystem), "generic"];
  if (type && types && !types.includes(type))
    problems.push({
      path: ["versions"],
      message: `${mount.name} has no versions of ${type}; expected vers:${types[0]}/…`,
    });
  return problems;
}

/** `request`: one in which `refusals` finds nothing. */
export function specOf(request: PartialRequest, mounts: readonly Mount[]): Settled {
  const registry = registryOf(request, mounts);
  const releases = releasesOf(request);
  const { platform: platforms = [], sources = true, max_size: maxSize = 0, deps = "none", refresh = false } = request;
  return {
    choice: { platforms, sources, maxSize },
    closure: deps,
    refresh,
    ...(registry && { registry }),
    ...(releases && { releases }),
  };
}

/** By the name of a mount, or else of an ecosystem. */
export function registryMount(asked: string, mounts: readonly Mount[]): Mount | undefined {
  return mounts.find(({ name }) => name === asked) ?? mounts.find(({ ecosystem }) => ecosystem.id === asked);
}

function registryOf(request: PartialRequest, mounts: readonly Mount[]): RegistrySpec | undefined {
  const mount = request.registry === undefined ? undefined : registryMount(request.registry, mounts);
  if (!mount) return undefined;
  const { include = [], exclude = [], gone = "hide", allow_shrink: mayShrink = false } = request;
  const { limit, follow, names, snapshot } = request;
  return {
    mount: mount.name,
    include,
    exclude,
    gone,
    mayShrink,
    ...(limit !== undefined && { limit }),
    ...(follow !== undefined && { follow }),
    ...(names !== undefined && { names: resolve(names) }),
    ...(snapshot !== undefined && { snapshot: resolve(snapshot) }),
  };
}

/** `undefined` where all releases are wanted. */
function releasesOf({ versions, since, prereleases, metadata_only }: PartialRequest): ReleaseFilter | undefined {
  if ([versions, since, prereleases].every((each) => each === undefined) && !metadata_only) return undefined;
  return {
    versions: versions ?? {},
    ...(since !== undefined && { since }),
    ...(prereleases !== undefined && { prereleases }),
    ...(metadata_only && { metadataOnly: true }),
  };
}

function withoutList({ name, ecosystem }: Mount, names: string | undefined, snapshot: string | undefined): string {
  const what = ecosystem.catalog?.snapshot?.what;
  const ways = [
    names && `${names} FILE (a name or package URL a line)`,
    what && snapshot && `${snapshot} FILE (${what})`,
    "package URLs in place of a registry",
  ];
  return `${name} offers no list of its packages. What works: ${ways.filter(Boolean).join(", ")}`;
}
