import { LRUCache } from "lru-cache";
import type { Ask } from "../../cache/ask.ts";
import type { Cache } from "../../cache/cache.ts";
import { hereOr, INLINE } from "../../cache/render/heavy.ts";
import { sourceOf } from "../../cache/render/summary-lines.ts";
import { composed, type Rendered } from "../../cache/render/view.ts";
import { canonicalIn, documentAt, type Target } from "../../cache/target.ts";
import type { MetadataRoute, Path, View } from "../../contract/ecosystem.ts";
import type { ReleaseTask } from "../../contract/jobs.ts";
import type { DocumentRow } from "../../index/rows.ts";

import type { Mount } from "../../mounts/mounts.ts";
import { walk } from "./walk.ts";

/** Stands for the address of this server, which no document's own links have. */
const BASE = "http://proxy.invalid";

/**
 * Asks for a package's index documents as clients do, in every representation, and returns where a release is not
 * listed although upstream's document states it. `versions`: those that are to be held, with the files at `paths`. What clients
 * would not be shown either where all of these are held (a Go module of which only the go.mod is wanted) is no fault.
 */
export async function unlisted(
  cache: Cache,
  mount: Mount,
  {
    task: { name, qualifiers },
    versions,
    paths,
  }: { task: ReleaseTask; versions: readonly string[]; paths: readonly Path[] },
): Promise<string[]> {
  const found: string[] = [];
  for (const path of mount.ecosystem.index({ name, ...(qualifiers && { qualifiers }) }, mount.traits)) {
    const target = documentAt(mount, path);
    if (!target?.route.parse || !cache.documents.held(mount, target.path)) continue;
    const { row, releases } = await walk(cache, mount, path, { tolerant: true, only: { name } });
    // What it leads to is not its own to list.
    if (!row || target.route.packed || !target.route.rewrite) continue;
    const stated = new Set(releases.map((release) => release.version));
    const meant = versions.filter((each) => stated.has(each));
    let bytes: Uint8Array | undefined;
    const stored = () => {
      bytes ??= cache.documents.bytes(row);
      return bytes;
    };
    for (const variant of target.route.variants ?? [null]) {
      const shown = await shownOf(cache, target, row, variant, stored);
      if (!shown) continue;
      const absent = meant.filter((each) => !shown.has(each));
      if (absent.length === 0) continue;
      const planned = await plannedIn(cache, target, row, new Set(paths));
      for (const each of absent)
        if (planned.has(each)) found.push(`${each} is not listed in ${path}${variant ? ` (${variant})` : ""}`);
    }
  }
  return found;
}

/** What a document lists as clients are sent it, and all that this was made of. */
interface Shown {
  source: string;
  matures: number | undefined;
  versions: ReadonlySet<string>;
}

/** Versions that are kept in memory, of all documents. */
const KEPT = 10_000;

/** What was shown lately: many releases of one package may be checked, some of them at the same time. */
class RecentlyShown {
  readonly #under = new Map<string, Promise<Shown | undefined>>();
  readonly #known = new LRUCache<string, Shown>({
    maxSize: KEPT,
    sizeCalculation: ({ versions }) => versions.size + 1,
  });

  async get(
    key: string,
    source: string,
    now: number,
    make: () => Promise<Omit<Shown, "source"> | undefined>,
  ): Promise<Shown | undefined> {
    const known = this.#known.get(key);
    if (known?.source === source && (known.matures ?? Number.POSITIVE_INFINITY) > now) return known;
    const place = `${key} ${source}`;
    const making = this.#under.get(place) ?? make().then((made) => made && { ...made, source });
    this.#under.set(place, making);
    try {
      const made = await making;
      if (made) this.#known.set(key, made);
      return made;
    } finally {
      this.#under.delete(place);
    }
  }
}

/** By cache, since each sees a store of its own. */
const recent = new WeakMap<Cache, RecentlyShown>();

/** The versions that clients are shown of a document; `undefined` where it is not sent as one. */
async function shownOf(
  cache: Cache,
  target: Target<MetadataRoute>,
  row: DocumentRow,
  variant: string | null,
  stored: () => Uint8Array,
): Promise<ReadonlySet<string> | undefined> {
  const { mount, route, path } = target;
  const { settings, now } = cache.context;
  const make = async () => {
    const { bytes, mediaType, matures } = (await sentOf(cache, target, row, variant, stored)) ?? {};
    if (!bytes || mediaType === undefined) return undefined;
    return { matures, versions: await shownIn(cache, target, bytes, mediaType) };
  };
  // With an upstream at hand, documents may be replaced at any time.
  if (settings.makesUpstreamRequests) return (await make())?.versions;
  const source = sourceOf(cache.context, mount, route, row.sha256, false);
  const shown = recent.get(cache) ?? new RecentlyShown();
  recent.set(cache, shown);
  return (await shown.get(`${mount.name} ${path} ${variant ?? ""}`, source, now(), make))?.versions;
}

/** What clients are sent of a document: a small one is made here, without compressing and keeping what nobody will ask for. */
async function sentOf(
  cache: Cache,
  target: Target<MetadataRoute>,
  row: DocumentRow,
  variant: string | null,
  stored: () => Uint8Array,
): Promise<Pick<Rendered, "bytes" | "mediaType" | "matures"> | undefined> {
  const { mount, route } = target;
  const answered = async () => {
    const answer = await cache.get(mount, askFor(target.path, variant));
    return answer.kind === "ready" ? answer.ready : undefined;
  };
  // What is composed offline, or made of many others, is made by who answers, and once.
  const isOther = mount.isApart || route.offline || route.covers || route.freshness === "immutable";
  if (isOther || row.size > INLINE) return answered();
  const at = { ...target, path: row.path as Path };
  return hereOr(() => cache.views.bytes(at, row, variant ?? "", BASE, stored()), answered);
}

/** The versions that a document of ours lists. */
async function shownIn(
  cache: Cache,
  target: Target<MetadataRoute>,
  bytes: Uint8Array,
  mediaType: string,
): Promise<Set<string>> {
  const url = `${BASE}${target.path}`;
  const doc = await cache.documents.docOf(target, bytes, { mediaType, url });
  return new Set(Array.from(target.route.parse!(doc).releases ?? [], (release) => release.version));
}

/** Those that it would list where just these files are held. */
async function plannedIn(
  cache: Cache,
  target: Target<MetadataRoute>,
  row: DocumentRow,
  paths: ReadonlySet<Path>,
): Promise<Set<string>> {
  const { mount, route } = target;
  const view: View = {
    ...cache.views.open(mount, BASE),
    variant: row.mediaType,
    admits: (_, file) => file === undefined || paths.has(canonicalIn(mount, file)),
  };
  const body = route.rewrite!(await cache.documents.doc(target, row, view), view);
  if (body === undefined) return new Set();
  const { bytes } = composed(body, row.mediaType);
  return shownIn(cache, target, bytes, row.mediaType);
}

function askFor(path: Ask["path"], accept: string | null): Ask {
  return { method: "GET", path, query: new URLSearchParams(), accept, base: BASE };
}
