/** Documents as clients see them: rewritten for a variant, a base URL and policy. Pure but for the dates it may have to ask for. */

import { Hasher, hash } from "../../contract/digest.ts";
import type { Body, DerivedRoute, MetadataRoute, Params, Path, ReleaseFacts, View } from "../../contract/ecosystem.ts";
import type { DocumentRow } from "../../index/rows.ts";

import { messageOf, NotFound, UpstreamFailed, Withheld } from "../../lib/errors.ts";
import { documentType } from "../../lib/inert-types.ts";
import type { Mount } from "../../mounts/mounts.ts";
import { type Admission, type Admissions, unfiltered } from "../admission/admission.ts";
import { digestAlgorithms, digestHeaders } from "../artifacts/digest-headers.ts";
import type { Context } from "../context.ts";
import type { DocumentCache } from "../documents/documents.ts";
import { loadLed } from "../documents/linked-documents.ts";
import type { Target } from "../target.ts";
import type { Question, WholeAnswer } from "../transfer/passthrough-request.ts";
import { covered } from "./summary-lines.ts";

/** What goes out. Structured-cloneable: large documents are made on another thread. */
export interface Rendered {
  bytes: Uint8Array<ArrayBuffer>;
  gzip?: Uint8Array<ArrayBuffer>;
  mediaType: string;
  etag: string;
  headers: Record<string, string>;
  matures?: number;
}

/** A request for something that is made of what is served at another path. */
export interface Derived {
  route: DerivedRoute;
  params: Params;
  path: Path;
}

/** Bodies worth compressing, in bytes. */
const COMPRESS = 1_024;
const UNFILTERED: Admission = { admits: () => true, matures: undefined };
const encoder = new TextEncoder();

export class Views {
  readonly #context: Context;
  readonly #documents: DocumentCache;
  readonly #admissions: Admissions;
  /** Of what documents state, what was admitted when nothing had been written since. */
  readonly #recent = new WeakMap<readonly ReleaseFacts[], { at: string; admission: Admission }>();

  constructor(context: Context, documents: DocumentCache, admissions: Admissions) {
    this.#context = context;
    this.#documents = documents;
    this.#admissions = admissions;
  }

  /** Whether a document goes out as upstream sent it. */
  isPlain({ mount, route }: Target<MetadataRoute>): boolean {
    return !route.rewrite || (route.asIs === true && !this.#admissions.concerns(mount));
  }

  /** For what is composed here: nothing of it is withheld. `base`: the public address, without a trailing slash. */
  open(mount: Mount, base: string): View {
    return {
      variant: "",
      offline: !this.#context.settings.makesUpstreamRequests,
      link: (path) => `${base}${mount.prefix}${path}`,
      lines: [],
      admits: () => true,
    };
  }

  /** Makes what clients are sent. Fails closed: a document that cannot be filtered is UpstreamFailed, never the original. */
  async render(target: Target<MetadataRoute>, row: DocumentRow, variant: string, base: string): Promise<Rendered> {
    const mediaType = variant || row.mediaType;
    const { body, matures } = await this.#shown(target, row, mediaType, base);
    const rendered = composed(body, variant || documentType(row.mediaType), (bytes) => ({
      ...withoutLinks(row.headers),
      ...(!this.isPlain(target) && digestsOf(target.mount, bytes)),
    }));
    if (rendered.bytes.length > COMPRESS && !target.route.packed)
      rendered.gzip = Bun.gzipSync(rendered.bytes, { level: 6 });
    return { ...rendered, ...(matures !== undefined && { matures }) };
  }

  /** The bytes that clients are sent of a document, without what only an answer needs. `stored`: its bytes, where they were read
   * already. Throws as `render` does. */
  async bytes(
    target: Target<MetadataRoute>,
    row: DocumentRow,
    variant: string,
    base: string,
    stored?: Uint8Array,
  ): Promise<Pick<Rendered, "bytes" | "mediaType" | "matures">> {
    const { body, matures } = await this.#shown(target, row, variant || row.mediaType, base, stored);
    const { bytes, mediaType } = sent(body, variant || documentType(row.mediaType));
    return { bytes, mediaType, ...(matures !== undefined && { matures }) };
  }

  /** What a document derived from another is; `served`: the bytes of that. Throws NotFound where there is no such thing. */
  derive({ route, params, path }: Derived, served: Uint8Array): Rendered {
    const body = route.derive(served, params);
    if (body === undefined) throw new NotFound(`${path} does not exist, or is withheld`);
    return composed(body, "application/json");
  }

  async #shown(
    target: Target<MetadataRoute>,
    row: DocumentRow,
    variant: string,
    base: string,
    stored = this.#documents.bytes(row),
  ): Promise<{ body: Body; matures: number | undefined }> {
    const { mount, route } = target;
    if (this.isPlain(target)) return { body: stored, matures: undefined };
    const admission =
      !route.packed && this.#admissions.concerns(mount)
        ? await this.#admitted(mount, await this.#stated(target, row, stored))
        : UNFILTERED;
    const others = await covered(this.#context, this.#documents, target, async (other, of) => {
      const { body, matures } = await this.#shown(other, of, of.mediaType, base);
      return { bytes: composed(body, "").bytes, matures };
    });
    let isRead = (_file: Path): boolean => false;
    const view: View = {
      ...this.open(mount, base),
      variant,
      lines: others.lines,
      admits: (release, file) => admission.admits(release, file, file !== undefined && isRead(file)),
    };
    let body: Body | undefined;
    try {
      const { doc, others: read } = await this.#documents.docWith(target, stored, row, view);
      isRead = (file) => read.get(file) !== undefined;
      body = route.rewrite?.(doc, view);
    } catch (error) {
      throw unchanged(target.path, error);
    }
    if (body === undefined && view.offline)
      throw new NotFound(`${target.path}: nothing of it is held here, and this proxy is offline`);
    if (body === undefined) throw new Withheld(`${target.path}: all that it states is withheld by the cooldown`);
    const matures = [admission.matures, others.matures].filter((at) => at !== undefined);
    return { body, matures: matures.length > 0 ? Math.min(...matures) : undefined };
  }

  /** What upstream found, as clients should see it. Fails closed, as `render` does. */
  async ofAnswer(question: Question, { bytes, source }: WholeAnswer, base: string): Promise<Body> {
    const { mount, route, path } = question;
    try {
      const doc = await this.#documents.docOf({ ...question, route: {} }, bytes, source);
      const admission = this.#admissions.concerns(mount)
        ? await this.#admissions.ofDocument(mount, [...(route.parse?.(doc).releases ?? [])])
        : UNFILTERED;
      const view = { ...this.open(mount, base), variant: doc.mediaType, admits: admission.admits };
      return route.rewrite?.(doc, view) ?? doc.bytes();
    } catch (error) {
      throw unchanged(path, error);
    }
  }

  /** Offline, what is held is looked for once for all forms of a document, while nothing is written. */
  async #admitted(mount: Mount, releases: readonly ReleaseFacts[]): Promise<Admission> {
    const { settings, documents, artifacts, now } = this.#context;
    if (settings.makesUpstreamRequests) return this.#admissions.ofDocument(mount, releases);
    const at = `${documents.written()} ${documents.changes} ${artifacts.changes}`;
    const known = this.#recent.get(releases);
    if (known?.at === at && (known.admission.matures ?? Number.POSITIVE_INFINITY) > now()) return known.admission;
    const admission = await this.#admissions.ofDocument(mount, releases);
    this.#recent.set(releases, { at, admission });
    return admission;
  }

  /** What a document states, with what it leads to: it may speak of releases that only those state. */
  async #stated(target: Target<MetadataRoute>, row: DocumentRow, stored: Uint8Array): Promise<readonly ReleaseFacts[]> {
    const read = () => this.#documents.recent.read(target, row, () => this.#documents.docOf(target, stored, row));
    try {
      if (this.#context.settings.makesUpstreamRequests) await loadLed(this.#documents, target, (await read()).follow);
      return (await read()).releases;
    } catch (error) {
      throw unfiltered(target.path, error);
    }
  }
}

function unchanged(path: string, error: unknown): UpstreamFailed {
  const failure = new UpstreamFailed(`${path} cannot be rewritten, and is not sent as it is: ${messageOf(error)}`);
  failure.cause = error;
  return failure;
}

/** `Link` has upstream's addresses, past this server: those who rewrite a document state their own. */
function withoutLinks(headers: Readonly<Record<string, string>> = {}): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => name !== "link"));
}

function digestsOf(mount: Mount, bytes: Uint8Array): Record<string, string> {
  const hasher = new Hasher(digestAlgorithms(mount));
  hasher.update(bytes);
  return digestHeaders(mount, hasher.digests());
}

/** A body of a plugin with the validator of its bytes, which its headers may state. */
export function composed(
  body: Body,
  mediaType: string,
  headersOf: (bytes: Uint8Array) => Record<string, string> = () => ({}),
): Rendered {
  const { bytes, mediaType: own, headers: stated } = sent(body, mediaType);
  const { etag = `"${hash("sha256", bytes).slice(0, 32)}"`, ...headers } = { ...headersOf(bytes), ...stated };
  return { bytes, mediaType: own, etag, headers };
}

function sent(body: Body, mediaType: string) {
  const full = typeof body === "string" || body instanceof Uint8Array ? { body } : body;
  const bytes = (typeof full.body === "string" ? encoder.encode(full.body) : full.body) as Uint8Array<ArrayBuffer>;
  return { bytes, mediaType: full.mediaType ?? mediaType, headers: full.headers ?? {} };
}

/** What the client's `Accept` chooses among a route's variants (RFC 9110 12.5.1: q-values and parameters are read). */
export function negotiate(variants: readonly string[], accept: string | null): string {
  const [first = ""] = variants;
  if (!accept || variants.length < 2) return first;
  let best = { variant: first, q: 0, exact: 0 };
  for (const part of accept.split(",")) {
    const [range = "", ...parameters] = part.split(";").map((text) => text.trim().toLowerCase());
    const q = Number(parameters.find((text) => text.startsWith("q="))?.slice(2) ?? 1);
    for (const variant of variants) {
      const exact = range === variant ? 2 : range === `${variant.split("/")[0]}/*` ? 1 : range === "*/*" ? 0 : -1;
      if (exact < 0 || q === 0) continue;
      if (q > best.q || (q === best.q && exact > best.exact)) best = { variant, q, exact };
      break;
    }
  }
  return best.variant;
}
