/** `proxy mirror --registry NAME`: what of a registry is to be held, and how it stands. */
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { mountsOf, openRuntime } from "../../app/runtime.ts";
import type { Gone, JobSpec, RegistrySpec, ReleaseFilter } from "../../contract/jobs.ts";
import { typesOf } from "../../contract/purl.ts";
import { BadRequest, messageOf } from "../../lib/errors.ts";
import { DURATION, parseDuration } from "../../lib/units.ts";
import type { JobStore } from "../../mirror/job/store.ts";
import { parseSince, parseVersions } from "../../mirror/request/versions.ts";
import type { Mount } from "../../mounts/mounts.ts";
import type { Value } from "../argv.ts";
import { type Invocation, type Option, under } from "../command.ts";
import { describeStanding, shownStanding } from "../report/registry-report.ts";
import { WHICH } from "../source-flags.ts";

export const REGISTRY_OPTIONS: readonly Option[] = [
  ...under(WHICH, [
    {
      flag: "--versions <which>",
      describe: "Of packages without a version: all (default), latest, latest:N or a range (vers:npm/>=1.0|<2)",
    },
    {
      flag: "--since <date>",
      describe: "Of packages without a version only releases of that day or later, where their index has dates",
    },
    { flag: "--prereleases", describe: "Count pre-releases among the latest" },
    { flag: "--no-prereleases", describe: "Without pre-releases" },
    { flag: "--metadata-only", describe: "Documents without the files that they name" },
  ]),
  ...under("A whole registry", [
    {
      flag: "--registry <name>",
      describe: "All that a registry has, and later what changed: npm, pypi … or the name of a mount",
    },
    {
      flag: "--include <glob...>",
      describe: "Of a registry only packages that match: pkg:npm/@acme/*, or of names alone: acme-*",
    },
    { flag: "--exclude <glob...>", describe: "Of a registry no packages that match" },
    { flag: "--limit <n>", describe: "Of a registry at most so many packages, the first of its list" },
    {
      flag: "--names <file>",
      describe: "The packages of the registry: a name or package URL a line, in place of its own list",
    },
    {
      flag: "--snapshot <file>",
      describe: "The registry's list as a file, in place of asking for it (docs/mirroring.md)",
    },
    {
      flag: "--gone <policy>",
      describe: "What upstream no longer has: keep it listed, hide it from lists (default), or purge it",
    },
    { flag: "--allow-shrink", describe: "Go on although more than 2 % of a registry's packages are gone at once" },
    { flag: "--follow [interval]", describe: "Look for changes again and again, every 5 minutes or as said" },
    { flag: "--status", describe: "Say how the mirror of a registry stands; fetch nothing" },
  ]),
];

/** Milliseconds. */
const INTERVAL = 5 * 60_000;
/** What is an eternity to follow, or none at all, is a mistake. */
const SHORTEST = 100;

type Flags = Readonly<Record<string, Value>>;

/** The same, as a configuration or a request has it. */
export interface RegistryWords {
  registry?: string | undefined;
  include?: readonly string[] | undefined;
  exclude?: readonly string[] | undefined;
  limit?: number | undefined;
  versions?: string | undefined;
  since?: string | undefined;
  prereleases?: boolean | undefined;
  metadata_only?: boolean | undefined;
  names?: string | undefined;
  snapshot?: string | undefined;
  gone?: string | undefined;
  allow_shrink?: boolean | undefined;
}

/** What a job is asked for by these. Throws BadRequest, in these words. */
export function wholeOf(words: RegistryWords, mounts: readonly Mount[]): Pick<JobSpec, "registry" | "releases"> {
  const { registry, include, exclude, limit, prereleases, metadata_only, allow_shrink, ...texts } = words;
  const flags = {
    ...(registry !== undefined && { registry }),
    ...(include?.length && { include }),
    ...(exclude?.length && { exclude }),
    ...(limit !== undefined && { limit: String(limit) }),
    ...(prereleases !== undefined && { [prereleases ? "prereleases" : "no-prereleases"]: true }),
    ...(metadata_only && { "metadata-only": true }),
    ...(allow_shrink && { "allow-shrink": true }),
    ...(Object.fromEntries(Object.entries(texts).filter(([, text]) => text !== undefined)) as Record<string, string>),
  };
  try {
    const found = registryOf(flags, mounts);
    const releases = releaseFilterOf(flags, found && mountFor(found.mount, mounts));
    return { ...(found && { registry: found }), ...(releases && { releases }) };
  } catch (error) {
    throw new BadRequest(messageOf(error).replaceAll(/--([a-z-]+)/g, (_, flag: string) => flag.replaceAll("-", "_")));
  }
}

/** `undefined` where none is asked for. Throws BadRequest for what makes no sense, and for registries that offer no list. */
export function registryOf(flags: Flags, mounts: readonly Mount[]): RegistrySpec | undefined {
  if (typeof flags.registry !== "string") {
    // Of all, where none is named.
    if (flags.status === true) return undefined;
    const alone = ["include", "exclude", "limit", "names", "snapshot", "gone", "allow-shrink", "follow"];
    const lost = alone.find((name) => flags[name] !== undefined);
    if (lost) throw new BadRequest(`--${lost} is of a registry; --registry NAME says which`);
    return undefined;
  }
  const mount = mountFor(flags.registry, mounts);
  const [names, snapshot] = [fileOf(flags.names, "names"), fileOf(flags.snapshot, "snapshot")];
  const { catalog } = mount.ecosystem;
  if (names && snapshot) throw new BadRequest("--names and --snapshot both stand in for the list; give one of them");
  if (!names && !snapshot && !catalog?.list && !catalog?.changes) throw new BadRequest(without(mount));
  const limit = flags.limit === undefined ? undefined : Number(flags.limit);
  if (limit !== undefined && !(Number.isSafeInteger(limit) && limit > 0))
    throw new BadRequest(`--limit ${String(flags.limit)}: expected a number of packages`);
  const follow = followOf(flags.follow);
  return {
    mount: mount.name,
    include: (flags.include as readonly string[] | undefined) ?? [],
    exclude: (flags.exclude as readonly string[] | undefined) ?? [],
    gone: goneOf(flags.gone),
    mayShrink: flags["allow-shrink"] === true,
    ...(limit !== undefined && { limit }),
    ...(follow !== undefined && { follow }),
    ...(names && { names }),
    ...(snapshot && { snapshot }),
  };
}

/** `undefined` where all releases are wanted. `mount`: the only one that they are of. Throws BadRequest. */
export function releaseFilterOf(flags: Flags, mount?: Mount): ReleaseFilter | undefined {
  const { versions, since, prereleases, "no-prereleases": none, "metadata-only": metadataOnly } = flags;
  if (prereleases && none) throw new BadRequest("--prereleases and --no-prereleases exclude each other");
  if ([versions, since, prereleases, none, metadataOnly].every((flag) => flag === undefined)) return undefined;
  const type = /^vers:([^/]+)/.exec(String(versions ?? ""))?.[1];
  const types = mount && [...typesOf(mount.ecosystem), "generic"];
  if (type && types && !types.includes(type))
    throw new BadRequest(
      `--versions ${String(versions)}: ${mount.name} has no versions of ${type}; expected vers:${types[0]}/…`,
    );
  return {
    versions: versions === undefined ? {} : parseVersions(String(versions)),
    ...(since !== undefined && { since: parseSince(String(since)) }),
    ...((prereleases ?? none) !== undefined && { prereleases: prereleases === true }),
    ...(metadataOnly === true && { metadataOnly }),
  };
}

/** The unfinished job of the same registry that asks for the same; others of it are canceled, what they knew is in its rows. */
export async function unfinishedOf(store: JobStore, spec: JobSpec): Promise<string | undefined> {
  let found: string | undefined;
  for (const { id, spec: other } of store.waiting()) {
    if (other.runBy !== "command" || other.registry?.mount !== spec.registry?.mount) continue;
    if (!found && Bun.deepEquals(other, spec)) found = id;
    else await store.cancel(id);
  }
  return found;
}

/** `--status`. */
export async function tellStanding({ flags, load }: Invocation): Promise<number> {
  const { config, sources, ecosystems } = await load();
  const asked =
    flags.registry === undefined ? undefined : mountFor(String(flags.registry), mountsOf(config, ecosystems)).name;
  const runtime = await openRuntime({ config, sources, pin: false, dry: false, patience: 0, absent: "refuse" });
  try {
    const names = asked ? [asked] : runtime.registries.mirrored();
    const standings = names.flatMap((name) => runtime.registries.standing(name) ?? []);
    if (flags.json === true) console.log(JSON.stringify(standings.map(shownStanding), null, 2));
    else if (standings.length === 0)
      console.log(asked ? `${asked} was never mirrored whole` : "no registry was ever mirrored whole");
    for (const standing of flags.json === true ? [] : standings) console.log(describeStanding(standing));
    return 0;
  } finally {
    await runtime.close();
  }
}

export function without({ name, ecosystem }: Mount): string {
  const what = ecosystem.catalog?.snapshot?.what;
  return `${name} offers no list of its packages. What works: --names FILE (a name or package URL a line)${what ? `, --snapshot FILE (${what})` : ""}, or package URLs under mirrors: in the configuration`;
}

function mountFor(asked: string, mounts: readonly Mount[]): Mount {
  const found = mounts.find(({ name }) => name === asked) ?? mounts.find(({ ecosystem }) => ecosystem.id === asked);
  if (found) return found;
  throw new BadRequest(
    `--registry ${asked}: there is no such mount; expected ${mounts.map(({ name }) => name).join(", ")}`,
  );
}

function fileOf(flag: Value | undefined, name: string): string | undefined {
  if (flag === undefined) return undefined;
  const file = resolve(String(flag));
  if (!existsSync(file)) throw new BadRequest(`--${name}: there is no file ${String(flag)}`);
  return file;
}

function goneOf(flag: Value | undefined): Gone {
  const policy = flag ?? "hide";
  if (policy === "keep" || policy === "hide" || policy === "purge") return policy;
  throw new BadRequest(`--gone ${String(flag)}: expected keep, hide or purge`);
}

function followOf(flag: Value | undefined): number | undefined {
  if (flag === undefined || flag === false) return undefined;
  const interval = flag === true ? INTERVAL : parseDuration(String(flag));
  if (interval === undefined || interval < SHORTEST)
    throw new BadRequest(`--follow=${String(flag)}: expected ${DURATION}, at least ${SHORTEST}ms`);
  return interval;
}
