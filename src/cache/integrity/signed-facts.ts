import { LRUCache } from "lru-cache";
import type { FileFacts, MetadataRoute, Path, ReleaseFacts } from "../../contract/ecosystem.ts";
import { decodedPath } from "../../contract/path.ts";
import type { DocumentRow } from "../../index/rows.ts";
import type { DocumentCache } from "../documents/documents.ts";
import { describing } from "../documents/fact-lookup.ts";
import { documentAt, type Target } from "../target.ts";

/** What an index states of a file and its release. */
export interface Statement {
  file: FileFacts;
  release: ReleaseFacts;
}

/** A document of attestations. */
export interface Attesting {
  target: Target<MetadataRoute>;
  row: DocumentRow;
}

/** Documents whose statements are kept in memory. */
const DOCUMENTS = 32;

/**
 * What documents state of files, with their signatures. Read again from the documents as they are held rather than stored with
 * the other facts, which these would make half as large again for those who trust nobody in particular.
 */
export class SignedFacts {
  readonly #documents: DocumentCache;
  readonly #read = new LRUCache<string, ReadonlyMap<string, Statement>>({ max: DOCUMENTS });

  constructor(documents: DocumentCache) {
    this.#documents = documents;
  }

  /** Throws what loading throws. */
  async of(target: Target): Promise<Statement | undefined> {
    for (const described of describing(target)) {
      if (typeof described !== "string") continue;
      const statements = await this.#statements(target, described);
      const found = statements?.get(decodedPath(target.path));
      if (found) return found;
    }
    return undefined;
  }

  /** The document of attestations that the index names for a file; `undefined` where there is none. Throws what loading throws. */
  async attestedIn({ mount }: Target, { attestedIn }: FileFacts): Promise<Attesting | undefined> {
    const target = attestedIn && documentAt(mount, attestedIn);
    const row = target && (await this.#row(target));
    return target && row && { target, row };
  }

  /** What is held will do: who is about to fetch a file has had its index brought up to date, and others look at what they have. */
  async #row(document: Target<MetadataRoute>): Promise<DocumentRow | undefined> {
    return this.#documents.held(document.mount, document.path) ?? (await this.#documents.loadIfAny(document))?.row;
  }

  async #statements({ mount }: Target, described: Path): Promise<ReadonlyMap<string, Statement> | undefined> {
    const document = documentAt(mount, described);
    if (!document) return undefined;
    const row = await this.#row(document);
    if (!row) return undefined;
    const key = `${mount.name} ${document.path} ${row.sha256}`;
    const known = this.#read.get(key);
    if (known) return known;
    const statements = new Map<string, Statement>();
    for (const release of (await this.#documents.stated(document, row)).releases)
      for (const file of release.files ?? []) statements.set(decodedPath(file.path), { file, release });
    this.#read.set(key, statements);
    return statements;
  }
}
