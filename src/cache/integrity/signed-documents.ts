/** Documents that are signed as a whole: checked when they come, before anything reads them, and when what is held is first sent. */
import { LRUCache } from "lru-cache";
import type { DocumentSignatureKind, MetadataRoute, Path } from "../../contract/ecosystem.ts";
import { NotFound, UpstreamFailed, Withheld } from "../../lib/errors.ts";
import { keyringOf } from "../../trust/keyring.ts";
import { refuteMinisign } from "../../trust/minisign.ts";
import { refuteOpenPgp } from "../../trust/openpgp.ts";
import type { Target } from "../target.ts";
import { untrusted } from "./report-untrusted.ts";

type Document = Target<MetadataRoute>;

interface Signed {
  sha256: string;
  /** The bytes, or the file that they are in. */
  content(): Uint8Array | string;
  /** The signature, where it is a document of its own. Throws NotFound where there is none. */
  signature(path: Path): Promise<Uint8Array>;
  /** When it came; milliseconds since 1970. */
  at: number;
}

/** A document and its signature, where that is one of its own. Structured-cloneable. */
export interface SignatureCheck {
  content: Uint8Array | string;
  signature: Uint8Array | undefined;
  at: number;
}

/** What speaks against the signature; `undefined`: nothing. */
type Refute = (target: Document, check: SignatureCheck) => Promise<string | undefined>;

/** On this thread, however long it takes. */
export async function refuteHere(target: Document, { content, signature, at }: SignatureCheck) {
  const { trust } = target.mount;
  if (!trust) return undefined;
  const { openpgp, minisign } = await keyringOf(trust);
  const bytes = typeof content === "string" ? await Bun.file(content).bytes() : content;
  return kindOf(target) === "minisign"
    ? refuteMinisign(bytes, signature, minisign)
    : refuteOpenPgp(bytes, signature, openpgp, at);
}

/** What came is not signed by anybody whom the mount trusts. */
export class Unsigned extends UpstreamFailed {}

/** Documents that are known to be signed. */
const REMEMBERED = 10_000;

export class SignedDocuments {
  readonly #known = new LRUCache<string, true>({ max: REMEMBERED });
  readonly #refuteOne: Refute;

  /** `refute`: where clients are served, in another process: a signed text may be as large as documents may be. */
  constructor(refute: Refute) {
    this.#refuteOne = refute;
  }

  /** Throws Unsigned, for the signature of what upstream is just replacing may be right in a moment. */
  async requireNew(target: Document, signed: Signed): Promise<void> {
    const reason = await this.#refute(target, signed);
    if (reason) throw new Unsigned(untrusted(target, kindOf(target), reason), { retryable: true });
  }

  /** Throws Withheld. */
  async requireHeld(target: Document, signed: Signed): Promise<void> {
    const reason = await this.#refute(target, signed);
    if (reason) throw new Withheld(untrusted(target, kindOf(target), reason));
  }

  async #refute(target: Document, { sha256, content, signature, at }: Signed): Promise<string | undefined> {
    const { mount, path, route, params } = target;
    if (!mount.trust || !route.signed) return undefined;
    const key = `${mount.name} ${path} ${sha256}`;
    const kind = kindOf(target);
    const { openpgp, minisign } = await keyringOf(mount.trust);
    if ({ openpgp, minisign }[kind].length === 0 || this.#known.has(key)) return undefined;
    const by = route.signed.at?.(params);
    const apart = by && (await signature(by).catch(none));
    if (by && !apart) return `expected a signature in ${by}, found none`;
    const reason = await this.#refuteOne(target, { content: content(), signature: apart ? apart : undefined, at });
    if (!reason) this.#known.set(key, true);
    return reason;
  }
}

function kindOf({ route }: Document): DocumentSignatureKind {
  return route.signed?.by ?? "openpgp";
}

function none(error: unknown): undefined {
  if (!(error instanceof NotFound)) throw error;
}
