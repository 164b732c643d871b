/** Checks signatures where the operator of a mount says whom to trust; what fails is withheld, counted and logged. */

import { LRUCache } from "lru-cache";
import { Hasher, splitDigest } from "../../contract/digest.ts";
import type { ArtifactRoute, Digest } from "../../contract/ecosystem.ts";
import { formatPurl } from "../../contract/purl.ts";
import type { Attestation, SignatureKind } from "../../contract/signatures.ts";
import type { ArtifactRow } from "../../index/rows.ts";
import { messageOf, UpstreamFailed, Withheld } from "../../lib/errors.ts";
import { keyringOf } from "../../trust/keyring.ts";
import { type RegistryKey, refuteRegistry } from "../../trust/registry-signature.ts";
import { judgeTar } from "../../trust/signed-tar.ts";
import { judgeZip } from "../../trust/signed-zip.ts";
import { refuteSigstore } from "../../trust/sigstore.ts";
import type { Context } from "../context.ts";
import type { DocumentCache, Elsewhere } from "../documents/documents.ts";
import type { Target } from "../target.ts";
import { untrusted } from "./report-untrusted.ts";
import { type Attesting, SignedFacts, type Statement } from "./signed-facts.ts";

/** What somebody attests of a file. Structured-cloneable. */
export interface Attested {
  /** Whether there is an attestation. */
  isThere: boolean;
  /** What speaks against it. */
  reason?: string;
}

/** What is to be attested, and by whom. */
interface Claim {
  digest: Digest;
  signers: readonly string[];
}

/** Files that are known to be vouched for. */
const REMEMBERED = 50_000;

export class Vouching {
  readonly #context: Pick<Context, "now" | "storage">;
  readonly #documents: DocumentCache;
  readonly #facts: SignedFacts;
  readonly #elsewhere: Pick<Elsewhere, "attested"> | undefined;
  readonly #vouched = new LRUCache<string, true>({ max: REMEMBERED });

  /** `elsewhere`: where attestations are read and checked; absent, this is such a place. */
  constructor(
    context: Pick<Context, "now" | "storage">,
    documents: DocumentCache,
    elsewhere?: Pick<Elsewhere, "attested">,
  ) {
    this.#context = context;
    this.#documents = documents;
    this.#elsewhere = elsewhere;
    this.#facts = new SignedFacts(documents);
  }

  /**
   * The digest that signatures vouch for, to be asked before a file is fetched; `undefined` where there are none.
   * Throws Withheld where they are wrong, or missing and required, and what loading throws.
   */
  async promised(target: Target): Promise<Digest | undefined> {
    const { trust } = target.mount;
    if (!trust) return undefined;
    const { registry, sigstore } = await keyringOf(trust);
    if (registry.length + sigstore.length === 0) return undefined;
    const stated = await this.#facts.of(target);
    const isSigned = registry.length > 0 && this.#registry(target, stated, registry);
    const isAttested = sigstore.length > 0 && (await this.#isAttested(target, stated));
    return isSigned || isAttested ? stated?.file.digest : undefined;
  }

  /** The same for a file that is held, which may be from before there were keys; once for each. */
  async held(target: Target<ArtifactRoute>, row: ArtifactRow): Promise<void> {
    if (!target.mount.trust) return;
    const key = keyOf(target, row.sha256);
    if (this.#vouched.has(key)) return;
    const digest = await this.promised(target);
    if (digest) await this.#requireSame(target, digest, this.#context.storage.file(row.sha256));
    await (await this.inspection(target, row.fetchedAt))?.(this.#context.storage.file(row.sha256));
    this.#vouched.set(key, true);
  }

  /** How to look at the signatures that a file carries, at its bytes or the file that they are in; `undefined`: not at all. `at`:
   * when certificates must be valid. What it returns rejects with Withheld. */
  async inspection(
    target: Target<ArtifactRoute>,
    at = this.#context.now(),
  ): Promise<((content: Uint8Array<ArrayBuffer> | string) => Promise<void>) | undefined> {
    const { mount, route } = target;
    if (!mount.trust || !route.signed) return undefined;
    const { x509 } = await keyringOf(mount.trust);
    if (x509.length === 0) return undefined;
    const judge = route.signed === "zip" ? judgeZip : judgeTar;
    const mustBe = mount.trust.require.includes("x509");
    return async (content) => {
      const verdict = await judge(typeof content === "string" ? Bun.file(content) : new Blob([content]), x509, at);
      if (typeof verdict === "object") refuse(target, "x509", verdict.against);
      if (verdict === "unsigned" && mustBe) refuse(target, "x509", "expected a signature, found none");
    };
  }

  #registry(target: Target, stated: Statement | undefined, keys: readonly RegistryKey[]): boolean {
    const { trust } = target.mount;
    const signatures = stated?.file.signatures ?? [];
    if (!stated || signatures.length === 0) {
      if (trust?.require.includes("registry")) refuse(target, "registry", "expected a signature, found none");
      return false;
    }
    const at = stated.release.publishedAt?.getTime() ?? this.#context.now();
    const reason = refuteRegistry(signatures, keys, at);
    if (reason) refuse(target, "registry", reason);
    return true;
  }

  /** Attestations are asked for where the index names them. */
  async #isAttested(target: Target, stated: Statement | undefined): Promise<boolean> {
    const { trust, ecosystem } = target.mount;
    const name = stated?.release.name ?? target.route.release?.(target.params)?.name;
    const signers = (name && trust?.signers?.[formatPurl(ecosystem, { name })]) || [];
    const digest = stated?.file.digest;
    const document = digest && (await this.#facts.attestedIn(target, stated.file));
    const found = document && (await this.#attestedIn(document, { digest, signers }));
    if (!found?.isThere) {
      if (trust?.require.includes("sigstore") || signers.length > 0)
        refuse(target, "sigstore", `expected an attestation by ${signers.join(" or ") || "anybody"}, found none`);
      return false;
    }
    if (found.reason) refuse(target, "sigstore", found.reason);
    return true;
  }

  #attestedIn({ target, row }: Attesting, claim: Claim): Promise<Attested> {
    if (this.#elsewhere) return this.#elsewhere.attested(target, claim, this.#documents.lentFor(target, row));
    return this.attested({ target, row }, claim);
  }

  /** What comes of a document of attestations, on this thread. Throws UpstreamFailed where it is none. */
  async attested({ target, row }: Attesting, { digest, signers }: Claim): Promise<Attested> {
    const { sigstore = [] } = target.mount.trust ? await keyringOf(target.mount.trust) : {};
    let attestations: readonly Attestation[];
    try {
      attestations = target.route.attests?.(await this.#documents.doc(target, row)) ?? [];
    } catch (error) {
      throw new UpstreamFailed(`${target.path} is not a document of attestations: ${messageOf(error)}`);
    }
    const reason = attestations.length > 0 && (await refuteSigstore(attestations, digest, sigstore, signers));
    return { isThere: attestations.length > 0, ...(reason && { reason }) };
  }

  async #requireSame(target: Target, digest: Digest, file: string): Promise<void> {
    const [algorithm, expected] = splitDigest(digest);
    if (algorithm === "h1") return;
    const hasher = new Hasher([algorithm]);
    for await (const chunk of Bun.file(file).stream()) hasher.update(chunk);
    const found = hasher.digests()[algorithm];
    if (found !== expected)
      refuse(target, "registry", `expected ${digest}, which is signed, found ${algorithm}:${found}, which is held`);
  }
}

/** Throws Withheld. */
function refuse(target: Target, kind: SignatureKind, reason: string): never {
  throw new Withheld(untrusted(target, kind, reason));
}

function keyOf({ mount, path }: Target, sha256: string): string {
  return `${mount.name} ${path} ${sha256}`;
}
