/**
 * Generations: documents that one root vouches for, and that change with it. A name means what the root that is served says of
 * it, and what it means is held under its digest, so that older generations stay readable for those who were shown them.
 */

import type { MetadataRoute, Path } from "../../contract/ecosystem.ts";
import type { DocumentRow } from "../../index/rows.ts";

import { NotFound, UpstreamFailed } from "../../lib/errors.ts";
import type { Mount } from "../../mounts/mounts.ts";
import type { Context } from "../context.ts";
import type { DocumentFetch, Listing } from "../documents/document-fetch.ts";
import { lateness } from "../documents/document-row.ts";
import type { DocumentCache, Loaded } from "../documents/documents.ts";
import { Flight } from "../flight.ts";
import { contentOf, documentAt, generationOf, type Target } from "../target.ts";
import { type Publication, prepare } from "./switch-generation.ts";

type Document = Target<MetadataRoute>;
type Documents = Pick<DocumentCache, "load" | "held" | "fact" | "agree">;

/** Milliseconds beyond its freshness for which a root stays as it is while only what it names is asked for: whoever asks for
 * that was shown it a moment ago. */
const SETTLED = 15 * 60_000;
/** How often a document beside a root is fetched anew because the root changed meanwhile. */
const TRIES = 2;

export class Generations {
  readonly #context: Context;
  readonly #documents: Documents;
  readonly #fetch: Pick<DocumentFetch, "aside" | "list">;
  readonly #flight = new Flight<Loaded>();
  /** Since when upstream has a generation that is not whole, by its root. */
  readonly #torn = new Map<string, number>();

  constructor(context: Context, documents: Documents, fetch: Pick<DocumentFetch, "aside" | "list">) {
    this.#context = context;
    this.#documents = documents;
    this.#fetch = fetch;
  }

  /** What a path means now: the target of its content; itself where no generation says; and what is beside a root, loaded.
   * `force`: upstream is asked about the root. */
  async meant(target: Document, force: boolean): Promise<Document | Loaded> {
    const generation = generationOf(target);
    if (!generation || target.path === generation.roots[0]) return target;
    const { mount, path } = target;
    const before = generation.roots.includes(path)
      ? generation.roots.slice(0, generation.roots.indexOf(path))
      : generation.roots;
    if (generation.beside?.includes(path)) {
      const root = await this.#root(mount, before);
      return root ? this.#beside(target, root, force) : target;
    }
    const asked = new Set<Path>();
    for (const each of this.#heldFirst(mount, before)) {
      const root = asked.has(each) ? undefined : await this.#root(mount, [each], { force, settled: SETTLED });
      if (!root) continue;
      const fact = this.#documents.fact(mount, root.path, path);
      const content = fact && contentOf(mount, fact);
      if (content) return target.isRepetition ? { ...content, isRepetition: true } : content;
      if (fact?.at) return target;
      // The others that may head the same generation say the same.
      for (const same of generationOf(root)?.roots ?? []) asked.add(same);
    }
    return target;
  }

  /** What is held of the content that a name means. */
  held(mount: Mount, path: Path): DocumentRow | undefined {
    const target = documentAt(mount, path);
    const generation = target && generationOf(target);
    if (!generation || generation.roots.includes(path)) return undefined;
    for (const root of generation.roots) {
      const at = this.#documents.fact(mount, root, path)?.at ?? [];
      const row = at.map((each) => this.#context.documents.find(mount.name, each)).find(Boolean);
      if (row && this.#context.storage.has(row.sha256, row.size)) return row;
    }
    return undefined;
  }

  /** Has content found at all its paths. */
  async spread({ mount, copies = [] }: Document, row: DocumentRow): Promise<void> {
    const { documents, pins, commit, settings } = this.#context;
    const missing = copies.filter((path) => {
      const copy = documents.find(mount.name, path);
      return !copy || (mount.owner !== undefined && !pins.has(mount.owner, mount.name, path));
    });
    if (missing.length === 0 || !settings.makesUpstreamRequests) return;
    // What it states is found at the first of its paths.
    await commit("copyDocument", { row: { ...row, pinned: false, owner: mount.owner }, paths: missing });
  }

  /** To be called before a new version of a document is published: `undefined` where it heads no generation. */
  async prepare(target: Document, fresh: Listing): Promise<Publication | undefined> {
    const generation = generationOf(target);
    if (!generation?.roots.includes(target.path)) return undefined;
    const parts = { context: this.#context, documents: this.#documents, fetch: this.#fetch };
    return prepare({ ...parts, generation, target, fresh, torn: this.#torn });
  }

  /** The first of these that is held, or that upstream has. */
  async #root(
    mount: Mount,
    roots: readonly Path[],
    { force = false, settled = 0 } = {},
  ): Promise<Document | undefined> {
    for (const path of this.#heldFirst(mount, roots)) {
      const target = documentAt(mount, path);
      if (!target) continue;
      const row = this.#documents.held(mount, path);
      // A root that another one names is as current as that one.
      const isNamed = generationOf(target)?.roots.includes(path) === false;
      if (row && !force && !isNamed && lateness(target, row, this.#context.now()) <= settled) return target;
      try {
        await this.#documents.load(target, { force });
        return target;
      } catch (error) {
        if (!(error instanceof NotFound)) throw error;
      }
    }
    return undefined;
  }

  #heldFirst(mount: Mount, roots: readonly Path[]): Path[] {
    const isHeld = (root: Path) => this.#documents.held(mount, root) !== undefined;
    return [...roots.filter(isHeld), ...roots.filter((root) => !isHeld(root))];
  }

  /** As fresh as its root, and of its generation. */
  async #beside(target: Document, root: Document, force: boolean): Promise<Loaded> {
    const { mount, path } = target;
    const { row: head, outcome } = await this.#documents.load(root, { force });
    const row = this.#documents.held(mount, path);
    // They are fetched after their root, and replaced with it.
    if (row && (row.fetchedAt >= head.fetchedAt || !this.#context.settings.makesUpstreamRequests))
      return { row, outcome };
    if (!this.#context.settings.makesUpstreamRequests)
      throw new NotFound(`${mount.name}${path} is not held here, and this proxy is offline`);
    return this.#flight.run(mount.name, `${mount.name} ${path}`, () => this.#fetchBeside(target, root));
  }

  /** What cannot tell its generation is of the root's where this is the same before and after. */
  async #fetchBeside(target: Document, root: Document): Promise<Loaded> {
    for (let tries = 0; tries < TRIES; tries++) {
      const before = this.#documents.held(target.mount, root.path);
      const listing = await this.#fetch.aside(target);
      const { row: after, outcome } = await this.#documents.load(root, { force: true });
      if (outcome === "stale" || before?.sha256 !== after.sha256) continue;
      if (!(await this.#documents.agree({ target, row: listing.row }, { target: root, row: after }))) continue;
      await this.#fetch.list([listing], { unless: after });
      return { row: listing.row, outcome: "miss" };
    }
    throw new UpstreamFailed(
      `${target.path} is of another generation than ${root.path}, which is held: upstream is being updated; ask again`,
      { retryable: true },
    );
  }
}
