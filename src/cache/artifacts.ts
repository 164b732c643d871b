/** Artifacts: immutable files, sent while they are stored, kept only when they are what the index promises. */
import { LRUCache } from "lru-cache";
import { ageOf } from "../clock.ts";
import type { ArtifactRow } from "../db/artifacts.ts";
import type { ArtifactRoute, Digest } from "../ecosystem.ts";
import { DigestMismatch, messageOf, NotFound, UpstreamFailed } from "../errors.ts";
import { emit } from "../events.ts";
import { log } from "../log.ts";
import { mayFetch } from "../mounts.ts";
import type { Admissions } from "./admission.ts";
import { rowOf } from "./artifact-row.ts";
import type { Context } from "./context.ts";
import { describing, factFor } from "./described.ts";
import { digestAlgorithms } from "./digest-headers.ts";
import type { DocumentCache } from "./documents.ts";
import { download, NoRoom } from "./download.ts";
import type { FileFact } from "./facts.ts";
import type { File } from "./file.ts";
import { follow } from "./follow.ts";
import type { Growing } from "./growing.ts";
import { acquire, type Lease } from "./lease.ts";
import { granted } from "./link.ts";
import { documentAt, type Source, sourcesOf, type Target } from "./locate.ts";
import { confine, type Sources } from "./origins.ts";
import { discard } from "./part-file.ts";
import { passThrough } from "./pass-through.ts";
import { request, type Wanted } from "./request.ts";
import type { Vouching } from "./vouching.ts";

/** A fetch that is under way: what can be sent as soon as it can, and the row once it is stored. */
interface Fetch {
  ready: Promise<File>;
  stored: Promise<ArtifactRow | undefined>;
}

type Artifact = Target<ArtifactRoute>;

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

  constructor(context: Context, documents: DocumentCache, admissions: Admissions, vouching: Vouching) {
    this.#context = context;
    this.#documents = documents;
    this.#admissions = admissions;
    this.#vouching = vouching;
  }

  /** The file, from the store or upstream. Throws NotFound, Withheld, DigestMismatch, UpstreamFailed. */
  async get(target: Artifact): Promise<File> {
    const row = this.held(target);
    if (row) {
      await this.#require(target, row);
      return { kind: "held", row };
    }
    return this.#fetch(target).ready;
  }

  /**
   * The file, stored: for mirrors. `undefined` where there was no room to store it. `fact`: what describes it, where that has
   * just been read. `fetched`: it came for this call; who waits for another's fetch finds it held.
   */
  async hold(target: Artifact, fact?: FileFact): Promise<{ row: ArtifactRow | undefined; fetched: boolean }> {
    const row = this.held(target);
    if (row) {
      await this.#require(target, row);
      return { row, fetched: false };
    }
    const isAnothers = this.#fetches.has(keyOf(target));
    const stored = await this.#fetch(target, fact).stored;
    return { row: stored, fetched: !isAnothers && stored !== undefined && this.#own.has(stored) };
  }

  /**
   * The bytes of a file, as upstream states them without sending it; `undefined` where it does not. Throws NotFound where it has no
   * such file. No document is fetched for it.
   */
  async sizeOf(target: Artifact, fact?: FileFact): Promise<number | undefined> {
    const { mount } = target;
    if (this.#context.settings.offline) return undefined;
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

  held({ mount, path }: Pick<Artifact, "mount" | "path">): ArtifactRow | undefined {
    const row = this.#context.artifacts.find(mount.name, path);
    return row && this.#context.storage.has(row.sha256, row.size) ? row : undefined;
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

  #fetch(target: Artifact, fact?: FileFact): Fetch {
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
    const stored = this.#run(target, key, tell, fact).finally(() => this.#fetches.delete(key));
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
    if (settings.offline) return;
    const at = now();
    this.#absent.set(key, { at, message });
  }

  async #run(
    target: Artifact,
    key: string,
    ready: (file: File) => void,
    known?: FileFact,
  ): Promise<ArtifactRow | undefined> {
    const { settings, storage } = this.#context;
    const { mount, path } = target;
    if (settings.offline) throw new NotFound(`${mount.name}${path} is not held here, and this proxy is offline`);
    const absent = this.#absent.get(key);
    const life = Math.min(settings.negativeTtl, ABSENT_FILE);
    const isAbsent = absent && ageOf(absent.at, this.#context.now()) < life && !this.#isListedSince(target, absent.at);
    if (isAbsent) throw new NotFound(absent.message);
    const stated = known ?? (await factFor(this.#documents, target));
    const signed = await this.#vouching.promised(target);
    const fact = stated && signed ? { ...stated, digest: signed } : stated;
    if (target.route.needsDigest && !fact?.digest && !target.route.digest?.(target.params))
      throw new NotFound(
        `${path}: no index that is held or configured here lists it, so nothing says which bytes are right; have the client fetch its lists through this proxy again`,
      );
    // A fact without a name is of a file that belongs to no release.
    const release = fact?.name ? fact : target.route.release?.(target.params);
    if (release) await this.#admissions.require(target, release, fact?.publishedAt);
    if (!(await storage.hasRoom(fact?.size ?? 0))) return this.#passOn(target, fact, ready);
    const held = () => this.#stored(target);
    const mayGrow = this.#mayGrow(key, await this.#vouching.inspection(target));
    for (;;) {
      const lease = await acquire(storage.parts, key, storage.servesNobody);
      if (!lease) {
        emit("waited", { mount: mount.name });
        const row = await follow(storage, key, { held, ready, mayGrow });
        if (row) return row;
        continue;
      }
      try {
        // Another process may have stored it between our look and our lease.
        const row = await held();
        if (!row) return await this.#store(target, fact, lease, ready);
        ready({ kind: "held", row });
        return row;
      } catch (error) {
        if (error instanceof NoRoom) return await this.#passOn(target, fact, ready);
        throw error;
      } finally {
        await lease.release();
      }
    }
  }

  /** Whether an index came after a time: what it did not list then it may list now. */
  #isListedSince(target: Artifact, time: number): boolean {
    return describing(target).some((path) => {
      const row = typeof path === "string" ? this.#documents.held(target.mount, path) : undefined;
      return row !== undefined && row.fetchedAt > time;
    });
  }

  /** What another process stored meanwhile, whom its operator may have told to trust others. Throws Withheld. */
  async #stored(target: Artifact): Promise<ArtifactRow | undefined> {
    const row = this.held(target);
    if (row) await this.#vouching.held(target, row);
    return row;
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
    { part }: Lease,
    ready: (file: File) => void,
  ): Promise<ArtifactRow | undefined> {
    const { storage } = this.#context;
    const key = keyOf(target);
    const wanted = await this.#wanted(target, fact);
    const linked = await granted(this.#context, wanted);
    if (linked) {
      await wanted.inspect?.(storage.file(linked.digests.sha256));
      const row = rowOf(this.#context, target, fact, linked);
      await this.#note(row);
      ready({ kind: "held", row });
      return row;
    }
    let growing: Growing | undefined;
    const onGrowing = (started: Growing) => {
      growing = started;
      ready({ kind: "growing", head: started.head, growing: started, key });
    };
    const downloaded = await download(this.#context, {
      ...wanted,
      file: part,
      hasRoom: (bytes) => storage.hasRoom(bytes),
      keepsSmall: true,
      onWhole: (whole, bytes) => ready({ kind: "whole", row: rowOf(this.#context, target, fact, whole), bytes }),
      ...(this.#mayGrow(key, wanted.inspect) && { onGrowing }),
    });
    const row = rowOf(this.#context, target, fact, downloaded);
    await this.#commit(row, downloaded.bytes ?? part);
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
        fact?.url && !mayFetch(mount, fact.url)
          ? `${path}, which its index has at ${fact.url} (not among allow_hosts),`
          : path,
      ...(await this.#sources(target, fact, expected)),
      expected,
      inspect: await this.#vouching.inspection(target),
      algorithms: digestAlgorithms(mount),
      keepHeaders: mount.ecosystem.keepHeaders ?? [],
      size: fact?.size,
      maximum: this.#context.settings.maxArtifact,
      raw: true,
    };
  }

  /** `content`: the bytes, or the file that they are in. */
  async #commit(row: ArtifactRow, content: Uint8Array | string): Promise<void> {
    const { storage } = this.#context;
    if (typeof content !== "string") await storage.put(content, row.sha256);
    else
      try {
        await storage.place(content, row.sha256);
      } catch (error) {
        await discard(content);
        throw error;
      }
    await this.#note(row);
  }

  async #note(row: ArtifactRow): Promise<void> {
    const { storage, writer, artifacts, blobs } = this.#context;
    await writer.write(() => {
      // An eviction may have removed an equal blob since it was placed.
      if (!storage.has(row.sha256, row.size))
        throw new UpstreamFailed(`${row.path} was evicted while it was stored; ask again`, { retryable: true });
      blobs.add(row.sha256, row.size);
      artifacts.put(row);
    });
  }

  async #sources(target: Artifact, fact: FileFact | undefined, digest: Digest | undefined): Promise<Sources> {
    const declared = await this.#documents.declared(target.mount);
    const confined = await confine(this.#documents, target, sourcesOf(target, declared, digest), fact?.name);
    if (!fact?.url || !mayFetch(target.mount, fact.url)) return confined;
    // Where the index has it; it has been asked for there, whoever has the package.
    const stated: Source = { registry: fact.url, urls: [fact.url] };
    return { ...confined, sources: [stated, ...confined.sources] };
  }
}

function keyOf({ mount, path }: Artifact): string {
  return `${mount.name} ${path}`;
}
