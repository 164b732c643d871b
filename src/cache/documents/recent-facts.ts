/** What documents state, read once for the same bytes: a plan, a look at what clients are shown and each of its variants ask for it. */
import { LRUCache } from "lru-cache";
import type { Doc, Facts, LeftOut, MetadataRoute, Package, Path, ReleaseFacts } from "../../contract/ecosystem.ts";
import type { DocumentRow } from "../../index/rows.ts";
import type { Mount } from "../../mounts/mounts.ts";
import type { Target } from "../target.ts";

/** Facts of which all that is yielded has been read. Plugins may compute some of a release where it is asked for. */
export interface ReadFacts {
  releases: readonly ReleaseFacts[];
  follow: readonly Path[];
  beside: readonly Path[];
  leftOut: readonly LeftOut[];
}

/** Documents whose facts are kept in memory, and their bytes: those of the tasks that are under way. What was read of a document
 * may refer to all that stands in it, which takes many times its bytes. */
const KEPT = { max: 64, maxSize: 2 * 1024 * 1024 };

export class RecentFacts {
  /** What tells a version of the upstreams that upstream declares, which paths depend on. */
  readonly #declared: (mount: Mount) => string;
  readonly #known = new LRUCache<string, { facts: ReadFacts; size: number }>({
    ...KEPT,
    sizeCalculation: ({ size }) => size + 1,
  });

  readonly #opening = new Map<string, Promise<Doc>>();

  constructor(declared: (mount: Mount) => string) {
    this.#declared = declared;
  }

  /** What was read lately in a document; `undefined` where it is to be read (again). */
  find(target: Target<MetadataRoute>, row: DocumentRow, only?: Package): ReadFacts | undefined {
    const key = this.#keyOf(target, row);
    return (this.#known.get(key) ?? (only && this.#known.get(keyFor(key, only))))?.facts;
  }

  /** What a document states; `open` gives it. Throws what `parse` throws. */
  async read(
    target: Target<MetadataRoute>,
    row: DocumentRow,
    open: () => Promise<Doc>,
    only?: Package,
  ): Promise<ReadFacts> {
    const known = this.find(target, row, only);
    if (known) return known;
    const doc = await this.#open(target, row, open);
    // Another task may have read it meanwhile.
    return this.find(target, row, only) ?? this.#parse(target, row, doc, only);
  }

  /** Tasks of one package open its document once. */
  async #open(target: Target<MetadataRoute>, row: DocumentRow, open: () => Promise<Doc>): Promise<Doc> {
    if (target.route.reads) return open();
    const key = this.#keyOf(target, row);
    const opening = this.#opening.get(key) ?? open();
    this.#opening.set(key, opening);
    try {
      return await opening;
    } finally {
      this.#opening.delete(key);
    }
  }

  #parse(target: Target<MetadataRoute>, row: DocumentRow, doc: Doc, only?: Package): ReadFacts {
    let isAlone = true;
    let isLimited = false;
    const watched: Doc = {
      ...doc,
      stored: (path) => {
        isAlone = false;
        return doc.stored(path);
      },
    };
    const asked = only && {
      get name() {
        isLimited = true;
        return only.name;
      },
      get qualifiers() {
        isLimited = true;
        return only.qualifiers ?? {};
      },
    };
    const facts = allOf(target.route.parse?.(watched, asked) ?? {});
    // What depends on other documents is another thing once these are.
    if (isAlone) {
      const key = this.#keyOf(target, row);
      this.#known.set(isLimited && only ? keyFor(key, only) : key, { facts, size: row.size });
    }
    return facts;
  }

  #keyOf({ mount, path }: Target, { sha256, url, fetchedAt }: DocumentRow): string {
    return JSON.stringify([mount.name, path, sha256, url, fetchedAt, this.#declared(mount)]);
  }
}

function keyFor(key: string, { name, qualifiers }: Package): string {
  return `${key} ${name} ${JSON.stringify(qualifiers ?? {})}`;
}

function allOf({ releases = [], follow = [], beside = [], leftOut = [] }: Facts): ReadFacts {
  // The last is to be read after the first.
  return { releases: [...releases], follow: [...follow], beside: [...beside], leftOut: [...leftOut] };
}
