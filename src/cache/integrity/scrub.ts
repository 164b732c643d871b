/**
 * Verifies what is held: every blob is read again and must be what its name says. One that is not is quarantined at once
 * and fetched again; what cannot be had again is forgotten, so that nothing lists it. Servers and mirrors may work on the
 * same store meanwhile: whatever is changed is looked at again in the transaction that changes it.
 */

import pLimit from "p-limit";
import type { StoredBlob } from "../../blobs/storage.ts";
import { parsePurl } from "../../contract/purl.ts";
import type { Commands } from "../../index/commands.ts";
import { BadRequest, messageOf, NotFound } from "../../lib/errors.ts";
import { counted } from "../../lib/sizes.ts";
import { type Mount, meaningOf } from "../../mounts/mounts.ts";
import type { Cache } from "../cache.ts";
import { type Found, type HashInput, markAt } from "./hash-blobs.ts";
import { removeBlobs } from "./removal.ts";
import { describe, fetchAgain, judgeName, type Name, namesOf, refute, replace } from "./repair.ts";

/** One file, and what became of it: a line of a report. Digests are `sha256:hex`; text is empty where there is none. */
export interface ScrubItem {
  mount: string;
  path: string;
  purl: string;
  /** Under which it is held now, or was. */
  digest: string;
  /** Bytes. */
  size: number;
  /** Where upstream has it. */
  origin: string;
  outcome:
    | "verified"
    | "unverified"
    | "mismatch"
    | "untrusted"
    | "repaired"
    | "lost"
    | "damaged"
    | "unknown"
    | "unknown removed";
  /** What was wrong: the digest that it should have had, what was found instead (or `absent`, `unreadable`), and where that is now. */
  expected?: string;
  found?: string;
  quarantine?: string;
  /** Why it could not be had again, or what speaks against its signature: it stays, and is withheld. */
  reason?: string;
}

export interface ScrubOptions {
  mounts: ReadonlyMap<string, Mount>;
  hash(input: HashInput): Promise<Found[]>;
  /** Lists that are hashed at once. */
  lanes: number;
  /** Bytes per second; 0: as fast as it goes. Then one file is read at a time. */
  rate: number;
  /** Blobs that were verified since (milliseconds since 1970) are left out. */
  since: number;
  /** At most so many blobs, those first that were verified longest ago; absent: all, and files are listed that no row names. */
  sample?: number | undefined;
  /** Files that no row names are removed where there are no more of them than this. Default: they stay. */
  removeUnknown?: number | undefined;
  tell(item: ScrubItem): void;
  /** Ends it after the list that is being read. */
  signal?: AbortSignal;
}

/** Blobs and bytes that are hashed in one go; what a kill loses. */
const LIST = { blobs: 100, bytes: 8 * 1024 * 1024 };
/** Fetches at once, of one list. */
const REPAIRS = 4;
/** Looks at a blob that others keep changing. */
const LOOKS = 3;
/** Milliseconds after which a file that no row names counts as unknown: its row may be on its way. */
const UNKNOWN = 24 * 60 * 60 * 1_000;

export class Scrub {
  /** Blobs and bytes to be read, and read; files by what became of them. */
  readonly progress = {
    total: 0,
    totalBytes: 0,
    blobs: 0,
    bytes: 0,
    verified: 0,
    /** Whole, and nothing states their digest. */
    unverified: 0,
    /** Whole, and not what their index states: withheld from clients. */
    mismatched: 0,
    untrusted: 0,
    repaired: 0,
    lost: 0,
    damaged: 0,
    unknown: 0,
    unknownBytes: 0,
    removed: 0,
  };
  readonly #cache: Cache;
  readonly #options: ScrubOptions;
  readonly #limit = pLimit(REPAIRS);

  constructor(cache: Cache, options: ScrubOptions) {
    this.#cache = cache;
    this.#options = options;
  }

  /** Throws what reading the store throws, other than that bytes are wrong. */
  async run(): Promise<void> {
    const { blobs, now } = this.#cache.context;
    const { since, sample, lanes, rate, removeUnknown } = this.#options;
    if (removeUnknown !== undefined) this.#requireAsMany(removeUnknown);
    const all = blobs.countUnverified(since, now());
    this.progress.total = Math.min(all.blobs, sample ?? all.blobs);
    this.progress.totalBytes = Math.round(all.bytes * (this.progress.total / Math.max(1, all.blobs)));
    const lists = listsOf(blobs.unverified(since, now()), this.progress.total);
    const lane = async () => {
      for (const sha256s of lists) {
        if (this.#options.signal?.aborted) return;
        await this.#list(sha256s);
      }
    };
    await Promise.all(Array.from({ length: rate > 0 ? 1 : lanes }, lane));
    if (sample === undefined) await this.#tellUnknown();
  }

  async #list(sha256s: readonly string[]): Promise<void> {
    const { commit, now } = this.#cache.context;
    const found = await this.#options.hash({ sha256s, rate: this.#options.rate });
    const wrong = found.filter((blob) => !isRight(blob));
    const right = found.filter(isRight).map(({ sha256 }) => sha256);
    if (right.length > 0) await commit("verifyBlobs", { sha256s: right, at: now() });
    for (const name of namesOf(this.#cache, right)) {
      const reason = await refute(this.#cache, this.#options.mounts, name);
      if (reason !== undefined) this.#tell(name, { outcome: "untrusted", reason });
      else await this.#compare(name);
    }
    await Promise.all(wrong.map((blob) => this.#limit(() => this.#settle(blob))));
    this.progress.blobs += found.length;
    this.progress.bytes += found.reduce((sum, { size }) => sum + size, 0);
  }

  /** With what the stored documents state of it by now: where that is something else, it is fetched. */
  async #compare(name: Name): Promise<void> {
    const judgement = await judgeName(this.#cache, this.#options.mounts, name);
    if (judgement?.kind !== "contradicted")
      return this.#tell(name, { outcome: judgement?.kind === "unverified" ? "unverified" : "verified" });
    const wrong = { expected: judgement.expected, found: judgement.actual };
    try {
      const sha256 = await replace(this.#cache, this.#options.mounts, name);
      this.#tell(name, { outcome: "repaired", ...wrong, digest: `sha256:${sha256}` });
    } catch (error) {
      this.#tell(name, { outcome: "mismatch", ...wrong, reason: messageOf(error) });
    }
  }

  /** What was read wrong: set aside if it still stands there, then fetched again. */
  async #settle(blob: Found): Promise<void> {
    const { commit, storage, now } = this.#cache.context;
    const { sha256 } = blob;
    if (storage.isReadOnly) {
      const wrong = {
        expected: `sha256:${sha256}`,
        found: shown(blob.found),
        reason: "the store is read-only: it stays",
      };
      for (const name of namesOf(this.#cache, [sha256])) this.#tell(name, { outcome: "damaged", ...wrong });
      return;
    }
    for (let look = 1; ; look++) {
      const seen = await this.#setAside(blob);
      if (seen === "evicted") return;
      if (seen !== "changed") return this.#restore(blob, seen);
      const [again] = await this.#options.hash({ sha256s: [sha256], rate: this.#options.rate });
      if (!again || look >= LOOKS) return;
      if (isRight(again)) return commit("verifyBlobs", { sha256s: [sha256], at: now() });
      blob = again;
    }
  }

  async #setAside({ sha256, mark }: Found): Promise<Aside | "evicted" | "changed"> {
    const { commit, blobs, storage, now } = this.#cache.context;
    if (!blobs.known([sha256]).has(sha256) || blobs.removingSince(sha256) !== undefined) return "evicted";
    if (markAt(storage.file(sha256)) !== mark) return "changed";
    const aside = { names: namesOf(this.#cache, [sha256]), quarantine: storage.quarantine(sha256) ?? "" };
    if (aside.names.length === 0)
      await removeBlobs(this.#cache.context, await commit("releaseBlobs", { sha256s: [sha256], now: now() }));
    return aside;
  }

  /** One name that can be fetched brings the bytes back for all. */
  async #restore({ sha256, found }: Found, { names, quarantine }: Aside): Promise<void> {
    const { commit, storage, now } = this.#cache.context;
    const expected = `sha256:${sha256}`;
    const wrong = { expected, found: shown(found), quarantine };
    const failed: { name: Name; reason: string }[] = [];
    for (const name of names) {
      try {
        const isBack = name.kind === "document" && storage.has(sha256);
        const digest = isBack ? sha256 : await fetchAgain(this.#cache, this.#options.mounts, name);
        if (name.kind === "artifact" && digest !== sha256) throw new NotFound(`upstream has sha256:${digest} now`);
        this.#tell(name, { outcome: "repaired", ...wrong, digest: `sha256:${digest}` });
      } catch (error) {
        failed.push({ name, reason: messageOf(error) });
      }
    }
    const isBack = await this.#forget(sha256, failed);
    for (const { name, reason } of failed)
      this.#tell(name, isBack ? { outcome: "repaired", ...wrong } : { outcome: "lost", ...wrong, reason });
    if (isBack) await commit("verifyBlobs", { sha256s: [sha256], at: now() });
  }

  /** Whether the blob is there again; where it is not, what still names it is forgotten. */
  async #forget(sha256: string, failed: readonly { name: Name; reason: string }[]): Promise<boolean> {
    const { commit, storage, now } = this.#cache.context;
    if (storage.has(sha256)) return true;
    const lost: Commands["forgetLost"]["input"] = {
      sha256,
      artifacts: failed.filter(({ name }) => name.kind === "artifact").map(({ name }) => name.row),
      documents: failed.filter(({ name }) => name.kind === "document").map(({ name }) => name.row),
      spoiled: [],
      packages: [],
      now: now(),
    };
    const [spoiled, packages]: [(typeof lost.spoiled)[number][], (typeof lost.packages)[number][]] = [[], []];
    for (const { name, reason } of failed) {
      const { mount, path } = name.row;
      const { purl } = describe(this.#options.mounts, name);
      const served = this.#options.mounts.get(mount);
      if (!purl || !served) continue;
      spoiled.push({ mount, purl, failure: `${path} is lost: ${reason}` });
      const { name: meant } = meaningOf(served, parsePurl(purl));
      packages.push({ mount, name: served.ecosystem.identity?.(meant) ?? meant });
    }
    await removeBlobs(this.#cache.context, await commit("forgetLost", { ...lost, spoiled, packages }));
    return storage.has(sha256);
  }

  /** More than were expected may be those of another database. */
  #requireAsMany(most: number): void {
    const count = this.#unknown().reduce((sum, page) => sum + page.length, 0);
    if (count > most)
      throw new BadRequest(
        `--remove-unknown ${most}: this database does not know ${counted(count, "file")} of the store; nothing was removed. Does another database describe them?`,
      );
  }

  /**
   * Files that no row of this database names: another database may describe them, or a kill left them between their placing and
   * the commit of their row. They are removed on request only.
   */
  async #tellUnknown(): Promise<void> {
    const { blobs, commit, now } = this.#cache.context;
    const removes = this.#options.removeUnknown !== undefined;
    const none = { mount: "", path: "", purl: "", origin: "" };
    for (const page of this.#unknown())
      for (const { sha256, size } of page) {
        const marked = removes ? await commit("releaseUnknown", { sha256s: [sha256], now: now() }) : [];
        const isRemoved = marked.length > 0;
        if (!isRemoved && blobs.known([sha256]).has(sha256)) continue;
        await removeBlobs(this.#cache.context, marked);
        if (isRemoved) this.progress.removed++;
        else {
          this.progress.unknown++;
          this.progress.unknownBytes += size;
        }
        const outcome = isRemoved ? "unknown removed" : "unknown";
        this.#options.tell({ ...none, digest: `sha256:${sha256}`, size, outcome });
      }
  }

  *#unknown(): Generator<StoredBlob[]> {
    const { blobs, storage, now } = this.#cache.context;
    for (const folder of storage.stored()) {
      const old = folder.filter(({ writtenAt }) => now() - writtenAt > UNKNOWN);
      const known = blobs.known(old.map(({ sha256 }) => sha256));
      const unknown = old.filter(({ sha256 }) => !known.has(sha256));
      if (unknown.length > 0) yield unknown;
    }
  }

  #tell(name: Name, more: Pick<ScrubItem, "outcome"> & Partial<ScrubItem>): void {
    const { mount, path, sha256, size } = name.row;
    const { outcome } = more;
    if (outcome === "mismatch") this.progress.mismatched++;
    else if (outcome !== "unknown" && outcome !== "unknown removed") this.progress[outcome]++;
    const { purl, origin } = describe(this.#options.mounts, name);
    this.#options.tell({ mount, path, purl, digest: `sha256:${sha256}`, size, origin, ...more });
  }
}

interface Aside {
  names: Name[];
  /** Empty where there was no file. */
  quarantine: string;
}

function* listsOf(blobs: Iterable<{ sha256: string; size: number }>, limit: number): Generator<string[]> {
  let [list, bytes, left]: [string[], number, number] = [[], 0, limit];
  for (const { sha256, size } of blobs) {
    if (left-- === 0) break;
    list.push(sha256);
    bytes += size;
    if (list.length < LIST.blobs && bytes < LIST.bytes) continue;
    yield list;
    [list, bytes] = [[], 0];
  }
  if (list.length > 0) yield list;
}

function isRight({ sha256, found }: Found): boolean {
  return sha256 === found;
}

function shown(found: string): string {
  return found === "absent" || found === "unreadable" ? found : `sha256:${found}`;
}
