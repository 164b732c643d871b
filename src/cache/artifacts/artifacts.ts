/**
 * Artifacts: files that are published once, sent while they are stored, kept only when they are what their index states. What is
 * stored is compared with what is stated now before it is served: an index may replace a digest, or state one for the first time.
 */

import { LRUCache } from "lru-cache";
import type { ArtifactRoute, Digest } from "../../contract/ecosystem.ts";
import { emit } from "../../contract/events.ts";
import type { ArtifactRow } from "../../index/rows.ts";
import { ageOf } from "../../lib/clock.ts";
import { DigestMismatch, messageOf, NotFound, UpstreamFailed, Withheld } from "../../lib/errors.ts";
import { log } from "../../lib/log.ts";
import { mayFetch } from "../../mounts/mounts.ts";
import type { Admissions } from "../admission/admission.ts";
import type { Context } from "../context.ts";
import { conditional } from "../documents/document-row.ts";
import type { DocumentCache } from "../documents/documents.ts";
import { alternativeFact, describing, factFor } from "../documents/fact-lookup.ts";
import type { FileFact } from "../documents/facts.ts";
import type { Conclusion } from "../documents/replacements.ts";
import { describingKeys, type Judgement, judge, storedFact } from "../integrity/judgement.ts";
import { requirePlausible } from "../integrity/plausible.ts";
import { commitStored, Evicted } from "../integrity/removal.ts";
import type { Vouching } from "../integrity/signature-policy.ts";
import { documentAt, sourcesOf, statedSources, type Target } from "../target.ts";
import { type Downloaded, download, NotStored } from "../transfer/download.ts";
import { follow } from "../transfer/join-download.ts";
import { confine, type Sources } from "../transfer/origins.ts";
import { discard } from "../transfer/part-file.ts";
import type { Growing } from "../transfer/partial-body.ts";
import { passThrough } from "../transfer/pass-through.ts";
import { NotModified, request, requireThere, type Wanted } from "../transfer/request.ts";
import { rowOf } from "./artifact-row.ts";
import { digestAlgorithms } from "./digest-headers.ts";
import type { File } from "./file.ts";
import { granted } from "./reuse-blob.ts";

/** A fetch that is under way: what can be sent as soon as it can, and the row once it is stored. */
interface Fetch {
  ready: Promise<File>;
  stored: Promise<ArtifactRow | undefined>;
}

type Artifact = Target<ArtifactRoute>;

/** Why a file is fetched. */
interface Fetching {
  /** What describes it, where that has just been read. */
  fact?: FileFact | undefined;
  /** What is stored of it and is to be replaced, or to be asked for again. */
  stored?: ArtifactRow;
  /** Whether what is stored may be current: upstream is asked by its validators. */
  revalidates?: boolean;
}

/** How a stored file is to be had for a mirror. */
export interface HoldOptions {
  fact?: FileFact | undefined;
  /** Whether upstream is asked about what is unverified, though it was asked a moment ago. */
  refresh?: boolean | undefined;
  /** Whether upstream is not asked about what is unverified, however long ago it was. */
  plansOnly?: boolean | undefined;
}

/** A file that was compared with what is stated of it. */
interface Standing extends Conclusion {
  sha256: string;
  judgement: Judgement;
}

/** Milliseconds that the absence of a file is believed at most. */
const ABSENT_FILE = 10_000;

export class ArtifactCache {
  readonly #context: Context;
  readonly #documents: DocumentCache;
  readonly #admissions: Admissions;
  readonly #vouching: Vouching;
  readonly #fetches = new Map<string, Fetch>();
  readonly #absent = new LRUCache<string, { at: number; message: string }>({ max: 10_000 });
  /** Rows of what was downloaded here, rather than by another thread or process that was waited for. */
  readonly #own = new WeakSet<ArtifactRow>();
  /** Files that were not what was promised: the next time nothing of them is sent before all is verified. */
  readonly #suspects = new LRUCache<string, true>({ max: 10_000 });
  readonly #standings = new LRUCache<string, Standing>({ max: 50_000 });

  constructor(context: Context, documents: DocumentCache, admissions: Admissions, vouching: Vouching) {
    this.#context = context;
    this.#documents = documents;
    this.#admissions = admissions;
    this.#vouching = vouching;
  }

  /** The file, from the store or upstream. Throws NotFound, Withheld, DigestMismatch, UpstreamFailed. */
  async get(target: Artifact): Promise<File> {
    const row = this.held(target);
    if (!row) return this.#fetch(target).ready;
    const due = await this.#due(target, row);
    if (due?.revalidates) {
      const late = this.#context.now() - this.#dueAt(target, row);
      const fetching = this.#fetch(target, due).ready;
      if (late <= this.#context.settings.staleWhileRevalidate)
        fetching.catch((error: unknown) => this.#notRenewed(target, error));
      else return fetching.catch((error: unknown) => this.#despite(target, row, error));
    } else if (due) return this.#fetch(target, due).ready;
    await this.#require(target, row);
    return { kind: "held", row };
  }

  /** Whether what was sent may be sent again without another look; false also where it was never compared. */
  stands(mount: string, path: string, sha256: string | undefined): boolean {
    const known = sha256 === undefined ? undefined : this.#standing(`${mount} ${path}`, sha256);
    return known !== undefined && known.judgement.kind !== "contradicted";
  }

  /**
   * The file, stored: for mirrors. `undefined` where there was no room to store it. `fetched`: it came for this call; who waits for
   * another's fetch finds it held.
   */
  async hold(target: Artifact, options: HoldOptions = {}): Promise<{ row: ArtifactRow | undefined; fetched: boolean }> {
    const row = this.held(target);
    const due = row && (await this.#due(target, row, options));
    if (row && !due) {
      await this.#require(target, row);
      return { row, fetched: false };
    }
    const isAnothers = this.#fetches.has(keyOf(target));
    try {
      const stored = await this.#fetch(target, due ?? { fact: options.fact }).stored;
      return { row: stored, fetched: !isAnothers && stored !== undefined && this.#own.has(stored) };
    } catch (error) {
      if (!row || !due?.revalidates) throw error;
      await this.#despite(target, row, error);
      return { row, fetched: false };
    }
  }

  /**
   * The bytes of a file, as upstream states them without sending it; `undefined` where it does not. Throws NotFound where it has no
   * such file. No document is fetched for it.
   */
  async sizeOf(target: Artifact, fact?: FileFact): Promise<number | undefined> {
    const { mount } = target;
    if (!this.#context.settings.makesUpstreamRequests) return undefined;
    const isKnown = describing(target).every(
      (path) => typeof path !== "string" || this.#documents.held(mount, documentAt(mount, path)?.path ?? path),
    );
    try {
      const stated = fact ?? (isKnown ? await factFor(this.#documents, target) : undefined);
      const wanted = await this.#wanted(target, stated);
      return (await request(this.#context.upstream, { ...wanted, method: "HEAD" }, 0, undefined)).head.length;
    } catch (error) {
      if (error instanceof NotFound) throw error;
      // Not every server answers to HEAD.
      log.debug("the size of a file is not known", { mount: mount.name, path: target.path, error: messageOf(error) });
      return undefined;
    }
  }

  held({ mount, path, sent }: Pick<Artifact, "mount" | "path" | "sent">): ArtifactRow | undefined {
    const { artifacts, storage } = this.#context;
    // Earlier versions of this program kept it as it was asked for.
    const row = artifacts.find(mount.name, path) ?? (sent === undefined ? undefined : artifacts.find(mount.name, sent));
    return row && storage.has(row.sha256, row.size) ? row : undefined;
  }

  /** Compares a stored file with what stored documents state of it now. `fact`: that, where it has just been read. Throws what
   * reading throws. */
  async judge(target: Artifact, row: ArtifactRow, fact?: FileFact): Promise<Judgement> {
    const key = keyOf(target);
    const known = fact?.digest ? undefined : this.#standing(key, row.sha256);
    if (known) return known.judgement;
    const { count } = this.#documents.replacements;
    const isStated = fact?.digest ?? target.route.digest?.(target.params);
    const judgement = await judge(
      this.#context.storage,
      target,
      row,
      isStated ? fact : await storedFact(this.#documents, target),
    );
    // Who has just read what is stated does not ask what was concluded earlier.
    if (!fact?.digest) this.#conclude(target, row, judgement, count);
    if (judgement.kind === "verified" && judgement.digest !== row.verified)
      this.#confirm({ ...row, verified: judgement.digest });
    return judgement;
  }

  #standing(key: string, sha256: string): Standing | undefined {
    const known = this.#standings.get(key);
    const stands = known?.sha256 === sha256 && this.#documents.replacements.hold(known, this.#context.now());
    return stands ? known : undefined;
  }

  /** `count`: of `Replacements`, from before its documents were read. */
  #conclude(target: Artifact, row: ArtifactRow, judgement: Judgement, count: number): void {
    const { settings, now } = this.#context;
    const isAskedAgain = judgement.kind === "unverified" && settings.makesUpstreamRequests;
    const until = isAskedAgain ? this.#dueAt(target, row) : now() + Math.max(1_000, target.mount.ttl);
    const keys = describingKeys(this.#documents, target);
    this.#standings.set(keyOf(target), { count, keys, until, sha256: row.sha256, judgement });
  }

  /** When upstream is asked again for what is unverified. */
  #dueAt({ mount }: Artifact, { checkedAt, fetchedAt }: ArtifactRow): number {
    return (checkedAt ?? fetchedAt) + mount.ttl;
  }

  /** How a stored file is to be fetched again; `undefined` where it may be served. Throws Withheld where it may not, and upstream
   * is not asked. */
  async #due(
    target: Artifact,
    row: ArtifactRow,
    { fact, refresh, plansOnly }: HoldOptions = {},
  ): Promise<Fetching | undefined> {
    const { settings, now } = this.#context;
    const judgement = await this.judge(target, row, fact);
    if (judgement.kind === "contradicted") {
      if (!settings.makesUpstreamRequests) throw new Withheld(contradiction(target, judgement));
      return { fact, stored: row };
    }
    if (judgement.kind === "verified" || !settings.makesUpstreamRequests || plansOnly) return undefined;
    return refresh || now() >= this.#dueAt(target, row) ? { fact, stored: row, revalidates: true } : undefined;
  }

  /** Upstream cannot be asked whether it is current: it is served as it is. Throws where it must not be. */
  async #despite(target: Artifact, row: ArtifactRow, error: unknown): Promise<File> {
    if (!(error instanceof UpstreamFailed || error instanceof NotFound)) throw error;
    this.#notRenewed(target, error);
    await this.#require(target, row);
    return { kind: "held", row };
  }

  #notRenewed({ mount, path }: Artifact, error: unknown): void {
    log.warn("a file without a known digest cannot be revalidated; the stored one is served", {
      mount: mount.name,
      path,
      error: messageOf(error),
    });
  }

  /** Notes it behind: no answer waits for it, and a store that cannot be written is compared again the next time. */
  #confirm(row: ArtifactRow): void {
    this.#context
      .commit("confirmArtifact", { row })
      .catch((error: unknown) => log.debug("not noted", { error: messageOf(error) }));
  }

  /** Throws Withheld where what is held is kept from clients. No cooldown concerns what is of no release (a layer of many images). */
  async #require(target: Artifact, row: ArtifactRow): Promise<void> {
    if (row.name) await this.#admissions.require(target, row, row.publishedAt ?? undefined);
    await this.#vouching.held(target, row);
  }

  /** Resolves when nothing is being stored. */
  async drain(): Promise<void> {
    await Promise.allSettled(Array.from(this.#fetches.values(), (fetch) => fetch.stored));
  }

  #fetch(target: Artifact, fetching: Fetching = {}): Fetch {
    const key = keyOf(target);
    const running = this.#fetches.get(key);
    if (running) {
      emit("waited", { mount: target.mount.name });
      return running;
    }
    const ready = Promise.withResolvers<File>();
    let growing: Growing | undefined;
    const tell = (file: File) => {
      if (file.kind === "growing") growing = file.growing;
      ready.resolve(file);
    };
    const stored = this.#restating(target, tell, fetching, () => growing !== undefined).finally(() =>
      this.#fetches.delete(key),
    );
    stored.catch((error: unknown) => {
      if (error instanceof NotFound) this.#remember(key, error);
      if (error instanceof DigestMismatch) this.#suspects.set(key, true);
      ready.reject(error);
      // Only now: who asks again because of it must not join what has failed.
      growing?.fail(error);
    });
    ready.promise.catch(() => {});
    const fetch = { ready: ready.promise, stored };
    this.#fetches.set(key, fetch);
    return fetch;
  }

  /** Whoever asks again in a moment is told the same. A file may follow its index soon, so not for long. */
  #remember(key: string, { message }: NotFound): void {
    const { settings, now } = this.#context;
    if (!settings.makesUpstreamRequests) return;
    const at = now();
    this.#absent.set(key, { at, message });
  }

  /** Fetches it; where the bytes are not those that its index states, that may be old: upstream is asked for it once, and the file
   * again where it states another digest now. `isSent`: whether a client is being sent the wrong ones. */
  async #restating(
    target: Artifact,
    ready: (file: File) => void,
    fetching: Fetching,
    isSent: () => boolean,
  ): Promise<ArtifactRow | undefined> {
    const started = this.#context.now();
    try {
      return await this.#run(target, keyOf(target), ready, fetching);
    } catch (error) {
      if (!(error instanceof DigestMismatch)) throw error;
      this.#suspects.set(keyOf(target), true);
      const fact = await this.#restated(target, error, started);
      if (!fact || isSent()) throw explained(target, fetching, error);
      return this.#run(target, keyOf(target), ready, { ...fetching, fact }).catch((again: unknown) => {
        throw again instanceof DigestMismatch ? explained(target, fetching, again) : again;
      });
    }
  }

  /** What is stated of it by now, where that is another digest; documents that were asked for since `started` are current. */
  async #restated(target: Artifact, { expected }: DigestMismatch, started: number): Promise<FileFact | undefined> {
    const { mount } = target;
    try {
      const alternatives = target.route.orDescribedBy?.(target.params, target.path) ?? [];
      const stored = alternatives.filter((path) => this.#documents.held(mount, path));
      for (const path of [...describing(target), ...stored]) {
        const other = typeof path === "string" ? documentAt(mount, path) : undefined;
        if (other && this.#documents.askedAt(other) < started) await this.#documents.loadIfAny(other, { force: true });
      }
      const fact = await factFor(this.#documents, target);
      return fact?.digest && fact.digest !== expected ? fact : undefined;
    } catch (error) {
      log.warn("what describes a file with a wrong digest cannot be renewed", {
        mount: mount.name,
        error: messageOf(error),
      });
      return undefined;
    }
  }

  async #run(
    target: Artifact,
    key: string,
    ready: (file: File) => void,
    { fact: known, stored, revalidates = false }: Fetching,
  ): Promise<ArtifactRow | undefined> {
    const { settings, storage, leases } = this.#context;
    const { mount, path } = target;
    if (!settings.makesUpstreamRequests)
      throw new NotFound(`${mount.name}${path} is not held here, and this proxy is offline`);
    const absent = this.#absent.get(key);
    const life = Math.min(settings.negativeTtl, ABSENT_FILE);
    const isAbsent = absent && ageOf(absent.at, this.#context.now()) < life && !this.#isListedSince(target, absent.at);
    if (isAbsent) throw new NotFound(absent.message);
    const stated = known?.digest ? known : await this.#statedOf(target, known);
    const { count } = this.#documents.replacements;
    const signed = await this.#vouching.promised(target);
    const fact = stated && signed ? { ...stated, digest: signed } : stated;
    if (target.route.needsDigest && !fact?.digest && !target.route.digest?.(target.params))
      throw new NotFound(
        `${path}: no index that is held or configured here lists it, so nothing says which bytes are right; have the client fetch its lists through this proxy again`,
      );
    // A fact without a name is of a file that belongs to no release.
    const release = fact?.name ? fact : target.route.release?.(target.params);
    if (release) await this.#admissions.require(target, release, fact?.publishedAt);
    const current = stored && revalidates ? await this.#currentBy(target, stored, fact) : undefined;
    if (current) {
      ready({ kind: "held", row: current });
      return current;
    }
    if (!(await storage.hasRoom(fact?.size ?? 0))) return this.#passOn(target, fact, ready);
    const held = () => this.#stored(target, fact, stored);
    const mayGrow = this.#mayGrow(key, await this.#vouching.inspection(target));
    for (;;) {
      const lease = await leases.acquire(key);
      if (!lease) {
        emit("waited", { mount: mount.name });
        const row = await follow(this.#context, key, { held, ready, mayGrow });
        if (row) return row;
        continue;
      }
      try {
        // Another process may have stored it between our look and our lease.
        const row = await held();
        if (!row) return await this.#store(target, fact, ready, { count, ...(revalidates && { revalidated: stored }) });
        ready({ kind: "held", row });
        return row;
      } catch (error) {
        if (error instanceof NotStored) return await this.#passOn(target, fact, ready);
        if (error instanceof NotModified && stored) {
          const row = this.#checked(stored);
          ready({ kind: "held", row });
          return row;
        }
        throw error;
      } finally {
        await lease.release();
      }
    }
  }

  /** What is stated of it; of what nothing else states a digest, further documents are asked once upstream is known to have it. */
  async #statedOf(target: Artifact, known: FileFact | undefined): Promise<FileFact | undefined> {
    const { route, params } = target;
    const stated = known ?? (await factFor(this.#documents, target));
    if (stated?.digest || route.digest?.(params) || !route.orDescribedBy) return stated;
    const found = await alternativeFact(this.#documents, target, async () =>
      requireThere(this.#context.upstream, await this.#wanted(target, stated)),
    );
    return found ? { ...stated, ...found } : stated;
  }

  /** Whether an index came after a time: what it did not list then it may list now. */
  #isListedSince(target: Artifact, time: number): boolean {
    return describing(target).some((path) => {
      const row = typeof path === "string" ? this.#documents.held(target.mount, path) : undefined;
      return row !== undefined && row.fetchedAt > time;
    });
  }

  /** What another process stored meanwhile, whom its operator may have told to trust others. `before`: what was stored before it.
   * Throws Withheld. */
  async #stored(target: Artifact, fact: FileFact | undefined, before?: ArtifactRow): Promise<ArtifactRow | undefined> {
    const row = this.held(target);
    if (!row || (before && row.sha256 === before.sha256 && row.fetchedAt === before.fetchedAt)) return undefined;
    if ((await judge(this.#context.storage, target, row, fact)).kind === "contradicted") return undefined;
    await this.#vouching.held(target, row);
    return row;
  }

  /** The stored file, where its documents state its digest by now, or upstream has given nothing to ask by. */
  async #currentBy(target: Artifact, row: ArtifactRow, fact: FileFact | undefined): Promise<ArtifactRow | undefined> {
    const judgement = await judge(this.#context.storage, target, row, fact);
    if (judgement.kind === "verified") {
      const verified = { ...row, verified: judgement.digest };
      this.#confirm(verified);
      return verified;
    }
    return judgement.kind === "unverified" && !row.etag && !row.lastModified ? this.#checked(row) : undefined;
  }

  /** Upstream has been asked, and the file is as it was. */
  #checked(row: ArtifactRow): ArtifactRow {
    const checked = { ...row, checkedAt: this.#context.now() };
    this.#confirm(checked);
    return checked;
  }

  /** Whether a file may be sent before it is whole and verified. */
  #mayGrow(key: string, inspect: Wanted["inspect"]): boolean {
    return !inspect && !this.#suspects.has(key);
  }

  /** There is no room to keep it: everyone who asks is sent it straight from upstream. */
  async #passOn(target: Artifact, fact: FileFact | undefined, ready: (file: File) => void): Promise<undefined> {
    const wanted = await this.#wanted(target, fact);
    ready({ kind: "passing", open: () => passThrough(this.#context.upstream, wanted) });
  }

  async #store(
    target: Artifact,
    fact: FileFact | undefined,
    ready: (file: File) => void,
    { count, revalidated }: { count: number; revalidated?: ArtifactRow | undefined },
  ): Promise<ArtifactRow | undefined> {
    const { storage } = this.#context;
    const plain = await this.#wanted(target, fact);
    const wanted =
      revalidated && !plain.expected
        ? { ...plain, validators: { registry: revalidated.registry ?? undefined, headers: conditional(revalidated) } }
        : plain;
    const { expected } = wanted;
    const linked = await granted(this.#context, wanted);
    const row = linked && rowOf(this.#context, target, fact, linked, expected);
    if (row) await wanted.inspect?.(storage.file(row.sha256));
    if (row && (await this.#isNoted(row))) {
      this.#conclude(target, row, judged(expected), count);
      ready({ kind: "held", row });
      return row;
    }
    return this.#download(target, fact, wanted, ready, count);
  }

  async #download(
    target: Artifact,
    fact: FileFact | undefined,
    wanted: Wanted,
    ready: (file: File) => void,
    count: number,
  ): Promise<ArtifactRow> {
    const { storage } = this.#context;
    const { expected } = wanted;
    const key = keyOf(target);
    const part = storage.partAt(key);
    let growing: Growing | undefined;
    const onGrowing = (started: Growing) => {
      growing = started;
      ready({ kind: "growing", head: started.head, growing: started, key });
    };
    const onWhole = (whole: Downloaded, bytes: Uint8Array) => {
      const row = rowOf(this.#context, target, fact, whole, expected);
      this.#conclude(target, row, judged(expected), count);
      ready({ kind: "whole", row, bytes });
    };
    const downloaded = await download(this.#context, {
      ...wanted,
      file: part,
      hasRoom: (bytes) => storage.hasRoom(bytes),
      keepsSmall: true,
      onWhole,
      ...(this.#mayGrow(key, wanted.inspect) && { onGrowing }),
    });
    const row = rowOf(this.#context, target, fact, downloaded, expected);
    await this.#commit(row, downloaded.bytes ?? part);
    this.#conclude(target, row, judged(expected), count);
    this.#own.add(row);
    this.#suspects.delete(key);
    growing?.finish(storage.file(row.sha256));
    // For those who wait for a large one of which nothing was sent before it was verified.
    ready({ kind: "held", row });
    return row;
  }

  /** What to ask upstream for, and what must come. */
  async #wanted(target: Artifact, fact: FileFact | undefined): Promise<Wanted> {
    const { mount, path, route, params } = target;
    const expected = route.digest?.(params) ?? fact?.digest;
    return {
      mount,
      kind: "artifact",
      // What can be asked instead may not have it; then people want to know why it was not asked for where it is.
      path:
        fact?.urls && !fact.urls.some((url) => mayFetch(mount, url))
          ? `${path}, which its index has at ${fact.urls.join(" and ")} (not among allow_hosts),`
          : path,
      ...(await this.#sources(target, fact, expected)),
      expected,
      inspect: await this.#vouching.inspection(target),
      resembles: (head, content) => requirePlausible(path, head, content, route.format),
      algorithms: digestAlgorithms(mount),
      keepHeaders: mount.ecosystem.keepHeaders ?? [],
      size: fact?.size,
      maximum: this.#context.settings.maxArtifact,
      setting: "artifact_max_size",
      raw: true,
    };
  }

  /** `content`: the bytes, or the file that they are in. */
  async #commit(row: ArtifactRow, content: Uint8Array | string): Promise<void> {
    const { storage } = this.#context;
    if (typeof content !== "string") {
      await storage.put(content, row.sha256);
      if (await this.#isNoted(row)) return;
      await storage.put(content, row.sha256);
      return this.#note(row);
    }
    try {
      await storage.place(content, row.sha256);
    } catch (error) {
      await discard(content);
      throw error;
    }
    await this.#note(row);
  }

  /** False where the bytes were evicted before they had a row. */
  async #isNoted(row: ArtifactRow): Promise<boolean> {
    try {
      await this.#note(row);
      return true;
    } catch (error) {
      if (error instanceof Evicted) return false;
      throw error;
    }
  }

  async #note(row: ArtifactRow): Promise<void> {
    await commitStored(this.#context, [row], () => this.#context.commit("storeArtifact", { row }));
  }

  async #sources(target: Artifact, fact: FileFact | undefined, digest: Digest | undefined): Promise<Sources> {
    const declared = await this.#documents.declared(target.mount);
    const confined = await confine(this.#documents, target, sourcesOf(target, declared, digest), fact?.name);
    // Where the index has it; it has been asked for there, whoever has the package.
    const stated = statedSources(target.mount, fact);
    const isStated = (url: string) => stated.some(({ registry }) => registry === url);
    const others = confined.sources.filter(({ urls }) => !urls.every(isStated));
    return { ...confined, sources: [...stated, ...others] };
  }
}

/** Of what has just come, and was compared. */
function judged(expected: Digest | undefined): Judgement {
  return expected ? { kind: "verified", digest: expected } : { kind: "unverified" };
}

function contradiction(
  { mount, path }: Artifact,
  { expected, actual }: Extract<Judgement, { kind: "contradicted" }>,
): string {
  return `${mount.name}${path} is withheld: its index states ${expected} by now, and the stored file has ${actual}; fetch it again with an upstream at hand (proxy mirror, or a request)`;
}

/** The same error, for who has another version of the file that is withheld. */
function explained({ path }: Artifact, { stored, revalidates }: Fetching, error: DigestMismatch): DigestMismatch {
  if (!stored || revalidates) return error;
  return new DigestMismatch(
    `${path}, which is withheld since its index does not state the digest of the stored file any more`,
    error.expected,
    error.found,
  );
}

function keyOf({ mount, path }: Artifact): string {
  return `${mount.name} ${path}`;
}
