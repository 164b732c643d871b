import { LRUCache } from "lru-cache";
import type { FileFacts, Path, ReleaseFacts } from "../ecosystem.ts";
import { describing } from "./described.ts";
import type { DocumentCache } from "./documents.ts";
import { documentAt, type Target } from "./locate.ts";

/** What an index states of a file and its release. */
export interface Statement {
  file: FileFacts;
  release: ReleaseFacts;
}

/** Documents whose statements are kept in memory. */
const DOCUMENTS = 32;

/**
 * What documents state of files, with their signatures. Read again from the documents as they are held rather than stored with
 * the other facts, which these would make half as large again for those who trust nobody in particular.
 */
export class SignedFacts {
  readonly #documents: DocumentCache;
  readonly #read = new LRUCache<string, ReadonlyMap<Path, Statement>>({ max: DOCUMENTS });

  constructor(documents: DocumentCache) {
    this.#documents = documents;
  }

  /** Throws what loading throws. */
  async of(target: Target): Promise<Statement | undefined> {
    for (const described of describing(target)) {
      if (typeof described !== "string") continue;
      const statements = await this.#statements(target, described);
      const found = statements?.get(target.path);
      if (found) return found;
    }
    return undefined;
  }

  async #statements({ mount }: Target, described: Path): Promise<ReadonlyMap<Path, Statement> | undefined> {
    const document = documentAt(mount, described);
    if (!document) return undefined;
    // What is held will do: who is about to fetch a file has had it brought up to date, and others look at what they have.
    const held = this.#documents.held(mount, document.path);
    const row = held ?? (await this.#documents.loadIfAny(document))?.row;
    if (!row) return undefined;
    const key = `${mount.name} ${document.path} ${row.sha256}`;
    const known = this.#read.get(key);
    if (known) return known;
    const statements = new Map<Path, Statement>();
    const doc = await this.#documents.open(document, row);
    for (const release of document.route.parse?.(doc).releases ?? [])
      for (const file of release.files ?? []) statements.set(file.path, { file, release });
    this.#read.set(key, statements);
    return statements;
  }
}
