import pLimit from "p-limit";
import type { Path } from "../../contract/ecosystem.ts";
import type { KnownDate } from "../../index/rows.ts";

import { ageOf } from "../../lib/clock.ts";
import { isRefusal, messageOf, NotFound } from "../../lib/errors.ts";
import { log } from "../../lib/log.ts";
import type { Mount } from "../../mounts/mounts.ts";
import type { Context } from "../context.ts";
import type { DocumentCache } from "../documents/documents.ts";
import { matchIn, sourcesOf, targetOf } from "../target.ts";
import { confine } from "../transfer/origins.ts";
import { request } from "../transfer/request.ts";

/** Requests for dates at once. */
const AT_ONCE = 8;

/** A version that nothing dates, and a file of it. */
interface Undated {
  version: string;
  path: Path | undefined;
}

interface Found {
  /** By version. */
  dates: Map<string, KnownDate>;
  /** Upstream could not be asked about some: their dates may be known another time. */
  failed: boolean;
}

/**
 * Dates for releases that their index does not date: the `Last-Modified` of the path that the plugin names, else the first
 * time they were seen here. Asked once; then known for ever.
 */
export class DateFinder {
  readonly #context: Context;

  readonly #documents: Pick<DocumentCache, "declared" | "held" | "load" | "loadIfAny">;

  constructor(context: Context, documents: Pick<DocumentCache, "declared" | "held" | "load" | "loadIfAny">) {
    this.#context = context;
    this.#documents = documents;
  }

  /** For the versions of one package. Who admits what nothing dates does not wait for a first sighting to age. */
  async find(mount: Mount, name: string, releases: readonly Undated[]): Promise<Found> {
    const { dates, commit, settings, now } = this.#context;
    const known = dates.ofPackage(mount.name, name);
    // Seen first by a clock that was ahead: seen now.
    const isAhead = ({ at, source }: KnownDate) =>
      source === "first-seen" && ageOf(at, now()) === Number.POSITIVE_INFINITY;
    const limit = pLimit(AT_ONCE);
    // The newest first: more is asked about the next time.
    const { compare } = mount.ecosystem.versions;
    const wanted = releases.toSorted((a, b) => compare(b.version, a.version));
    let asked = 0;
    const found = await Promise.all(
      wanted.map(({ version, path }) =>
        limit(async (): Promise<[string, KnownDate] | undefined> => {
          const before = known.get(version);
          if (before && !isAhead(before)) return [version, before];
          const dating = mount.ecosystem.filesAreDated ? path : mount.ecosystem.datedBy?.({ name, version });
          // Without a file to ask about, it is not known to be new.
          if (!dating && mount.ecosystem.filesAreDated) return undefined;
          const isAsked = settings.makesUpstreamRequests && dating !== undefined;
          if (isAsked && ++asked > settings.maxFollowUps) return undefined;
          const modified = isAsked ? await this.#lastModified(mount, dating) : undefined;
          if (modified === "failed") return undefined;
          return [
            version,
            modified === undefined ? { at: now(), source: "first-seen" } : { at: modified, source: "last-modified" },
          ];
        }),
      ),
    );
    if (asked > settings.maxFollowUps)
      log.warn("releases wait to be dated: one request asks about so many only (metadata_max_requests)", {
        mount: mount.name,
        name,
        waiting: asked - settings.maxFollowUps,
      });
    const answered = found.filter((one) => one !== undefined);
    const fresh = answered.filter(([version, date]) => known.get(version) !== date);
    if (fresh.length > 0) {
      const written = commit("putDates", { mount: mount.name, name, dates: fresh });
      await written.catch((error: unknown) => log.warn("dates could not be kept", { name, error: messageOf(error) }));
    }
    const sightings = settings.cooldown.unknown === "withhold";
    return {
      dates: new Map(answered.filter(([, { source }]) => sightings || source !== "first-seen")),
      failed: answered.length < found.length,
    };
  }

  /** Milliseconds since 1970; `undefined` where upstream has no date. */
  async #lastModified(mount: Mount, path: Path): Promise<number | undefined | "failed"> {
    const match = matchIn(mount, "GET", path);
    if (typeof match === "number" || (match.route.kind !== "artifact" && match.route.kind !== "metadata"))
      return undefined;
    const { upstream } = this.#context;
    const target = targetOf(mount, match.route, match.params, path);
    try {
      const found = await confine(this.#documents, target, sourcesOf(target, await this.#documents.declared(mount)));
      const wanted = {
        ...found,
        mount,
        path,
        kind: match.route.kind === "artifact" ? "artifact" : "document",
        algorithms: [],
        keepHeaders: [],
        maximum: 0,
        raw: true,
      } as const;
      const { head } = await request(upstream, { ...wanted, method: "HEAD" }, 0, undefined);
      const at = Date.parse(head.lastModified ?? "");
      return Number.isNaN(at) ? undefined : at;
    } catch (error) {
      if (error instanceof NotFound || (isRefusal(error) && !error.retryable)) return undefined;
      log.warn("a release could not be dated", { mount: mount.name, path, error: messageOf(error) });
      return "failed";
    }
  }
}
