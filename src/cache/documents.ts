/**
 * Documents: fetched, verified, read for facts, kept, and revalidated by the words of RFC 9111. What clients see of them is
 * made in `view.ts`.
 */
import { readFileSync } from "node:fs";
import { LRUCache } from "lru-cache";
import type { DocumentRow } from "../db/documents.ts";
import type { Doc, MetadataRoute, Path } from "../ecosystem.ts";
import { messageOf, NotFound, UpstreamFailed } from "../errors.ts";
import { emit } from "../events.ts";
import { log } from "../log.ts";
import { type Mount, mayFetch } from "../mounts.ts";
import type { Context } from "./context.ts";
import { digestAlgorithms } from "./digest-headers.ts";
import { makeDoc } from "./doc.ts";
import { conditional, rowOf, validatorsOf } from "./document-row.ts";
import { type Downloaded, discard, download } from "./download.ts";
import { type FileFact, factIn } from "./facts.ts";
import { Flight } from "./flight.ts";
import type { Head } from "./growing.ts";
import { acquire, isLeased, type Lease } from "./lease.ts";
import { addressesOf, documentAt, type Target } from "./locate.ts";
import { fetchWhole } from "./pass-through.ts";
import { type Reading, readBytes } from "./reader.ts";
import { NotModified, type Wanted } from "./request.ts";
import { isFull, Unkept } from "./unkept.ts";

export interface Loaded {
  row: DocumentRow;
  outcome: "hit" | "miss" | "stale";
}

/** Reads a document for its facts, on this thread or another. */
export type ReadDocument = (
  target: Target<MetadataRoute>,
  file: string,
  source: { mediaType: string; url: string },
) => Promise<Reading>;

/** Milliseconds between looks at a fetch that another process runs. */
const POLL = 20;

export class DocumentCache {
  readonly #context: Context;
  readonly #read: ReadDocument;
  readonly #flight = new Flight<Loaded>();
  readonly #unkept = new Unkept();
  readonly #absent = new LRUCache<string, { until: number; message: string }>({ max: 10_000 });

  constructor(context: Context, read: ReadDocument) {
    this.#context = context;
    this.#read = read;
  }

  /**
   * The document as it is held, brought up to date first where its freshness is over.
   * Throws NotFound, UpstreamFailed, DigestMismatch.
   */
  async load(target: Target<MetadataRoute>, { force = !this.#context.settings.keepDocuments } = {}): Promise<Loaded> {
    const { settings, now } = this.#context;
    const { mount, path } = target;
    const row = this.held(mount, path);
    if (row && settings.offline) return { row, outcome: "hit" };
    if (settings.offline) throw new NotFound(`${mount.name}${path} is not held here, and this proxy is offline`);
    const late = row ? now() - row.checkedAt - freshness(target) : 0;
    if (row && late <= 0 && !force) return { row, outcome: "hit" };
    const refreshing = this.#flight.run(mount.name, keyOf(target), () => this.#refresh(target, row));
    if (row && !force && late <= settings.staleWhileRevalidate) {
      refreshing.catch((error: unknown) =>
        log.warn("revalidation failed", { mount: mount.name, path, error: messageOf(error) }),
      );
      return { row, outcome: "hit" };
    }
    try {
      return await refreshing;
    } catch (error) {
      if (!row || error instanceof NotFound || late > settings.staleIfError) throw error;
      log.warn("a document cannot be renewed; sending what is held", {
        mount: mount.name,
        path,
        error: messageOf(error),
      });
      return { row, outcome: "stale" };
    }
  }

  /** What is held, however old; `undefined` when its bytes are gone. */
  held(mount: Mount, path: Path): DocumentRow | undefined {
    const row = this.#context.documents.find(mount.name, path);
    return row && this.#context.storage.has(row.sha256) ? row : undefined;
  }

  /** What describes a path, from the documents that state it; they are fetched where they are not held. */
  async factFor({ mount, route, params, path }: Target): Promise<FileFact | undefined> {
    const release = route.release?.(params);
    const describing =
      route.describedBy?.(params, path, mount.traits) ?? (release ? mount.ecosystem.index(release, mount.traits) : []);
    for (const described of describing) {
      const other = documentAt(mount, described);
      if (!other) continue;
      const known = this.#lookUp(mount, other.path, path);
      if (known) return known;
      const mayHaveChanged = other.route.freshness !== "immutable" && this.held(mount, other.path) !== undefined;
      const loaded = await this.#loadOrNothing(other, mayHaveChanged);
      const found = loaded && this.#lookUp(mount, other.path, path);
      if (found) return found;
    }
    return undefined;
  }

  /** A held document as plugins see it. */
  doc(target: Target<MetadataRoute>, row: DocumentRow, bytes = this.bytes(row)): Doc {
    return makeDoc(target, bytes, row, (path) => this.near(target.mount, path));
  }

  near(mount: Mount, path: Path): Doc | undefined {
    const target = documentAt(mount, path);
    const row = target && this.held(mount, target.path);
    return row && this.doc(target, row);
  }

  bytes(row: DocumentRow): Uint8Array {
    return this.#unkept.bytes(row) ?? readFileSync(this.#context.storage.file(row.sha256));
  }

  /** Addresses that upstream's own discovery document declares, where the operator set none. */
  async discovered(mount: Mount): Promise<Readonly<Record<string, string>>> {
    const { discovery } = mount.ecosystem;
    if (!discovery || Object.keys(mount.ecosystem.upstreams).every((name) => mount.upstreams.has(name))) return {};
    const target: Target<MetadataRoute> = {
      mount,
      route: { kind: "metadata", match: discovery.path, freshness: 3_600 },
      params: {},
      path: discovery.path,
    };
    const { row } = await this.load(target);
    return discovery.read(this.doc(target, row));
  }

  #lookUp(mount: Mount, document: Path, path: Path): FileFact | undefined {
    const page =
      this.#unkept.page(mount.name, document, path) ?? this.#context.documents.page(mount.name, document, path);
    return page === undefined ? undefined : factIn(page, path);
  }

  /** A file that a held index does not know may be newer than the index: one forced look settles it. */
  async #loadOrNothing(target: Target<MetadataRoute>, force: boolean): Promise<Loaded | undefined> {
    try {
      return await this.load(target, { force: force && !this.#context.settings.offline });
    } catch (error) {
      if (error instanceof NotFound) return undefined;
      throw error;
    }
  }

  async #refresh(target: Target<MetadataRoute>, row: DocumentRow | undefined): Promise<Loaded> {
    const key = keyOf(target);
    const absent = this.#absent.get(key);
    const { settings, now } = this.#context;
    if (absent && absent.until > now()) throw new NotFound(absent.message);
    try {
      return await this.#fetchOnce(target, row);
    } catch (error) {
      if (error instanceof NotFound)
        this.#absent.set(key, { until: now() + settings.negativeTtl, message: error.message });
      if (row || !isFull(error)) throw error;
      log.warn("a document cannot be stored; it is sent nevertheless", {
        mount: target.mount.name,
        path: target.path,
        error: messageOf(error),
      });
      return this.#fetchUnkept(target);
    }
  }

  /** Once over all threads and processes that share the store. */
  async #fetchOnce(target: Target<MetadataRoute>, row: DocumentRow | undefined): Promise<Loaded> {
    const key = keyOf(target);
    const { storage } = this.#context;
    for (;;) {
      const lease = await acquire(storage.parts, key);
      if (lease) {
        try {
          return await this.#fetch(target, row, lease);
        } finally {
          await lease.release();
        }
      }
      emit("waited", { mount: target.mount.name });
      while (isLeased(storage.parts, key)) await Bun.sleep(POLL);
      const fresh = this.held(target.mount, target.path);
      if (fresh && fresh.checkedAt > (row?.checkedAt ?? 0)) return { row: fresh, outcome: "hit" };
    }
  }

  async #fetch(target: Target<MetadataRoute>, row: DocumentRow | undefined, lease: Lease): Promise<Loaded> {
    try {
      // What an interrupted fetch left of a document is not worth continuing: it may have changed since.
      await discard(lease.part);
      const wanted = await this.#wanted(target, row);
      const downloaded = await download(this.#context.upstream, { ...wanted, file: lease.part });
      return await this.#keep(target, row, downloaded, lease.part);
    } catch (error) {
      if (error instanceof NotModified && row) return this.#current(row);
      await discard(lease.part);
      throw error;
    }
  }

  async #wanted(target: Target<MetadataRoute>, row: DocumentRow | undefined): Promise<Wanted> {
    const { mount, route, path } = target;
    const isImmutable = route.freshness === "immutable";
    const fact = isImmutable ? await this.factFor(target) : undefined;
    const digest = route.digest?.(target.params) ?? fact?.digest;
    return {
      mount,
      path,
      urls:
        fact?.url && mayFetch(mount, fact.url)
          ? [[fact.url]]
          : addressesOf(target, route.from ? await this.discovered(mount) : {}, digest),
      expected: digest,
      // What is rewritten has other digests.
      algorithms: route.rewrite ? [] : digestAlgorithms(mount),
      keepHeaders: mount.ecosystem.keepHeaders ?? [],
      requestHeaders: { ...(route.accept && { accept: route.accept }), "accept-encoding": "gzip", ...conditional(row) },
      maximum: this.#context.settings.maxDocument,
      raw: false,
    };
  }

  async #fetchUnkept(target: Target<MetadataRoute>): Promise<Loaded> {
    const { head, bytes, digests } = await fetchWhole(this.#context.upstream, await this.#wanted(target, undefined));
    const { pages, revision } = readBytes(this, target, bytes, head);
    const row = rowOf(this.#context, target, { head, digests, size: bytes.length }, revision);
    this.#unkept.put(row, bytes, pages);
    return { row, outcome: "miss" };
  }

  /** Upstream says that what is held is current, or sent the same bytes again, perhaps under another name. */
  async #current(row: DocumentRow, head?: Head): Promise<Loaded> {
    const { writer, documents, now } = this.#context;
    const checked = { ...row, ...(head && validatorsOf(head)), checkedAt: now() };
    await writer.write(() => documents.checked(checked));
    return { row: checked, outcome: "hit" };
  }

  async #keep(
    target: Target<MetadataRoute>,
    row: DocumentRow | undefined,
    downloaded: Downloaded,
    file: string,
  ): Promise<Loaded> {
    const { head, digests, size } = downloaded;
    const { path } = target;
    const { storage, writer, documents, blobs } = this.#context;
    if (row?.sha256 === digests.sha256) {
      await discard(file);
      return this.#current(row, head);
    }
    const { pages, revision } = await this.#read(target, file, head);
    if (row?.revision && revision !== undefined && revision < row.revision) {
      throw new UpstreamFailed(
        `${path}: upstream sent revision ${revision}, older than ${row.revision}, which is held`,
        { retryable: true },
      );
    }
    const fresh = rowOf(this.#context, target, downloaded, revision);
    await storage.place(file, fresh.sha256);
    await writer.write(() => {
      // An eviction may have removed an equal blob since it was placed.
      if (!storage.has(fresh.sha256))
        throw new UpstreamFailed(`${path} was evicted while it was stored; ask again`, { retryable: true });
      blobs.add(fresh.sha256, size);
      documents.put(fresh, pages);
    });
    return { row: fresh, outcome: "miss" };
  }
}

function keyOf({ mount, path }: Target): string {
  return `${mount.name} ${path}`;
}

/** Milliseconds that a document may be sent without asking upstream. */
export function freshness({ mount, route }: Target<MetadataRoute>): number {
  if (route.freshness === "immutable") return Number.POSITIVE_INFINITY;
  return route.freshness === undefined ? mount.ttl : route.freshness * 1_000;
}
