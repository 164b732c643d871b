/** Fetches documents: conditional, verified, read for facts, stored. */

import type { Digest, MetadataRoute, Path } from "../../contract/ecosystem.ts";
import { emit } from "../../contract/events.ts";
import type { Commands } from "../../index/commands.ts";
import type { DocumentRow, FactsPage } from "../../index/rows.ts";
import { NotFound, UpstreamFailed } from "../../lib/errors.ts";
import { log } from "../../lib/log.ts";
import type { Mount } from "../../mounts/mounts.ts";
import { digestAlgorithms } from "../artifacts/digest-headers.ts";
import type { Context } from "../context.ts";
import { stage } from "../generations/pending-pointers.ts";
import { commitStored } from "../integrity/removal.ts";
import { documentAt, sourcesOf, statedSources, type Target } from "../target.ts";
import { type Downloaded, download, NotStored, unframed } from "../transfer/download.ts";
import { confine, registryOf, type Sources } from "../transfer/origins.ts";
import { discard } from "../transfer/part-file.ts";
import type { Head } from "../transfer/partial-body.ts";
import { fetchWhole } from "../transfer/pass-through.ts";
import { NotModified, requireThere, type Wanted } from "../transfer/request.ts";
import { downloadGrown } from "./append-fetch.ts";
import { ALONE, baseOf, makeDoc } from "./doc.ts";
import { conditional, registryIn, rowOf, validatorsOf } from "./document-row.ts";
import type { DocumentCache, Loaded, ReadDocument } from "./documents.ts";
import { alternativeFact, factFor } from "./fact-lookup.ts";
import type { FileFact } from "./facts.ts";
import { isCurrent, requirePromised } from "./head-check.ts";
import { type Reading, requireDocument } from "./reader.ts";
import { UNKEPT, type Unkept } from "./transient-documents.ts";
import { isPacked } from "./unpack.ts";

/** Milliseconds between looks at a fetch that another process runs. */
const POLL = 20;

const NOTHING: Reading = { pages: [], revision: undefined };

/** What is to be listed: its blob is in the store. */
export interface Listing {
  target: Target<MetadataRoute>;
  row: DocumentRow;
  pages: FactsPage[];
}

export class DocumentFetch {
  readonly #context: Context;
  readonly #documents: DocumentCache;
  readonly #read: ReadDocument;
  readonly #unkept: Unkept;

  constructor(context: Context, documents: DocumentCache, read: ReadDocument, unkept: Unkept) {
    this.#context = context;
    this.#documents = documents;
    this.#read = read;
    this.#unkept = unkept;
  }

  /** Once over all threads and processes that share the store; the row is what is held of it. */
  async once(target: Target<MetadataRoute>, row: DocumentRow | undefined): Promise<Loaded> {
    const key = keyOf(target);
    const { leases, storage } = this.#context;
    for (;;) {
      const lease = await leases.acquire(key);
      if (lease) {
        try {
          return await this.#fetch(target, row, storage.partAt(key));
        } finally {
          await lease.release();
        }
      }
      emit("waited", { mount: target.mount.name });
      while (await leases.isLeased(key)) await Bun.sleep(POLL);
      const fresh = this.#documents.held(target.mount, target.path);
      if (fresh && fresh.checkedAt > (row?.checkedAt ?? 0)) return { row: fresh, outcome: "hit" };
    }
  }

  async #fetch(target: Target<MetadataRoute>, row: DocumentRow | undefined, part: string): Promise<Loaded> {
    try {
      // What an interrupted fetch left of a document is not worth continuing: it may have changed since.
      await discard(part);
      const wanted = await this.#wanted(target, row);
      const { upstream } = this.#context;
      const { probe, grows } = target.route;
      if (row && probe && (await isCurrent(upstream, wanted, probe, row.sha256))) return await this.#current(row);
      const downloaded =
        row && grows
          ? await downloadGrown(this.#context, wanted, row, part, grows === true ? 0 : grows.trailer)
          : await download(this.#context, { ...wanted, file: part });
      if (probe) requirePromised(wanted, probe, downloaded);
      return await this.#keep(target, row, downloaded, part, wanted.expected !== undefined);
    } catch (error) {
      if (error instanceof NotModified && row) return this.#current(row);
      await discard(part);
      throw error;
    }
  }

  async #wanted(target: Target<MetadataRoute>, row: DocumentRow | undefined): Promise<Wanted> {
    const { route } = target;
    const isImmutable = route.freshness === "immutable";
    const first = isImmutable ? await factFor(this.#documents, target) : undefined;
    const isOpen = isImmutable && !first?.digest && !route.digest && route.orDescribedBy !== undefined;
    const fact = isOpen ? await this.#alternative(target, row, first) : first;
    if (!isImmutable) await this.#loadStating(target);
    return this.#wantedOf(target, row, fact);
  }

  /** Of an immutable document of which nothing else states a digest: further ones are asked once upstream is known to have it. */
  async #alternative(
    target: Target<MetadataRoute>,
    row: DocumentRow | undefined,
    first: FileFact | undefined,
  ): Promise<FileFact | undefined> {
    const found = await alternativeFact(this.#documents, target, async () =>
      requireThere(this.#context.upstream, await this.#wantedOf(target, row, first)),
    );
    return found ? { ...first, ...found } : first;
  }

  async #wantedOf(
    target: Target<MetadataRoute>,
    row: DocumentRow | undefined,
    fact: FileFact | undefined,
  ): Promise<Wanted> {
    const { mount, route, path } = target;
    const { packed: isPacked = false } = route;
    const isImmutable = route.freshness === "immutable";
    const digest = route.digest?.(target.params) ?? fact?.digest ?? this.#documents.statedDigest(target);
    // What upstream has not changed may be what is wrong.
    const isOld = row !== undefined && !isImmutable && this.#documents.contradiction(target, row) !== undefined;
    const sources = await this.#sources(target, fact, digest);
    return {
      mount,
      path,
      kind: "document",
      ...sources,
      validators: row && !isOld ? { registry: registryOf(row, sources.sources), headers: conditional(row) } : undefined,
      expected: digest,
      // What is rewritten has other digests.
      algorithms: route.rewrite && !route.asIs ? [] : digestAlgorithms(mount),
      keepHeaders: [...(mount.ecosystem.keepHeaders ?? []), ...(route.probe ? [route.probe] : [])],
      requestHeaders: {
        ...(route.accept && { accept: route.accept }),
        "accept-encoding": isPacked ? "identity" : "gzip",
      },
      maximum: route.republished ? this.#context.settings.maxArtifact : this.#context.settings.maxDocument,
      setting: route.republished ? "artifact_max_size" : "metadata_max_size",
      raw: isPacked,
    };
  }

  /** Documents that the route names for a digest; those that head a generation have been loaded. */
  async #loadStating({ mount, route, params, path }: Target<MetadataRoute>): Promise<void> {
    for (const each of route.describedBy?.(params, path, mount.traits) ?? []) {
      const other = typeof each === "string" && each !== path ? documentAt(mount, each) : undefined;
      if (other) await this.#documents.loadIfAny(other);
    }
  }

  async #sources(
    target: Target<MetadataRoute>,
    fact: FileFact | undefined,
    digest: Digest | undefined,
  ): Promise<Sources> {
    const { mount, route } = target;
    const stated = statedSources(mount, fact);
    if (stated.length > 0) return { sources: stated };
    const declared = route.from ? await this.#documents.declared(mount) : {};
    return confine(this.#documents, target, sourcesOf(target, declared, digest), fact?.name);
  }

  /** Not stored: for requests that find the store full. */
  async unkept(target: Target<MetadataRoute>): Promise<Loaded> {
    const wanted = await this.#wanted(target, undefined);
    const { upstream, settings } = this.#context;
    // It is in memory, whatever it is.
    const maximum = Math.min(wanted.maximum, settings.maxDocument, UNKEPT);
    const setting = maximum === UNKEPT ? "while it cannot be stored" : "metadata_max_size";
    const whole = await fetchWhole(upstream, { ...wanted, maximum, setting });
    const { bytes, digests } = whole;
    const head = based(target, whole.head);
    if (!wanted.expected) await requireDocument(target, head, bytes);
    await this.#requireSigned(target, digests.sha256, () => bytes);
    const { pages, revision } = await this.#read(target, bytes, head);
    const row = rowOf(this.#context, target, { head, digests, size: bytes.length }, revision);
    this.#unkept.put(row, bytes, pages);
    return { row, outcome: "miss" };
  }

  /** A document as upstream has it now, for a look. Throws NotFound, UpstreamFailed. */
  async bytesAt(mount: Mount, path: Path): Promise<Uint8Array> {
    const target = documentAt(mount, path);
    if (!target || !this.#context.settings.makesUpstreamRequests)
      throw new NotFound(`${mount.name}${path} is not held here`);
    const { head, bytes } = await fetchWhole(this.#context.upstream, await this.#wanted(target, undefined));
    await requireDocument(target, head, bytes);
    return bytes;
  }

  /** Before anything of it is read. */
  #requireSigned(target: Target<MetadataRoute>, sha256: string, content: () => Uint8Array | string): Promise<void> {
    const signature = (path: Path) => this.bytesAt(target.mount, path);
    return this.#documents.signed.requireNew(target, { sha256, content, signature, at: this.#context.now() });
  }

  /** Upstream says that what is held is current, or sent the same bytes again, perhaps under another name. */
  async #current(row: DocumentRow, head?: Head): Promise<Loaded> {
    const { commit, now } = this.#context;
    const checked = { ...row, ...(head && { ...validatorsOf(head), ...registryIn(head) }), checkedAt: now() };
    await commit("checkDocument", { row: checked });
    return { row: checked, outcome: "hit" };
  }

  async #keep(
    target: Target<MetadataRoute>,
    row: DocumentRow | undefined,
    downloaded: Downloaded,
    file: string,
    isVerified: boolean,
  ): Promise<Loaded> {
    const { head, digests } = downloaded;
    if (row?.sha256 === digests.sha256) {
      await discard(file);
      return this.#current(row, head);
    }
    const listing = await this.#place(target, row, downloaded, file, isVerified);
    const published = await this.#documents.generations.prepare(target, listing);
    const [kept] = await this.list([listing, ...(published?.listings ?? [])], { changes: published?.changes });
    return { row: kept!, outcome: "miss" };
  }

  /** Brings a document into the store, and leaves it to the caller to list it. */
  async aside(target: Target<MetadataRoute>): Promise<Listing> {
    const { leases, storage } = this.#context;
    const key = `${keyOf(target)} aside`;
    const part = storage.partAt(key);
    for (;;) {
      const lease = await leases.acquire(key);
      if (!lease) {
        await Bun.sleep(POLL);
        continue;
      }
      try {
        await discard(part);
        const wanted = await this.#wanted(target, undefined);
        const downloaded = await download(this.#context, { ...wanted, file: part });
        return await this.#place(target, undefined, downloaded, part, wanted.expected !== undefined);
      } finally {
        await discard(part);
        await lease.release();
      }
    }
  }

  async #place(
    target: Target<MetadataRoute>,
    row: DocumentRow | undefined,
    downloaded: Downloaded,
    file: string,
    isVerified: boolean,
  ): Promise<Listing> {
    const { path } = target;
    if (!isVerified) await requireDocument(target, downloaded.head, file);
    await this.#requireSigned(target, downloaded.digests.sha256, () => file);
    if (!isVerified) await this.#requireFramed(target, downloaded.head, file);
    const isKnown = target.isRepetition && target.route.freshness === "immutable";
    const head = based(target, downloaded.head);
    const { pages, revision } = isKnown ? NOTHING : await this.#read(target, file, head);
    const isOfAnother = row && (await this.#isOfAnother(target, row, head));
    if (!isOfAnother && row?.revision && revision !== undefined && revision < row.revision) {
      throw new UpstreamFailed(
        `${path}: upstream sent revision ${revision}, older than ${row.revision}, which is held`,
        { retryable: true },
      );
    }
    const fresh = stage(this.#context, target, rowOf(this.#context, target, { ...downloaded, head }, revision));
    await this.#context.storage.place(file, fresh.sha256);
    return { target, row: fresh, pages };
  }

  /** Throws NotStored where nothing tells whether all of it came. */
  async #requireFramed(target: Target<MetadataRoute>, head: Head, file: string): Promise<void> {
    const { mayBeCut = false, packed, parse } = target.route;
    if (head.isFramed !== false || head.isCoded || !mayBeCut) return;
    // One that is packed is whole where it can be unpacked.
    if (packed && parse && isPacked(await Bun.file(file).slice(0, 8).bytes())) return;
    const isOpen =
      typeof mayBeCut === "boolean" ||
      mayBeCut(makeDoc(target, await Bun.file(file).bytes(), based(target, head), ALONE));
    if (isOpen) throw new NotStored(unframed(target.path));
  }

  /** Whether a document came from another registry than the one that is held: their revisions say nothing of each other. */
  async #isOfAnother(target: Target<MetadataRoute>, row: DocumentRow, { registry, url }: Head): Promise<boolean> {
    const declared = target.route.from ? await this.#documents.declared(target.mount) : {};
    const before = registryOf(row, sourcesOf(target, declared));
    if (before === undefined || registry === undefined || before === registry) return false;
    const { mount, path } = target;
    log.warn("a document comes from another registry than before", { mount: mount.name, path, before, now: url });
    return true;
  }

  /**
   * Writes all of them, or none; returns their rows as they are stored. `unless`: a document that must still be the same;
   * otherwise UpstreamFailed (retryable).
   */
  async list(
    listings: readonly Listing[],
    { changes, unless }: Partial<Pick<Commands["storeDocuments"]["input"], "changes" | "unless">> = {},
  ): Promise<DocumentRow[]> {
    const documents = listings.map(({ row, pages }) => ({ row, pages }));
    const rows = listings.map(({ row }) => row);
    const { status } = await commitStored(this.#context, rows, () =>
      this.#context.commit("storeDocuments", { documents, changes, unless }),
    );
    if (status === "replaced")
      throw new UpstreamFailed(`${unless?.path} was replaced meanwhile; ask again`, { retryable: true });
    return Promise.all(listings.map((listing) => this.#listed(listing)));
  }

  /** A dry run writes no rows. */
  async #listed({ target: { path }, row, pages }: Listing): Promise<DocumentRow> {
    const { storage, documents } = this.#context;
    if (documents.find(row.mount, row.path)) {
      this.#unkept.forget({ ...row, path });
      return row;
    }
    const kept = { ...row, path };
    this.#unkept.put(kept, await Bun.file(storage.file(row.sha256)).bytes(), pages);
    return kept;
  }
}

/** With the address that links in the document are resolved against. The rest of one that grows is asked for where it was asked for. */
function based({ mount, route }: Target<MetadataRoute>, head: Head): Head {
  return route.grows || route.linksFrom === "asked" ? head : { ...head, url: baseOf(mount, head) };
}

function keyOf({ mount, path }: Target): string {
  return `${mount.name} ${path}`;
}
