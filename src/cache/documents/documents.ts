/**
 * Documents: held, fresh or revalidated by the words of RFC 9111, with the facts that they state. They come by
 * `document-fetch.ts`; what clients see of them is made in `view.ts`.
 */

import { readFileSync } from "node:fs";
import { LRUCache } from "lru-cache";
import { hash, splitDigest } from "../../contract/digest.ts";
import type {
  Declared,
  Digest,
  Doc,
  MetadataRoute,
  Path,
  ReleaseFacts,
  StoredContent,
  View,
} from "../../contract/ecosystem.ts";
import { decodedPath } from "../../contract/path.ts";
import type { DocumentRow } from "../../index/rows.ts";

import { ageOf } from "../../lib/clock.ts";
import { DigestMismatch, messageOf, NotFound, UpstreamFailed, Withheld } from "../../lib/errors.ts";
import { log } from "../../lib/log.ts";
import type { Mount } from "../../mounts/mounts.ts";
import type { Context } from "../context.ts";
import { Flight } from "../flight.ts";
import { Generations } from "../generations/generations.ts";
import { rowAt } from "../generations/pending-pointers.ts";
import { requireRight } from "../integrity/damaged.ts";
import type { Attested } from "../integrity/signature-policy.ts";
import { refuteHere, type SignatureCheck, SignedDocuments } from "../integrity/signed-documents.ts";
import { pinFor } from "../pins.ts";
import { hereOr, INLINE, isHeavy, type Lent, type Stated, TooHeavy } from "../render/heavy.ts";
import { documentAt, firstAddress, type Target } from "../target.ts";
import { NotStored } from "../transfer/download.ts";
import { Declarations, discoveryOf } from "./discovery.ts";
import { ALONE, makeDoc, ReadTogether, type Source } from "./doc.ts";
import { DocumentFetch } from "./document-fetch.ts";
import { lateness, rowOf } from "./document-row.ts";
import { type FileFact, factIn } from "./facts.ts";
import { type Reading, unpackedFor } from "./reader.ts";
import { RecentFacts } from "./recent-facts.ts";
import { Replacements } from "./replacements.ts";
import { isFull, Unkept } from "./transient-documents.ts";

export interface Loaded {
  row: DocumentRow;
  outcome: "hit" | "miss" | "stale";
}

/** Reads a document for its facts, on this thread or another. `content`: its bytes, or the file that they are in. */
export type ReadDocument = (
  target: Target<MetadataRoute>,
  content: Uint8Array<ArrayBuffer> | string,
  source: Source,
) => Promise<Reading>;

/** A document beside a root, and the root; both are in the store. */
export interface Beside {
  target: Target<MetadataRoute>;
  row: DocumentRow;
}

/** Reads on another thread or in another process. `lent`: those of the documents in question that are not stored. */
export interface Elsewhere {
  /** What a document states. */
  state(target: Target<MetadataRoute>, lent: readonly Lent[]): Promise<Stated>;
  /** What the discovery document of a mount declares. */
  declare(target: Target<MetadataRoute>, lent: readonly Lent[]): Promise<Declared>;
  /** Whether a document is of a root's generation. */
  agree(document: Beside, root: Beside): Promise<boolean>;
  /** What comes of a document of attestations. */
  attested(
    target: Target<MetadataRoute>,
    claim: { digest: Digest; signers: readonly string[] },
    lent: readonly Lent[],
  ): Promise<Attested>;
  /** What speaks against the signature of a whole document. */
  refute(target: Target<MetadataRoute>, check: SignatureCheck): Promise<string | undefined>;
}

/** What is to be read, by `reads` of its route together with others. */
type Read = Pick<Target, "mount" | "path" | "params"> & { route: Pick<MetadataRoute, "reads"> };

/** Other documents by path; `undefined` where one is not stored. */
type Others = ReadonlyMap<Path, Doc | undefined>;

/** Bytes of unpacked documents that are kept in memory. */
const UNPACKED = 192 * 1024 * 1024;
/** Documents that are asked about one file, at most. */
const LOOKED_INTO = 500;

export class DocumentCache {
  readonly generations: Generations;
  readonly signed: SignedDocuments;
  readonly replacements = new Replacements();
  readonly recent = new RecentFacts((mount) => this.#declaredBy(mount));
  readonly #context: Context;
  readonly #fetch: DocumentFetch;
  readonly #flight = new Flight<Loaded>();
  readonly #unkept = new Unkept();
  readonly #unpacked = new LRUCache<string, Uint8Array<ArrayBuffer>>({
    maxSize: UNPACKED,
    sizeCalculation: ({ length }) => length + 1,
  });
  readonly #declarations = new Declarations();
  readonly #absent = new LRUCache<string, { at: number; message: string }>({ max: 10_000 });

  readonly #elsewhere: Elsewhere | undefined;

  /** Further documents that one request may have fetched. */
  get maxFollowUps(): number {
    return this.#context.settings.maxFollowUps;
  }

  /** Bytes that a packed document may have when it is unpacked. */
  get maxUnpacked(): number {
    return this.#context.settings.maxUnpacked;
  }

  /** `elsewhere`: where what is heavy is read; absent, this is such a place. */
  constructor(context: Context, read: ReadDocument, elsewhere?: Elsewhere) {
    this.#context = context;
    this.#elsewhere = elsewhere;
    this.signed = new SignedDocuments(elsewhere ? (target, check) => elsewhere.refute(target, check) : refuteHere);
    this.#fetch = new DocumentFetch(context, this, read, this.#unkept);
    this.generations = new Generations(context, this, this.#fetch);
  }

  /**
   * The document as it is held, brought up to date first where its freshness is over. Its row has another path than the
   * target, where that is a name in a generation.
   * Throws NotFound, UpstreamFailed, DigestMismatch, Withheld.
   */
  async load(asked: Target<MetadataRoute>, { force = !this.#context.settings.keepsDocuments } = {}): Promise<Loaded> {
    const loaded = await this.#load(asked, force);
    const { mount, path, sha256 } = loaded.row;
    this.replacements.saw(mount, path, sha256);
    if (path !== asked.path) this.replacements.saw(mount, asked.path, sha256);
    if (asked.route.signed && asked.mount.trust) await this.requireSigned(asked, loaded.row);
    await pinFor(this.#context, asked.mount, loaded.row);
    return loaded;
  }

  async #load(asked: Target<MetadataRoute>, force: boolean): Promise<Loaded> {
    const { settings, now } = this.#context;
    const target = await this.generations.meant(asked, force);
    if ("row" in target) return target;
    if (target !== asked) {
      // What a name means does not change; another may be meant.
      const loaded = await this.load(target, { force: false });
      await this.generations.spread(target, loaded.row);
      return loaded;
    }
    const { mount, path } = target;
    const row = this.#row(mount, path) ?? (target.sent && this.#row(mount, target.sent));
    const isContradicted = row !== undefined && this.contradiction(target, row) !== undefined;
    if (isContradicted && !settings.makesUpstreamRequests) throw new Withheld(this.#explain(target, row));
    const stands = row ?? this.blank(target);
    if (stands && !settings.makesUpstreamRequests) return { row: stands, outcome: "hit" };
    if (!settings.makesUpstreamRequests)
      throw new NotFound(`${mount.name}${path} is not held here, and this proxy is offline`);
    const late = row ? lateness(target, row, now()) : 0;
    if (row && late <= 0 && !force && !isContradicted) return { row, outcome: "hit" };
    const refreshing = this.#flight.run(mount.name, keyOf(target), () => this.#refresh(target, row, force));
    // Who mirrors wants what is current.
    if (row && !force && !settings.pinsWhatItFetches && !isContradicted && late <= settings.staleWhileRevalidate) {
      refreshing.catch((error: unknown) =>
        log.warn("revalidation failed", { mount: mount.name, path, error: messageOf(error) }),
      );
      return { row, outcome: "hit" };
    }
    try {
      return await refreshing;
    } catch (error) {
      // One that is late because the clock was wrong may be as old as it likes.
      const isTooLate = Number.isFinite(late) && late > settings.staleIfError;
      if (!row || error instanceof NotFound || isTooLate || isContradicted) throw error;
      log.warn("a document cannot be renewed; sending what is held", {
        mount: mount.name,
        path,
        error: messageOf(error),
      });
      return { row, outcome: "stale" };
    }
  }

  /** Whether another document may state another digest of one at any time. */
  isStated(target: Target<MetadataRoute>): boolean {
    return statingOf(target).length > 0;
  }

  /** The digest that stored documents state of one that may change: those that head its generation, or that its route names. */
  statedDigest(target: Target<MetadataRoute>): Digest | undefined {
    return statingOf(target)
      .map((path) => this.fact(target.mount, path, target.path)?.digest)
      .find((digest) => digest !== undefined);
  }

  /** What of a stored document is not as they state it; `undefined` where nothing is. */
  contradiction(target: Target<MetadataRoute>, row: DocumentRow): { expected: Digest; actual: Digest } | undefined {
    const expected = this.statedDigest(target);
    if (!expected) return undefined;
    const [algorithm] = splitDigest(expected);
    if (algorithm === "h1") return undefined;
    const actual: Digest =
      algorithm === "sha256" ? `sha256:${row.sha256}` : `${algorithm}:${hash(algorithm, this.bytes(row))}`;
    return actual === expected ? undefined : { expected, actual };
  }

  #explain(target: Target<MetadataRoute>, row: DocumentRow): string {
    const { expected = "", actual = "" } = this.contradiction(target, row) ?? {};
    return `${target.mount.name}${target.path} is withheld: ${statingOf(target).join(" or ")} states ${expected}, and the stored document has ${actual}; fetch it again with an upstream at hand`;
  }

  /** Asks upstream for what states a document's digest; whether that is another one now. */
  async #isRestated(target: Target<MetadataRoute>, before: string): Promise<boolean> {
    for (const path of statingOf(target)) {
      const other = documentAt(target.mount, path);
      if (other) await this.loadIfAny(other, { force: true });
    }
    const digest = this.statedDigest(target);
    return digest !== undefined && digest !== before;
  }

  /** Throws Withheld where nobody whom the mount trusts signed what is held. */
  requireSigned(target: Target<MetadataRoute>, row: DocumentRow): Promise<void> {
    const signature = async (path: Path) => {
      const held = this.#row(target.mount, path);
      return held ? this.bytes(held) : this.#fetch.bytesAt(target.mount, path);
    };
    return this.signed.requireHeld(target, {
      sha256: row.sha256,
      content: () => this.#unkept.bytes(row) ?? this.#context.storage.file(row.sha256),
      signature,
      at: row.fetchedAt,
    });
  }

  /** The same, or nothing where there is no such document. */
  async loadIfAny(target: Target<MetadataRoute>, { force = false } = {}): Promise<Loaded | undefined> {
    try {
      return await this.load(target, force && this.#context.settings.makesUpstreamRequests ? { force } : {});
    } catch (error) {
      if (error instanceof NotFound) return undefined;
      throw error;
    }
  }

  /** What is held, however old; `undefined` when its bytes are gone. */
  held(mount: Mount, path: Path): DocumentRow | undefined {
    return this.#row(mount, path) ?? this.generations.held(mount, path);
  }

  /** When upstream told last what it is, or that there is none, as far as this thread knows; milliseconds since 1970, or 0. */
  askedAt(target: Target): number {
    const { checkedAt = 0 } = this.held(target.mount, target.path) ?? {};
    const now = this.#context.now();
    const times = [checkedAt, this.#absent.get(keyOf(target))?.at ?? 0];
    return Math.max(0, ...times.filter((at) => ageOf(at, now) !== Number.POSITIVE_INFINITY));
  }

  #row(mount: Mount, path: Path): DocumentRow | undefined {
    const row = rowAt(this.#context, mount, path);
    return row && this.#context.storage.has(row.sha256, row.size) ? row : undefined;
  }

  /** A stored document as plugins see it, with the others that it is read together with. `view`: it is to be rewritten. Throws what
   * `reads` throws. */
  doc(target: Target<MetadataRoute>, row: DocumentRow, view?: View): Promise<Doc> {
    return this.docOf(target, this.bytes(row), row, view);
  }

  /** The same of bytes that may not be stored. Throws TooHeavy where they are to be read elsewhere. */
  async docOf(target: Read, bytes: Uint8Array, source: Source, view?: View): Promise<Doc> {
    return (await this.docWith(target, bytes, source, view)).doc;
  }

  /** The same, with what is stored of the others. */
  async docWith(target: Read, bytes: Uint8Array, source: Source, view?: View): Promise<{ doc: Doc; others: Others }> {
    const { mount, route, path: own } = target;
    this.requireLight(own, bytes);
    const together = new ReadTogether();
    const around = { declared: this.declaredStored(mount), stored: together.stored };
    const doc = makeDoc(target, bytes, source, around);
    if (!route.reads) return { doc, others: together.found };
    for (let next = together.next(route, doc, view); next.length > 0; next = together.next(route, doc, view))
      for (const path of next) {
        const other = documentAt(mount, path);
        const row = other && !other.route.packed ? this.#rowOf(other) : undefined;
        const content = row && this.bytes(row);
        if (content) this.requireLight(path, content);
        together.put(path, other && row && content && makeDoc(other, content, row, around));
      }
    return { doc, others: together.found };
  }

  /** What is stored of a mount, as plugins see it. */
  stored(mount: Mount): StoredContent {
    const { artifacts, documents } = this.#context;
    return {
      releases: (name) => eachOf(() => artifacts.releases(mount.name, name)),
      documents: (start) => eachOf(() => documents.paths(mount.name, start) as Iterable<Path>),
      read: async (path) => {
        const target = documentAt(mount, path);
        const row = target && this.#rowOf(target);
        return target && row ? this.open(target, row) : undefined;
      },
    };
  }

  #rowOf({ mount, path }: Target): DocumentRow | undefined {
    return this.held(mount, path) ?? this.#unkept.row(mount.name, path);
  }

  /** The same, unpacked where it is packed; a mirror, which asks again and again, finds it in memory for a while. */
  async open(target: Target<MetadataRoute>, row: DocumentRow): Promise<Doc> {
    if (!target.route.packed) return this.doc(target, row);
    const known = this.#unpacked.get(row.sha256);
    if (known) return this.docOf(target, known, row);
    const bytes = await unpackedFor(target, this.bytes(row) as Uint8Array<ArrayBuffer>, this.maxUnpacked);
    if (this.#context.settings.pinsWhatItFetches) this.#unpacked.set(row.sha256, bytes);
    return this.docOf(target, bytes, row);
  }

  /** Throws TooHeavy where a document is to be read elsewhere. */
  requireLight(path: Path, bytes: Uint8Array): void {
    if (this.#elsewhere && isHeavy(bytes)) throw new TooHeavy(`${path} is read elsewhere`);
  }

  /** What is to be lent for a document to be read elsewhere: itself and what says where its links lead, where they are not stored. */
  lentFor({ mount }: Target<MetadataRoute>, row: DocumentRow): Lent[] {
    const discovery = discoveryOf(mount);
    const beside = discovery && this.#unkept.row(mount.name, discovery.path);
    return [row, ...(beside ? [beside] : [])].flatMap((each) => {
      const bytes = this.#context.storage.has(each.sha256, each.size) ? undefined : this.#unkept.bytes(each);
      return bytes ? [{ row: each, bytes }] : [];
    });
  }

  /** Takes what another process lends. */
  borrow(lent: readonly Lent[]): void {
    for (const { row, bytes } of lent) this.#unkept.put(row, bytes, []);
  }

  /** What a document states, read elsewhere where it is heavy. Throws what `parse` throws. */
  async stated(target: Target<MetadataRoute>, row: DocumentRow): Promise<Stated> {
    const { parse, packed } = target.route;
    if (!parse) return { releases: [], follow: [] };
    const elsewhere = this.#elsewhere;
    const there = elsewhere && (() => elsewhere.state(target, this.lentFor(target, row)));
    if (there && (packed || row.size > INLINE)) return there();
    return hereOr(async () => {
      const { releases = [], follow = [] } = parse(await this.open(target, row));
      return { releases: Array.from(releases, stated), follow: [...follow] };
    }, there);
  }

  /** What stands for a document offline that is not held, where there is such a thing. */
  blank(target: Target<MetadataRoute>): DocumentRow | undefined {
    const { blank } = target.route;
    if (blank === undefined || this.#context.settings.makesUpstreamRequests) return undefined;
    const bytes = new TextEncoder().encode(blank);
    const head = { url: firstAddress(target) ?? "", mediaType: "text/plain", headers: {} };
    const row = rowOf(
      this.#context,
      target,
      { head, digests: { sha256: hash("sha256", bytes) }, size: bytes.length },
      undefined,
    );
    this.#unkept.put(row, bytes, []);
    return row;
  }

  /** As they are stored, and right: large ones are compared with their digest where no client waits for this thread. */
  bytes(row: DocumentRow): Uint8Array {
    const unkept = this.#unkept.bytes(row);
    if (unkept) return unkept;
    const bytes = readFileSync(this.#context.storage.file(row.sha256));
    return row.size <= INLINE || !this.#elsewhere ? requireRight(this.#context, row, bytes) : bytes;
  }

  /** Upstreams that upstream itself declares, where the operator did not set them. Throws what loading throws. */
  async declared(mount: Mount): Promise<Declared> {
    const target = discoveryOf(mount);
    if (!target) return {};
    const { row } = await this.load(target);
    const elsewhere = this.#elsewhere;
    return hereOr(
      () => this.#declaredIn(target, row),
      elsewhere &&
        (async () => this.#declarations.keep(target, row, await elsewhere.declare(target, this.lentFor(target, row)))),
    );
  }

  /** Whether a document beside a root is of its generation, where the two can tell. */
  async agree(document: Beside, root: Beside): Promise<boolean> {
    const { agrees } = document.target.route;
    if (!agrees) return true;
    const elsewhere = this.#elsewhere;
    return hereOr(
      async () => agrees(await this.doc(document.target, document.row), await this.doc(root.target, root.row)),
      elsewhere && (() => elsewhere.agree(document, root)),
    );
  }

  /** Tells the versions of what upstream declares apart; empty where nothing is declared. */
  #declaredBy(mount: Mount): string {
    const target = discoveryOf(mount);
    return (target && (this.held(mount, target.path) ?? this.#unkept.row(mount.name, target.path))?.sha256) ?? "";
  }

  /** The same, as far as it is stored. */
  declaredStored(mount: Mount): Declared {
    const target = discoveryOf(mount);
    const row = target && this.#rowOf(target);
    return row ? this.#declaredIn(target, row) : {};
  }

  #declaredIn(target: Target<MetadataRoute>, row: DocumentRow): Declared {
    return this.#declarations.read(target, row, () => {
      const bytes = this.bytes(row);
      this.requireLight(target.path, bytes);
      return makeDoc(target, bytes, row, ALONE);
    });
  }

  /** What a document, as it is held, states of a path. */
  fact(mount: Mount, document: Path, path: Path): FileFact | undefined {
    const { documents } = this.#context;
    const key = rowAt(this.#context, mount, document)?.path ?? document;
    // Pages are sorted by decoded paths; those of earlier versions of this program by paths as they were spelled.
    for (const stated of new Set([decodedPath(path), path])) {
      const page = this.#unkept.page(mount.name, document, stated) ?? documents.page(mount.name, key, stated);
      const found = page === undefined ? undefined : factIn(page, path);
      if (found) return found;
    }
    return undefined;
  }

  /** What documents that are held below a path state of another, the newest first. */
  factBelow(mount: Mount, below: Path, path: Path): FileFact | undefined {
    for (const document of this.#context.documents.stating(mount.name, below, LOOKED_INTO) as Path[]) {
      const found = this.fact(mount, document, path);
      if (found) return found;
    }
    return undefined;
  }

  /** `force`: someone knows that there is news, so that an absence is not believed. */
  async #refresh(target: Target<MetadataRoute>, row: DocumentRow | undefined, force: boolean): Promise<Loaded> {
    const key = keyOf(target);
    const absent = this.#absent.get(key);
    const { settings, storage, now } = this.#context;
    // Another process may have found it since.
    const isKnown = absent && ageOf(absent.at, now()) < settings.negativeTtl && absent.at >= (row?.checkedAt ?? 0);
    if (isKnown && !force) throw new NotFound(absent.message);
    try {
      const fetch = () => (storage.isReadOnly ? this.#fetch.unkept(target) : this.#fetch.once(target, row));
      return await fetch().catch(async (error: unknown) => {
        // What states its digest may be old.
        if (!(error instanceof DigestMismatch && (await this.#isRestated(target, error.expected)))) throw error;
        return fetch();
      });
    } catch (error) {
      if (error instanceof NotFound) this.#absent.set(key, { at: now(), message: error.message });
      const isUnframed = error instanceof NotStored;
      if (isUnframed && settings.pinsWhatItFetches) throw new UpstreamFailed(error.message);
      if (!isUnframed && (row || !isFull(error))) throw error;
      log.warn("a document cannot be stored; it is sent nevertheless", {
        mount: target.mount.name,
        path: target.path,
        error: messageOf(error),
      });
      return this.#fetch.unkept(target);
    }
  }
}

async function* eachOf<T>(list: () => Iterable<T>): AsyncGenerator<T> {
  yield* list();
}

/** Without what mirrors alone need, which some plugins read only where it is asked for. */
function stated({ name, version, publishedAt, dateTrust, files }: ReleaseFacts): ReleaseFacts {
  return {
    name,
    version,
    ...(publishedAt && { publishedAt }),
    ...(dateTrust && { dateTrust }),
    ...(files && { files }),
  };
}

/** Documents that state the digest of one that may change. */
function statingOf({ mount, route, params, path }: Target<MetadataRoute>): Path[] {
  if (route.freshness === "immutable") return [];
  const named = (route.describedBy?.(params, path, mount.traits) ?? []).filter((each) => typeof each === "string");
  return [...named, ...(route.generation?.(params).roots ?? [])].filter((each) => each !== path);
}

function keyOf({ mount, path }: Target): string {
  return `${mount.name} ${path}`;
}
