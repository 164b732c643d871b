/** Who may be seen: the one `admits` that lists, documents and downloads share. */

import type { Path, Release, ReleaseFacts } from "../../contract/ecosystem.ts";
import { decodedPath } from "../../contract/path.ts";
import { formatPurl, keyOf } from "../../contract/purl.ts";
import type { DateSource } from "../../index/rows.ts";

import { messageOf, UpstreamFailed, Withheld } from "../../lib/errors.ts";
import { log } from "../../lib/log.ts";
import type { Mount } from "../../mounts/mounts.ts";
import { maturity, mayWithhold, thresholdFor } from "../../policy/cooldown.ts";
import type { Context } from "../context.ts";
import type { DocumentCache } from "../documents/documents.ts";
import { statedOf } from "../documents/linked-documents.ts";
import { isDamaged } from "../integrity/damaged.ts";
import { documentAt, type Target } from "../target.ts";
import { DateFinder } from "./release-dates.ts";

/** What one document's clients may see, decided once for all that it states. */
export interface Admission {
  /** `isStored`: the file is known to be stored. */
  admits(release: Release, file?: Path, isStored?: boolean): boolean;
  /** When more will be admitted; milliseconds since 1970. */
  matures: number | undefined;
}

/** By version. `failed`: some may be known another time. */
interface Dates {
  dates: Map<string, { at: number; source: DateSource | "index" }>;
  failed: boolean;
}

/** Milliseconds until upstream is asked again for dates that it failed to give. */
const RETRY = 60_000;

export class Admissions {
  readonly #context: Context;
  readonly #dates: DateFinder;

  readonly #documents: DocumentCache;

  constructor(context: Context, documents: DocumentCache) {
    this.#context = context;
    this.#documents = documents;
    this.#dates = new DateFinder(context, documents);
  }

  /** Whether a mount's documents need a look at what they state before they are sent. */
  concerns(mount: Mount): boolean {
    const { makesUpstreamRequests, cooldown } = this.#context.settings;
    return !makesUpstreamRequests || mayWithhold(cooldown, mount.ecosystem.id);
  }

  /** For all that a document states. `held`: whether, offline, only what is held is admitted (clients see no more). */
  async ofDocument(
    mount: Mount,
    releases: readonly ReleaseFacts[],
    { held: onlyHeld = true } = {},
  ): Promise<Admission> {
    // A release may be stated in several parts, each with its own date: a file added late is as young as it is.
    const shown = new Set<string>();
    const hidden = new Set<string>();
    let matures: number | undefined;
    for (const [name, group] of Map.groupBy(releases, (release) => release.name)) {
      const threshold = this.threshold(mount, name);
      if (threshold === 0) continue;
      const { dates, failed } = await this.#datesOf(mount, name, group);
      if (failed) matures = Math.min(matures ?? Number.POSITIVE_INFINITY, this.#context.now() + RETRY);
      for (const release of group) {
        const at = maturity(
          this.#context.settings.cooldown,
          threshold,
          dateOf(release) ?? dates.get(release.version)?.at,
        );
        if (at !== undefined && at <= this.#context.now()) {
          shown.add(keyOf(release));
          continue;
        }
        hidden.add(keyOf(release));
        for (const { path } of release.files ?? []) hidden.add(decodedPath(path));
        if (at !== undefined) matures = Math.min(matures ?? at, at);
      }
    }
    for (const key of shown) hidden.delete(key);
    const held =
      onlyHeld && !this.#context.settings.makesUpstreamRequests ? this.#storedOf(mount, releases) : undefined;
    const isHeld = (release: Release, file?: Path) =>
      !held || held.paths.has(file === undefined ? keyOf(release) : decodedPath(file));
    return {
      matures,
      admits: (release, file, isStored = false) =>
        !hidden.has(keyOf(release)) &&
        !(file && hidden.has(decodedPath(file))) &&
        (isStored || isHeld(release, file)) &&
        !held?.lacking.has(keyOf(release)),
    };
  }

  /** Milliseconds a release of a package must be old. */
  threshold(mount: Mount, name: string): number {
    return thresholdFor(this.#context.settings.cooldown, mount.ecosystem.id, formatPurl(mount.ecosystem, { name }));
  }

  /** When a release may be downloaded (0: always; `undefined`: nothing dates it), and its date. */
  async ofRelease(
    mount: Mount,
    release: ReleaseFacts,
    publishedAt: number | undefined,
  ): Promise<{ matures: number | undefined; date: { at: number; source: DateSource | "index" } | undefined }> {
    const threshold = this.threshold(mount, release.name);
    const stated = publishedAt === undefined ? undefined : { at: publishedAt, source: "index" as const };
    if (threshold === 0) return { matures: 0, date: stated };
    const date = stated ?? (await this.#datesOf(mount, release.name, [release])).dates.get(release.version);
    return { matures: maturity(this.#context.settings.cooldown, threshold, date?.at), date };
  }

  /** Throws Withheld where policy keeps a release's file from clients. */
  async require(target: Target, release: Release, publishedAt: number | undefined): Promise<void> {
    const stated = { ...release, files: [{ path: target.path }] };
    const { matures } = await this.ofRelease(target.mount, stated, publishedAt);
    if (matures !== undefined && matures <= this.#context.now()) return;
    const purl = formatPurl(target.mount.ecosystem, release);
    throw new Withheld(
      matures === undefined
        ? `${purl} is withheld: nothing says when it was published, and the cooldown needs to know (cooldown.unknown: admit lets it pass)`
        : `${purl} is withheld by the cooldown until ${new Date(matures).toISOString()}`,
    );
  }

  /** Dates for those that are stated without one that policy may trust: as they are stated beside, else as they can be found. */
  async #datesOf(mount: Mount, name: string, releases: readonly ReleaseFacts[]): Promise<Dates> {
    const undated = new Set(releases.filter((each) => dateOf(each) === undefined).map(({ version }) => version));
    const dates: Dates["dates"] = new Map();
    const take = (stated: readonly ReleaseFacts[]) => {
      for (const each of stated) {
        const at = dateOf(each);
        if (at === undefined || !undated.has(each.version)) continue;
        dates.set(each.version, { at: Math.max(at, dates.get(each.version)?.at ?? at), source: "index" });
      }
    };
    const isMissing = (version: string) => !dates.has(version);
    take(releases);
    let failed = false;
    if (
      [...undated].some(isMissing) &&
      !mount.ecosystem.filesAreDated &&
      mount.ecosystem.index({ name }, mount.traits).length > 1
    )
      try {
        take(await statedOf(this.#documents, mount, name));
      } catch (error) {
        failed = true;
        log.warn("the index that dates releases cannot be had", { mount: mount.name, name, error: messageOf(error) });
      }
    const missing = [...undated].filter(isMissing).map((version) => {
      const file = releases.find((each) => each.version === version && each.files?.[0])?.files?.[0];
      return { version, path: file?.path };
    });
    if (missing.length === 0 || failed) return { dates, failed };
    const found = await this.#dates.find(mount, name, missing);
    return { dates: new Map([...dates, ...found.dates]), failed: found.failed };
  }

  /**
   * Releases and paths that are stored, of the packages that a document states, and releases that lack a file without which they are
   * of no use. Files of a release may be documents too: a wheel's metadata.
   */
  #storedOf(mount: Mount, releases: readonly ReleaseFacts[]): { paths: Set<string>; lacking: Set<string> } {
    const { ecosystem, traits } = mount;
    const held = new Set<string>();
    for (const name of new Set(releases.map((release) => release.name))) {
      for (const { version, path } of this.#context.artifacts.ofPackage(mount.name, name))
        held.add(keyOf({ name, version })).add(decodedPath(path));
    }
    for (const release of releases) if (release.hasNoFiles) held.add(keyOf(release));
    const documents = new Map<string, string>();
    for (const release of releases)
      for (const { path } of [...(release.files ?? []), ...(ecosystem.files?.(release, traits) ?? [])]) {
        const decoded = decodedPath(path);
        if (held.has(decoded)) continue;
        documents.set(path.includes("%") ? (documentAt(mount, path)?.path ?? path) : path, decoded);
      }
    for (const path of this.#context.documents.among(mount.name, [...documents.keys()])) held.add(documents.get(path)!);
    const lacks = ({ files = [] }: ReleaseFacts) =>
      files.some(({ path, isEssential }) => isEssential && !held.has(decodedPath(path)));
    return { paths: held, lacking: new Set(releases.filter(lacks).map(keyOf)) };
  }
}

/** Milliseconds since 1970, where the registry itself vouches for them. */
function dateOf({ publishedAt, dateTrust }: ReleaseFacts): number | undefined {
  const at = dateTrust === "author" ? Number.NaN : (publishedAt?.getTime() ?? Number.NaN);
  return Number.isNaN(at) ? undefined : at;
}

/** Of an answer that must not go out unfiltered: whatever goes wrong is a 502. */
export function unfiltered(path: string, error: unknown): UpstreamFailed {
  if (isDamaged(error)) return error;
  const failure = new UpstreamFailed(`${path} cannot be read, and is not sent unfiltered: ${messageOf(error)}`);
  failure.cause = error;
  return failure;
}
