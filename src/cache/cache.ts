/**
 * The one door: a request names a path, the plugin says what the path is, and this gets it. The HTTP server and the mirror's
 * workers both come here, so that policy, digests, retries and accounting cannot differ.
 */

import { LRUCache } from "lru-cache";
import type {
  ArtifactRoute,
  Body,
  DerivedRoute,
  MaybePromise,
  MetadataRoute,
  Path,
  ReleaseFacts,
  Route,
  StoredContent,
  View,
} from "../contract/ecosystem.ts";
import { emit } from "../contract/events.ts";
import { isPlain } from "../contract/plain.ts";
import type { DocumentRow } from "../index/rows.ts";

import { BadRequest, NotFound } from "../lib/errors.ts";
import { artifactType } from "../lib/inert-types.ts";
import type { Match, Miss } from "../mounts/match.ts";
import type { Mount } from "../mounts/mounts.ts";
import { Admissions, unfiltered } from "./admission/admission.ts";
import { ArtifactCache } from "./artifacts/artifacts.ts";
import type { Stored } from "./artifacts/file.ts";
import type { Answer, Ask, Outcome } from "./ask.ts";
import type { Context } from "./context.ts";
import { freshness } from "./documents/document-row.ts";
import { DocumentCache, type Elsewhere, type ReadDocument } from "./documents/documents.ts";
import { factFor } from "./documents/fact-lookup.ts";
import { readDocument } from "./documents/reader.ts";
import { isDamaged, requireRight } from "./integrity/damaged.ts";
import { Vouching } from "./integrity/signature-policy.ts";
import { Memory, type Ready } from "./memory.ts";
import { type Apart, answerFrom } from "./render/apart.ts";
import { basisOf } from "./render/derived.ts";
import { hereOr, INLINE, isHeavy, type Lent } from "./render/heavy.ts";
import { sourceOf } from "./render/summary-lines.ts";
import { composed, negotiate, type Rendered, Views } from "./render/view.ts";
import { documentAt, matchIn, originalOf, queryOf, type Target, targetOf } from "./target.ts";
import { putTo, type Question, type WholeAnswer } from "./transfer/passthrough-request.ts";
import { Usage } from "./usage.ts";

/** Work that is too heavy for the serving thread, done elsewhere. */
export interface Offload extends Elsewhere {
  read: ReadDocument;
  render(target: Target<MetadataRoute>, variant: string, base: string, lent: readonly Lent[]): Promise<Rendered>;
  /** What a plugin composes of what is stored. */
  compose(mount: Mount, ask: Ask): Promise<Ready>;
  /** What upstream found, as clients should see it. */
  rewrite(question: Question, found: WholeAnswer, ask: Pick<Ask, "method" | "base">): Promise<Body>;
  /** What is derived from a document; its path says what. `made`: the document as clients see it; absent where it is sent as it is
   * stored. */
  derive(mount: Mount, path: Path, made: Uint8Array | undefined): Promise<Rendered>;
  /** All that is asked of a mount that is apart. */
  answer?(mount: Mount, ask: Ask): Promise<Apart>;
}

/** Artifacts up to this size are sent from memory; above it the kernel sends the file. */
const IN_MEMORY = 64 * 1024;
/** Milliseconds that what is shown offline is believed: another process may be adding to it. */
const OFFLINE_LOOK = 5_000;

/** What is remembered of a path that was asked for: its route, and the key of an artifact's bytes in memory, where no query is part of it. */
interface Known {
  match: Match | Miss;
  key: string | undefined;
}

export class Cache {
  readonly context: Context;
  readonly documents: DocumentCache;
  readonly artifacts: ArtifactCache;
  readonly admissions: Admissions;
  readonly views: Views;
  readonly vouching: Vouching;
  readonly memory: Memory;
  readonly usage: Usage;
  readonly #offload: Offload | undefined;
  readonly #matches = new LRUCache<string, Known>({ max: 20_000 });

  constructor(context: Context, memoryBytes: number, offload?: Offload) {
    this.context = context;
    this.#offload = offload;
    this.documents = new DocumentCache(
      context,
      (target, content, source) => {
        const elsewhere = offload && (() => offload.read(target, content, source));
        const { parse, attests, packed } = target.route;
        const size = typeof content === "string" ? Bun.file(content).size : content.length;
        // What is packed may be a thousand times as large.
        if (elsewhere && (parse ?? attests) && (packed || size > INLINE)) return elsewhere();
        return hereOr(() => readDocument(this.documents, target, content, source), elsewhere);
      },
      offload,
    );
    this.admissions = new Admissions(context, this.documents);
    this.vouching = new Vouching(context, this.documents, offload);
    this.artifacts = new ArtifactCache(context, this.documents, this.admissions, this.vouching);
    this.views = new Views(context, this.documents, this.admissions);
    this.memory = new Memory(memoryBytes, context.now);
    this.usage = new Usage(context);
  }

  /** What can be sent at once, without a look at the database; `undefined` otherwise. Counts as served. */
  peek(mount: Mount, ask: Ask): Ready | undefined {
    if (mount.isApart) return this.#peekApart(mount, ask);
    const { match, key } = this.#match(mount, ask);
    if (typeof match === "number") return undefined;
    const ready = this.memory.get(key ?? keyFor(mount, ask, match.route));
    if (!ready || ready.freshUntil < this.context.now()) return undefined;
    // A document that was replaced may state another digest of it.
    if (match.route.kind === "artifact" && !this.artifacts.stands(mount.name, ready.path, ready.source))
      return undefined;
    this.#served(mount, "hit", ready.path, match.route.kind === "artifact");
    return ready;
  }

  /** Throws one of the five errors. */
  async get(mount: Mount, ask: Ask): Promise<Answer> {
    try {
      return await this.#get(mount, ask);
    } catch (error) {
      // What was damaged is out of the way.
      if (isDamaged(error)) return this.#get(mount, ask);
      throw error;
    }
  }

  async #get(mount: Mount, ask: Ask): Promise<Answer> {
    if (!isPlain(ask.path))
      throw new BadRequest(
        "the path is not a plain one: it climbs, hides a separator, is too long or is not valid percent-encoding",
      );
    if (mount.isApart) return this.#apart(mount, ask);
    const { match } = this.#match(mount, ask);
    if (match === 404) throw new NotFound(`${mount.name} has no ${ask.path}`);
    if (match === 405) throw new BadRequest(`${ask.method} is not allowed for ${ask.path}`, 405);
    const { route, params } = match;
    switch (route.kind) {
      case "artifact":
        return this.#artifact(targetOf(mount, route, params, ask.path, ask.query), ask);
      case "metadata":
        return this.#document(targetOf(mount, route, params, ask.path, ask.query), ask);
      case "derived":
        return this.#derived(mount, route, params, ask);
      case "passthrough":
        return this.#pass({ mount, route, params, path: `${ask.path}${queryOf(route.query, ask.query)}` as Path }, ask);
      case "answer":
        return this.#compose(mount, ask, (view, stored) => route.answer(params, view, ask.query, stored));
      case "deny":
        throw route.status === 404 ? new NotFound(route.reason) : new BadRequest(route.reason, route.status);
    }
  }

  #peekApart(mount: Mount, ask: Ask): Ready | undefined {
    const ready = isLook(ask) ? this.memory.get(apartKey(mount, ask)) : undefined;
    if (!ready || ready.freshUntil < this.context.now()) return undefined;
    this.#served(mount, "hit", ready.path, ready.isFile === true);
    return ready;
  }

  async #apart(mount: Mount, ask: Ask): Promise<Answer> {
    if (!this.#offload?.answer) throw new Error(`nobody answers for ${mount.name}`);
    const apart = await this.#offload.answer(mount, ask);
    // Only there it is known whether an index that was replaced states another digest.
    if (apart.kind === "ready" && apart.ready.isFile)
      apart.ready.freshUntil = this.context.now() + Math.max(1_000, mount.ttl);
    if (apart.kind === "ready" && isLook(ask) && apart.ready.freshUntil > this.context.now())
      this.memory.put(apartKey(mount, ask), apart.ready);
    // Who answered has counted the use.
    if (apart.kind !== "passed") emit("served", { mount: mount.name, outcome: apart.outcome });
    return answerFrom(this.context, apart);
  }

  /** Waits for what is being stored and written. */
  async drain(): Promise<void> {
    await this.artifacts.drain();
    await this.usage.flush();
    await this.context.drain();
  }

  #match(mount: Mount, ask: Ask): Known {
    const { method, path } = ask;
    const asked = `${mount.name} ${method} ${path}`;
    const known = this.#matches.get(asked);
    if (known) return known;
    const match = isPlain(path) ? matchIn(mount, method, path) : 404;
    const isOne = typeof match !== "number" && match.route.kind === "artifact" && !match.route.query;
    const found = { match, key: isOne ? keyFor(mount, ask, match.route) : undefined };
    this.#matches.set(asked, found);
    return found;
  }

  async #artifact(target: Target<ArtifactRoute>, ask: Ask): Promise<Answer> {
    const file = await this.artifacts.get(target);
    const outcome = file.kind === "held" ? "hit" : "miss";
    this.#served(target.mount, outcome, target.path, true);
    const streams = file.kind === "growing" || file.kind === "passing";
    if (streams || (file.kind === "held" && file.row.size > IN_MEMORY)) return { kind: "file", file, outcome };
    const key = keyFor(target.mount, ask, target.route);
    const known = this.memory.get(key);
    if (known?.source === file.row.sha256) return { kind: "ready", ready: known, outcome };
    const bytes = file.kind === "whole" ? file.bytes : await this.#small(file.row);
    const ready = readyArtifact(file.row, bytes as Uint8Array<ArrayBuffer>);
    if (bytes.length <= IN_MEMORY) this.memory.put(key, ready);
    return { kind: "ready", ready, outcome };
  }

  /** What enters memory is compared with its digest: it may be sent from there for days. */
  async #small(row: Stored): Promise<Uint8Array> {
    return requireRight(this.context, row, await Bun.file(this.context.storage.file(row.sha256)).bytes());
  }

  async #document(target: Target<MetadataRoute>, ask: Ask): Promise<Answer> {
    const { mount, route, params } = target;
    const { offline: compose } = route;
    if (!this.context.settings.makesUpstreamRequests && compose)
      return this.#compose(mount, ask, (view, stored) => compose(params, ask.query, view, stored));
    const { row, outcome } = await this.documents.load(target);
    const path = row.path as Path;
    await this.#admit(target, row);
    this.#served(mount, outcome, path, false);
    const isPlain = this.views.isPlain(target);
    const dated = row.lastModified && isPlain && { "last-modified": row.lastModified };
    const isFile = isPlain && row.size > (route.packed ? IN_MEMORY : this.memory.largest);
    if (isFile && this.context.storage.has(row.sha256, row.size)) {
      const file = { kind: "held" as const, row: { ...row, headers: { ...row.headers, ...dated } } };
      return { kind: "file", file, outcome };
    }
    const variant = negotiate(route.variants ?? [], ask.accept);
    const key = keyFor(mount, ask, route);
    const now = this.context.now();
    const { makesUpstreamRequests, keepsDocuments } = this.context.settings;
    // What a generation's paths mean may change at any time, by another process too; so may what is covered.
    const isMoving =
      this.documents.isStated(target) ||
      (route.generation !== undefined && route.freshness !== "immutable") ||
      (route.covers && !isPlain);
    const isDue = outcome === "stale" || isMoving || (makesUpstreamRequests && !keepsDocuments);
    const freshUntil = isDue
      ? 0
      : !makesUpstreamRequests
        ? now + OFFLINE_LOOK
        : Math.min(row.checkedAt, now) + freshness(target);
    const source = sourceOf(this.context, mount, route, row.sha256, isPlain);
    const known = this.memory.get(key);
    if (known && known.source === source && (known.matures ?? Number.POSITIVE_INFINITY) > now) {
      this.memory.renew(known, Math.min(freshUntil, known.matures ?? freshUntil));
      return { kind: "ready", ready: known, outcome };
    }
    const rendered = await this.#render({ ...target, path }, row, variant, ask.base);
    const ready: Ready = {
      ...rendered,
      ...(dated && { headers: { ...rendered.headers, ...dated } }),
      freshUntil: Math.min(freshUntil, rendered.matures ?? freshUntil),
      mount: mount.name,
      path,
      source,
    };
    this.memory.put(key, ready, route.covers !== undefined);
    return { kind: "ready", ready, outcome };
  }

  /** An immutable document of a release (a POM, a `.mod`) is withheld with it, a pointer with what it points to; what lists releases is
   * filtered instead. */
  async #admit(target: Target<MetadataRoute>, row: DocumentRow): Promise<void> {
    const { mount, route, params } = target;
    if (
      route.pointer &&
      !route.rewrite &&
      this.admissions.concerns(mount) &&
      this.context.settings.makesUpstreamRequests
    )
      for (const release of await this.#releasesOf(target, row))
        await this.admissions.require(target, release, release.publishedAt?.getTime());
    const release = route.freshness === "immutable" ? route.release?.(params) : undefined;
    if (!release?.version || this.admissions.threshold(target.mount, release.name) === 0) return;
    const fact = await factFor(this.documents, target);
    await this.admissions.require(target, fact ?? release, fact?.publishedAt);
  }

  /** Whatever goes wrong is a 502: what cannot be read is not sent unfiltered. */
  async #releasesOf(target: Target<MetadataRoute>, row: DocumentRow): Promise<ReleaseFacts[]> {
    try {
      return (await this.documents.stated(target, row)).releases;
    } catch (error) {
      throw unfiltered(target.path, error);
    }
  }

  #render(
    target: Target<MetadataRoute>,
    row: { size: number } & Parameters<Views["render"]>[1],
    variant: string,
    base: string,
  ): Promise<Rendered> {
    const offload = this.#offload;
    const elsewhere = offload && (() => offload.render(target, variant, base, this.documents.lentFor(target, row)));
    const isLarge = row.size > INLINE || (target.route.covers && !this.views.isPlain(target));
    if (elsewhere && isLarge) return elsewhere();
    return hereOr(() => this.views.render(target, row, variant, base), elsewhere);
  }

  /** From the document that is served, or, where upstream has none, as upstream has it. */
  async #derived(mount: Mount, route: DerivedRoute, params: Match["params"], ask: Ask): Promise<Answer> {
    const target = documentAt(mount, route.of(params));
    if (!target) throw new NotFound(`${mount.name} has no ${route.of(params)}`);
    const original = originalOf(mount, ask.path);
    const isHeld = (of: Target) => this.documents.held(mount, of.path) !== undefined;
    // Offline a document of nothing may stand for the one that is not held.
    if (original && !this.context.settings.makesUpstreamRequests && isHeld(original) && !isHeld(target))
      return this.#document(original, ask);
    try {
      return await this.#derivedOf(target, route, params, ask);
    } catch (error) {
      if (!original || !(error instanceof NotFound)) throw error;
      return this.#document(original, ask);
    }
  }

  async #derivedOf(
    target: Target<MetadataRoute>,
    route: DerivedRoute,
    params: Match["params"],
    ask: Ask,
  ): Promise<Answer> {
    const { mount } = target;
    const served = await this.#document(target, {
      ...ask,
      method: "GET",
      path: target.path,
      accept: null,
      query: new URLSearchParams(),
    });
    const basis = basisOf(this.context, served);
    if (!basis || served.kind === "passthrough") throw new NotFound(`${ask.path} cannot be derived`);
    const { outcome } = served;
    const { source, freshUntil } = basis;
    const key = keyFor(mount, ask, route);
    const known = this.memory.get(key);
    if (known?.source === source) {
      this.memory.renew(known, freshUntil);
      return { kind: "ready", ready: known, outcome };
    }
    const small = this.#offload && basis.size > INLINE ? undefined : await basis.bytes();
    const rendered =
      this.#offload && (!small || isHeavy(small))
        ? await this.#offload.derive(mount, ask.path, basis.made)
        : this.views.derive({ route, params, path: ask.path }, small!);
    const ready: Ready = { ...rendered, source, freshUntil, mount: mount.name, path: target.path };
    this.memory.put(key, ready, true);
    return { kind: "ready", ready, outcome };
  }

  async #pass(question: Question, ask: Ask): Promise<Answer> {
    const { mount, route, params } = question;
    if (!this.context.settings.makesUpstreamRequests) {
      const { offline: compose } = route;
      if (!compose) throw new NotFound(`${ask.path} asks upstream, and this proxy is offline`);
      return this.#compose(mount, ask, (view, stored) => compose(params, ask.query, view, stored));
    }
    const asked = await putTo(this.context, this.documents, question, ask);
    if (asked instanceof Response) return { kind: "passthrough", response: asked };
    const offload = this.#offload;
    return this.#composed(
      mount,
      ask,
      offload && isHeavy(asked.bytes)
        ? await offload.rewrite(question, asked, ask)
        : await this.views.ofAnswer(question, asked, ask.base),
    );
  }

  /** What a plugin composes of what is stored. */
  async #compose(
    mount: Mount,
    ask: Ask,
    compose: (view: View, stored: StoredContent) => MaybePromise<Body>,
  ): Promise<Answer> {
    const offload = this.#offload;
    return hereOr<Answer>(
      async () =>
        this.#composed(mount, ask, await compose(this.views.open(mount, ask.base), this.documents.stored(mount))),
      offload &&
        (async () => {
          const ready = await offload.compose(mount, ask);
          this.#served(mount, "hit", ask.path, false);
          return { kind: "ready", outcome: "hit", ready };
        }),
    );
  }

  #composed(mount: Mount, ask: Ask, body: Body): Answer {
    const rendered = composed(body, "text/plain; charset=utf-8");
    this.#served(mount, "hit", ask.path, false);
    return { kind: "ready", outcome: "hit", ready: { ...rendered, freshUntil: 0, mount: mount.name, path: ask.path } };
  }

  #served(mount: Mount, outcome: Outcome, path: string, artifact: boolean): void {
    emit("served", { mount: mount.name, outcome });
    if (outcome !== "miss") this.usage.record(mount.name, path, artifact);
  }
}

function keyFor(mount: Mount, { path, query, accept, base }: Ask, route: Route): string {
  if (route.kind === "derived") return `${mount.name} ${path} ${base}`;
  const asked = `${mount.name} ${path}${"query" in route ? queryOf(route.query, query) : ""}`;
  if (route.kind !== "metadata") return asked;
  return `${asked} ${negotiate(route.variants ?? [], accept)} ${base}`;
}

/** Of a mount of which nobody here can say what its paths mean. */
function apartKey(mount: Mount, { path, query, accept, base }: Ask): string {
  return `${mount.name} ${path}?${query} ${accept} ${base}`;
}

function isLook({ method }: Ask): boolean {
  return method === "GET" || method === "HEAD";
}

function readyArtifact(row: Stored, bytes: Uint8Array<ArrayBuffer>): Ready {
  const { mount, path, mediaType, headers, sha256 } = row;
  const etag = headers["etag"] ?? `"${sha256}"`;
  return {
    bytes,
    mediaType: artifactType(mediaType),
    headers,
    etag,
    freshUntil: Number.POSITIVE_INFINITY,
    mount,
    path,
    source: sha256,
    isFile: true,
  };
}
