import type { documentAt } from "../cache/locate.ts";
import type { Command } from "../command.ts";
import type { ReleaseFacts } from "../ecosystem.ts";
import { BadRequest, messageOf } from "../errors.ts";
import { Targets } from "../mirror/targets.ts";
import { walk } from "../mirror/walk.ts";
import { formatPurl } from "../purl.ts";
import { openRuntime, type Runtime } from "./runtime.ts";

/** Milliseconds that the question may wait for upstream. */
const PATIENCE = 3_000;

/** `proxy why PURL`: whether clients may see a release, whether it is held and mirrored, and because of what. */
export const why: Command = {
  name: "why",
  args: "<purl>",
  describe: "Whether a release is admitted, held and mirrored, and because of what",
  action: async ({ args, load }) => {
    const { config, sources } = await load();
    const runtime = await openRuntime({ config, sources, pin: false, dry: false, patience: PATIENCE });
    const [target] = new Targets(runtime.mounts.values()).ofAll(args.map((text) => ["", text]));
    if (!target?.version) throw new BadRequest(`${args[0]}: why needs a version, such as pkg:npm/lodash@4.17.21`);
    const release = { name: target.name, version: target.version };
    const mount = runtime.mounts.get(target.mount)!;
    console.log(`${formatPurl(mount.ecosystem, release)} through /${mount.name}`);
    for (const line of [
      await admission(runtime, mount.name, { ...release, ...(target.qualifiers && { qualifiers: target.qualifiers }) }),
      holding(runtime, mount.name, release),
      mirroring(runtime, mount.name, release),
    ])
      console.log(`  ${line}`);
    await runtime.close();
    return 0;
  },
};

/** What a date means, by where it is from. */
const DATED = {
  index: "published",
  "last-modified": "its file was last modified",
  "first-seen": "first seen here",
} as const;

async function admission({ cache, mounts }: Runtime, mountName: string, release: ReleaseFacts): Promise<string> {
  const mount = mounts.get(mountName)!;
  const { stated, problem } = await facts(cache, mount, release);
  if (problem) return `index: ${problem}`;
  if (!stated) return "index: does not list it";
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
  mount: Parameters<typeof documentAt>[0],
  release: ReleaseFacts,
): Promise<{ stated?: ReleaseFacts | undefined; problem?: string }> {
  const found: ReleaseFacts[] = [];
  try {
    for (const path of mount.ecosystem.index(release, mount.traits))
      found.push(...(await walk(cache, mount, path, { tolerant: true, only: release })).releases);
  } catch (error) {
    return { problem: messageOf(error) };
  }
  const parts = found.filter(({ name, version }) => name === release.name && version === release.version);
  return { stated: parts.find(({ publishedAt }) => publishedAt) ?? parts[0] };
}

function holding({ cache }: Runtime, mount: string, { name, version }: ReleaseFacts): string {
  const held = cache.context.artifacts.ofPackage(mount, name).filter((file) => file.version === version);
  return held.length === 0 ? "held: no" : `held: ${held.map(({ path }) => path).join(", ")}`;
}

function mirroring({ mirrored, mounts }: Runtime, mount: string, release: ReleaseFacts): string {
  const { ecosystem } = mounts.get(mount)!;
  const asked = mirrored.about(mount, formatPurl(ecosystem, release));
  if (asked.length === 0) return "mirrored: no";
  return `mirrored: ${asked.map(({ purl, at, failure }) => `for ${purl} on ${new Date(at).toISOString()}${failure ? `, incomplete: ${failure}` : ""}`).join("; ")}`;
}
