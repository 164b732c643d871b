import { nameOfOwner } from "../../app/pins.ts";
import { profileOf } from "../../app/profile.ts";
import { mountsOf, openRuntime, type Runtime } from "../../app/runtime.ts";
import { targetsFor } from "../../app/targets.ts";
import { documentAt } from "../../cache/target.ts";
import type { ReleaseFacts } from "../../contract/ecosystem.ts";
import type { ReleaseTask } from "../../contract/jobs.ts";
import { formatPurl, parsePurl } from "../../contract/purl.ts";
import type { Index } from "../../index/port.ts";
import { BadRequest, messageOf } from "../../lib/errors.ts";
import { type OddEntry, walk } from "../../mirror/plan/walk.ts";
import { refusals } from "../../mirror/request/job-spec.ts";
import { isPublicMount } from "../../mirror/sources/addresses.ts";
import type { Mount } from "../../mounts/mounts.ts";
import type { Command } from "../command.ts";
import { requireNone } from "../request-flags.ts";

/** `proxy why PURL`: whether clients may see a release, whether it is held and mirrored, and because of what. */
export const why: Command = {
  name: "why",
  args: "<purl>",
  describe: "Whether a release is admitted, held and mirrored, at each mount of its ecosystem, and because of what",
  options: [{ flag: "--mount <name>", describe: "Only at this mount" }],
  action: async ({ args, flags, load }) => {
    const { config, sources, ecosystems } = await load();
    const [text, ...more] = args;
    if (text === undefined || more.length > 0) throw new BadRequest("why takes one package URL");
    const mounts = mountsOf(config, ecosystems);
    const mount = flags.mount === undefined ? undefined : String(flags.mount);
    requireNone(refusals({ mount }, mounts), { args, flags });
    const all = targetsFor(config, mounts, mount).everywhere(parsePurl(text), text);
    const targets = flags.mount === undefined ? all : all.filter(({ mount }) => mount === flags.mount);
    if (targets.length === 0)
      throw new BadRequest(
        `${text} is nothing that --mount ${String(flags.mount)} has; expected ${all.map(({ mount }) => mount).join(", ")}`,
      );
    if (!targets[0]!.version) throw new BadRequest(`${text}: why needs a version, such as pkg:npm/lodash@4.17.21`);
    const runtime = await openRuntime({
      config,
      sources,
      profile: profileOf("inspect", config),
    });
    try {
      // A name that a private registry has is no business of a public one: that is asked last, and not once another lists it.
      let isListed = false;
      for (const target of targets.toSorted((a, b) => rank(runtime, a) - rank(runtime, b)))
        if (!isListed || (await isKnown(runtime, target))) isListed = (await explain(runtime, target)) || isListed;
    } finally {
      await runtime.close();
    }
    return 0;
  },
};

function rank({ mounts }: Runtime, { mount }: ReleaseTask): number {
  return Number(isPublicMount(mounts.get(mount)!));
}

/** Whether something of the package is held at the mount, so that nobody need be asked. */
async function isKnown(
  { cache, mounts, index: { mirrored } }: Runtime,
  { mount: name, name: pkg, purl }: ReleaseTask,
): Promise<boolean> {
  const mount = mounts.get(name)!;
  const isIndexed = mount.ecosystem.index({ name: pkg }, mount.traits).some((path) => {
    const target = documentAt(mount, path);
    return target !== undefined && cache.documents.held(mount, target.path) !== undefined;
  });
  return (
    isIndexed ||
    cache.context.artifacts.ofPackage(name, pkg).length > 0 ||
    (await mirrored.about(name, purl)).length > 0
  );
}

/** Whether the mount's index lists it. */
async function explain(
  runtime: Runtime,
  { mount: name, name: pkg, version = "", qualifiers }: ReleaseTask,
): Promise<boolean> {
  const release = { name: pkg, version };
  const mount = runtime.mounts.get(name)!;
  console.log(`${formatPurl(mount.ecosystem, release)} through /${name}`);
  const asked = { ...release, ...(qualifiers && { qualifiers }) };
  const { isListed, lines } = await admission(runtime, name, asked);
  for (const line of [
    ...lines,
    holding(runtime, name, release),
    await mirroring(runtime, name, release),
    await pinning(runtime, name, release),
  ])
    console.log(`  ${line}`);
  return isListed;
}

/** What a date means, by where it is from. */
const DATED = {
  index: "published",
  "last-modified": "its file was last modified",
  "first-seen": "first seen here",
} as const;

async function admission(
  { cache, mounts, registries }: Runtime,
  mountName: string,
  release: ReleaseFacts,
): Promise<{ isListed: boolean; lines: string[] }> {
  const mount = mounts.get(mountName)!;
  const { stated, problem, odd } = await facts(cache, mount, release);
  const leftOut = [
    ...odd.map(({ path, ...each }) => ({ ...each, place: path })),
    ...(await registries.odd(mountName, release.name)).map((each) => ({ ...each, place: "the registry's list" })),
  ].map(({ place, entry, reason }) => `left out: an entry of ${place} makes no sense: ${entry}: ${reason}`);
  if (problem) return { isListed: false, lines: [`index: ${problem}`, ...leftOut] };
  if (!stated) return { isListed: false, lines: ["index: does not list it", ...leftOut] };
  return { isListed: true, lines: [await admissionOf(cache, mount, stated, release), ...leftOut] };
}

async function admissionOf(
  cache: Runtime["cache"],
  mount: Mount,
  stated: ReleaseFacts,
  release: ReleaseFacts,
): Promise<string> {
  const threshold = cache.admissions.threshold(mount, release.name);
  const trusted = stated.dateTrust === "author" ? undefined : stated.publishedAt?.getTime();
  const { matures, date: dated } = await cache.admissions.ofRelease(mount, stated, trusted);
  const date = dated ? `${DATED[dated.source]} ${new Date(dated.at).toISOString()}` : "nothing dates it";
  const state = stated.state ? `; the registry says it is ${stated.state}` : "";
  if (threshold === 0) return `admitted: no cooldown applies to it (${date})${state}`;
  if (matures === undefined)
    return `withheld: ${date}, and the cooldown needs to know (cooldown.unknown: withhold)${state}`;
  const until = new Date(matures).toISOString();
  return matures <= Date.now()
    ? `admitted: ${date}, older than its cooldown${state}`
    : `withheld by the cooldown until ${until}: ${date}${state}`;
}

async function facts(
  cache: Runtime["cache"],
  mount: Mount,
  release: ReleaseFacts,
): Promise<{ stated?: ReleaseFacts | undefined; problem?: string; odd: OddEntry[] }> {
  const found: ReleaseFacts[] = [];
  const odd: OddEntry[] = [];
  try {
    for (const path of mount.ecosystem.index(release, mount.traits)) {
      const walked = await walk(cache, mount, path, { tolerant: true, only: release });
      found.push(...walked.releases);
      odd.push(...walked.odd);
    }
  } catch (error) {
    return { problem: messageOf(error), odd };
  }
  const parts = found.filter(({ name, version }) => name === release.name && version === release.version);
  return { stated: parts.find(({ publishedAt }) => publishedAt) ?? parts[0], odd };
}

function holding({ cache }: Runtime, mount: string, { name, version }: ReleaseFacts): string {
  const held = cache.context.artifacts.ofPackage(mount, name).filter((file) => file.version === version);
  return held.length === 0 ? "held: no" : `held: ${held.map(({ path }) => path).join(", ")}`;
}

/** For whom its files are pinned. */
async function pinning({ index }: { index: Index }, mount: string, { name, version }: ReleaseFacts): Promise<string> {
  const owners = new Map<number, string>();
  for (const file of await index.artifacts.ofPackage(mount, name))
    if (file.version === version)
      for (const owner of await index.pins.ownersOf(mount, file.path))
        owners.set(owner.id, `${owner.title} (#${owner.id}, ${nameOfOwner(owner)})`);
  return owners.size === 0 ? "pinned: no" : `pinned: by ${[...owners.values()].join("; ")}`;
}

async function mirroring(
  { index: { mirrored }, mounts }: Runtime,
  mount: string,
  release: ReleaseFacts,
): Promise<string> {
  const { ecosystem } = mounts.get(mount)!;
  const asked = await mirrored.about(mount, formatPurl(ecosystem, release));
  if (asked.length === 0) return "mirrored: no";
  return `mirrored: ${asked.map(({ purl, at, failure }) => `for ${purl} on ${new Date(at).toISOString()}${failure ? `, incomplete: ${failure}` : ""}`).join("; ")}`;
}
