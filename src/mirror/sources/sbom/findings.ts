import type { Digest } from "../../../ecosystem.ts";
import { BadRequest, messageOf } from "../../../errors.ts";
import { parsePurl } from "../../../purl.ts";
import type { Entry } from "../source.ts";

/** A component as a document states it, whatever its format. */
export interface Component {
  name: string;
  version?: string | undefined;
  purls: readonly string[];
  hashes: readonly { algorithm: string; value: string }[];
  /** Whether it is what the document is about, rather than a part of that. */
  isDescribed?: boolean;
}

/** Length of the hex, by algorithm: those that files here are compared by. */
const LENGTHS: Readonly<Record<string, number>> = { md5: 32, sha1: 40, sha256: 64, sha512: 128 };
/** Malformed entries that are told of at once. */
const MOST_FAULTS = 50;

/** What was found in a document so far, and what is wrong with it. */
export class Findings {
  #entries: Entry[] = [];
  readonly #faults: string[] = [];
  #faultCount = 0;

  add(component: Component, place: string): void {
    const what = component.version ? `${component.name}@${component.version}` : component.name || "(without a name)";
    if (component.isDescribed)
      this.#entries.push({ what, reason: "is what the document describes", place, isOwn: true });
    else if (component.purls.length === 0) this.#entries.push({ what, reason: "has no package URL", place });
    else for (const purl of new Set(component.purls)) this.#addItem(purl, component.hashes, place);
  }

  /** What was found since it was last asked. */
  take(): Entry[] {
    const entries = this.#entries;
    this.#entries = [];
    return entries;
  }

  /** Call at the end: throws BadRequest with all that is malformed. */
  end(): void {
    if (this.#faultCount === 0) return;
    const more = this.#faultCount - this.#faults.length;
    throw new BadRequest(`${this.#faults.join("\n")}${more > 0 ? `\nand ${more} more` : ""}`);
  }

  #addItem(text: string, hashes: Component["hashes"], place: string): void {
    try {
      const purl = parsePurl(text);
      const digests = hashes.flatMap((hash) => digestsOf(hash, purl.type));
      this.#entries.push({ purl, ...(digests.length > 0 && { digests }), place });
    } catch (error) {
      if (!(error instanceof BadRequest)) throw error;
      this.#faultCount++;
      if (this.#faults.length < MOST_FAULTS) this.#faults.push(`${place}: ${messageOf(error).slice(0, 500)}`);
    }
  }
}

function digestsOf({ algorithm, value }: { algorithm: string; value: string }, type: string): Digest[] {
  // SHA-256 (CycloneDX), SHA256 (SPDX 2), sha256 (SPDX 3).
  const known = algorithm.toLowerCase().replace(/^(sha|md)-/, "$1") as "md5" | "sha1" | "sha256" | "sha512";
  const length = Object.hasOwn(LENGTHS, known) ? LENGTHS[known] : undefined;
  if (length === undefined) return [];
  const hex = value.trim().toLowerCase();
  if (hex.length !== length || !/^[\da-f]+$/.test(hex))
    throw new BadRequest(`"${value.slice(0, 140)}" is not a ${algorithm} hash: expected ${length} hex digits`);
  // Syft, cdxgen and cyclonedx-gomod write the h1 sum of a Go module as its SHA-256; others mean the zip's own.
  const sum: Digest[] =
    type === "golang" && known === "sha256" ? [`h1:${Buffer.from(hex, "hex").toString("base64")}`] : [];
  return [`${known}:${hex}`, ...sum];
}
