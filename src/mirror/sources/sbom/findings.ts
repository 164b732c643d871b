import { digestOfHex } from "../../../contract/digest.ts";
import type { Digest } from "../../../contract/ecosystem.ts";
import type { Entry, Origin } from "../../../contract/lockfile.ts";
import { parsePurl } from "../../../contract/purl.ts";
import { BadRequest, messageOf } from "../../../lib/errors.ts";
import { Backlog } from "./backlog.ts";

/** A component as a document states it, whatever its format. */
export interface Component {
  /** Where the format tells apart from its packages which of them is described: what it calls this one. */
  id?: string;
  name: string;
  version?: string | undefined;
  purls: readonly string[];
  hashes: readonly { algorithm: string; value: string }[];
  /** Where it can be downloaded, as it is stated. */
  downloads?: readonly string[];
  /** Whether it is what the document is about, rather than a part of that. */
  isDescribed?: boolean;
}

/** Malformed entries that are told of at once. */
const MOST_FAULTS = 50;
/** Paths of files of packages. */
const ARCHIVE = /\.(?:tgz|tar\.(?:gz|bz2|xz)|whl|egg|gem|crate|nupkg|jar|war|ear|aar|pom|zip|deb|dsc)(?:[?#]|$)/i;
/** Paths at which places of source code have it as an archive: such an address says nothing of a registry. */
const FORGE = /\/(?:archive|tarball|zipball|releases\/download)\//;

/** What was found in a document so far, and what is wrong with it. */
export class Findings {
  #entries: Entry[] = [];
  readonly #isStrict: boolean;
  readonly #faults: string[] = [];
  #faultCount = 0;
  /** What has an id may be what the document describes, which it may say before its packages or after them. */
  readonly #backlog = new Backlog<{ component: Component; place: string }>();
  readonly #described = { list: new Set<string>(), relationships: new Set<string>() };
  readonly #roots = new Set<string>();

  /** `isStrict`: what is malformed is a fault of the document, and else an entry that is told of. */
  constructor(isStrict = false) {
    this.#isStrict = isStrict;
  }

  add(component: Component, place: string): void {
    if (component.id === undefined) this.#enter(component, place);
    else this.#backlog.add({ component, place });
  }

  /** The document describes a package. Several are no root: some tools list every package. A list counts before relationships. */
  describes(id: string, by: "list" | "relationships"): void {
    const known = this.#described[by];
    if (known.size < 2) known.add(id);
  }

  /** The package is what the document is about, whatever it says of others. */
  root(id: string): void {
    this.#roots.add(id);
  }

  /** What was found since it was last asked. */
  take(): Entry[] {
    const entries = this.#entries;
    this.#entries = [];
    return entries;
  }

  /** The rest, at the end of the document. Throws BadRequest with all that is malformed, where that is a fault. */
  *end(): Generator<Entry> {
    const { list, relationships } = this.#described;
    const described = list.size > 0 ? list : relationships;
    const [only] = described.size === 1 ? described : [];
    for (const { component, place } of this.#backlog.drain()) {
      const { id = "", isDescribed = false } = component;
      this.#enter({ ...component, isDescribed: isDescribed || id === only || this.#roots.has(id) }, place);
      yield* this.take();
    }
    yield* this.take();
    if (this.#faultCount === 0) return;
    const more = this.#faultCount - this.#faults.length;
    throw new BadRequest(`${this.#faults.join("\n")}${more > 0 ? `\nand ${more} more` : ""}`);
  }

  close(): void {
    this.#backlog.close();
  }

  #enter(component: Component, place: string): void {
    const what = component.version ? `${component.name}@${component.version}` : component.name || "(without a name)";
    if (component.isDescribed)
      this.#entries.push({ what, reason: "is what the document describes", place, isOwn: true });
    else if (component.purls.length === 0) this.#entries.push({ what, reason: "has no package URL", place });
    else for (const purl of new Set(component.purls)) this.#addItem(purl, component, place);
  }

  #addItem(text: string, { hashes, downloads = [] }: Component, place: string): void {
    try {
      const purl = parsePurl(text);
      const digests = hashes.flatMap(({ algorithm, value }) => digestsOf(algorithm, value, purl.type));
      const from = originOf(downloads);
      this.#entries.push({ purl, ...(digests.length > 0 && { digests }), ...(from && { from }), place });
    } catch (error) {
      if (!(error instanceof BadRequest)) throw error;
      const message = messageOf(error).slice(0, 500);
      if (!this.#isStrict) {
        const what = text.trim().slice(0, 200) || "(without a name)";
        this.#entries.push({ what, reason: `is left out, since it is malformed: ${message}`, place });
        return;
      }
      this.#faultCount++;
      if (this.#faults.length < MOST_FAULTS) this.#faults.push(`${place}: ${message}`);
    }
  }
}

/** SHA-256 (CycloneDX), SHA256 (SPDX 2), sha256 (SPDX 3). */
function digestsOf(algorithm: string, value: string, type: string): Digest[] {
  const digest = digestOfHex(algorithm, value);
  if (!digest) return [];
  // Syft, cdxgen and cyclonedx-gomod write the h1 sum of a Go module as its SHA-256; others mean the zip's own.
  const isSum = type === "golang" && digest.startsWith("sha256:");
  return isSum ? [digest, `h1:${Buffer.from(digest.slice("sha256:".length), "hex").toString("base64")}`] : [digest];
}

/** Of addresses of files that one which is a package's; tools state pages and repositories of source code there as well. */
function originOf(downloads: readonly string[]): Origin | undefined {
  const addresses = downloads.map((each) => each.trim());
  const registry = addresses.find((each) => /^(?:registry|sparse)\+https?:/.test(each));
  if (registry !== undefined) return { kind: "registry", address: registry };
  const webs = addresses.filter((each) => /^https?:/i.test(each));
  const file = webs.find((each) => ARCHIVE.test(each) && !FORGE.test(each));
  if (file !== undefined) return { kind: "file", address: file };
  return webs[0] === undefined ? undefined : { kind: "hint", address: webs[0] };
}
