/** From what a catalog says to rows: what is news is due, in the transaction that moves the checkpoint past it. */

import type { Context } from "../../cache/context.ts";
import type { CatalogEvent } from "../../contract/catalog.ts";
import type { Recorded, RegistrySpec } from "../../contract/jobs.ts";
import { formatPurl } from "../../contract/purl.ts";
import type { Catalogs } from "../../index/sqlite/catalogs.ts";
import type { Entry, Known, Listed } from "../../index/sqlite/listed.ts";
import type { Mount } from "../../mounts/mounts.ts";
import type { Marks } from "./bit-set.ts";
import { packageFilter } from "./filters.ts";
import { bury } from "./gone.ts";
import { countThere, Guard } from "./guard.ts";

export interface RecorderOptions {
  mount: Mount;
  spec: RegistrySpec;
  listed: Listed;
  catalogs: Catalogs;
  context: Pick<Context, "documents" | "artifacts" | "blobs" | "storage" | "writer">;
}

/** How an event without a revision is meant: of a log, something changed; of a list of bare names, only that it is there. */
export interface Manner {
  silence: "news" | "nothing";
  /** Where a whole list is read: the packages that it had so far. */
  marks?: Marks;
  /** Whether a list goes on: of what is known, silence is nothing new. */
  isResumed?: boolean;
}

/** `isImplied`: by what was said of a release of it. */
type Said = Entry & { isSilent: boolean; isImplied?: boolean };

/** Events that are recorded together. */
const BATCH = 1_000;
/** Ids that are read at once. */
const PAGE = 20_000;

export class Recorder {
  readonly recorded: Recorded = { seen: 0, news: 0, gone: 0 };
  recordedAt = Date.now();
  readonly guard: Guard;
  readonly #options: RecorderOptions;
  readonly #isChosen: (purl: string) => boolean;
  /** Packages that are mirrored, where they are limited. */
  #chosen: number | undefined;

  constructor(options: RecorderOptions) {
    this.#options = options;
    this.guard = new Guard(options);
    this.#isChosen = packageFilter(options.spec);
  }

  /** Throws BadRequest, and has recorded nothing of the batch, where suspiciously many are gone. */
  async record(events: readonly CatalogEvent[], manner: Manner, checkpoint?: string): Promise<void> {
    const { catalogs, mount } = this.#options;
    for (let at = 0; at < events.length || at === 0; at += BATCH) {
      const isLast = at + BATCH >= events.length;
      const said = this.#said(events.slice(at, at + BATCH), manner);
      await this.#commit(said, manner, () => {
        // What is known is for now no longer what any list had.
        catalogs.update(mount.name, { validator: null, ...(isLast && checkpoint !== undefined && { checkpoint }) });
      });
    }
  }

  /** All that a whole list did not have is gone. */
  async compare(marks: Marks): Promise<void> {
    const { listed, mount } = this.#options;
    const missing: number[] = [];
    for (let after = 0; ; ) {
      const page = listed.packages(mount.name, after, PAGE);
      after = page.at(-1) ?? after;
      for (const id of page) if (!marks.has(id)) missing.push(id);
      if (page.length < PAGE) break;
      // A server has clients to answer meanwhile.
      await Bun.sleep(0);
    }
    this.#guard(missing.length);
    for (let at = 0; at < missing.length; at += BATCH) await this.#bury(listed.withIds(missing.slice(at, at + BATCH)));
  }

  /** The list is the same: what it has, and upstream did not when it was asked for, is asked for again. */
  async relist(): Promise<void> {
    const { listed, mount } = this.#options;
    for (let after = 0; ; ) {
      const page = listed.absent(mount.name, after, BATCH);
      if (page.length === 0) return;
      after = page.at(-1)!.id;
      const said = page.map((each): Said => ({ ...each, state: "due", isSilent: false }));
      await this.#commit(said, { silence: "news" }, () => {});
    }
  }

  /** Everything known is chosen anew. What is held stays so, and is planned again without a request. */
  async choose(filters: string): Promise<void> {
    const { listed, catalogs, mount, context, spec } = this.#options;
    this.#chosen = spec.limit === undefined ? undefined : 0;
    for (let after = 0; ; ) {
      const page = listed.page(mount.name, after, BATCH);
      if (page.length === 0) break;
      after = page.at(-1)!.id;
      const there = page.filter(({ state }) => state !== "gone");
      const { due = [], left = [] } = Object.groupBy(there, (each) => (this.#isWanted(each) ? "due" : "left"));
      await context.writer.write(() => {
        listed.move(
          due.map(({ id }) => id),
          "due",
        );
        listed.move(
          left.map(({ id }) => id),
          "left",
        );
      });
    }
    await context.writer.write(() => catalogs.update(mount.name, { filters }));
  }

  /** By package; the last word on each counts. */
  #said(events: readonly CatalogEvent[], { silence }: Manner): Said[] {
    const { ecosystem } = this.#options.mount;
    const said = new Map<string, Said>();
    for (const event of events) {
      if (event.type === "resync") continue;
      const name = ecosystem.identity?.(event.package.name) ?? event.package.name;
      const { type, version = "" } = event;
      const revision = type === "changed" ? (event.revision ?? null) : null;
      const state = type === "gone" ? "gone" : "due";
      said.set(`${name} ${version}`, { name, version, revision, state, isSilent: revision === null });
      // A package whose release is gone says so in its document.
      if (type === "gone" && version && !said.has(`${name} `))
        said.set(`${name} `, { name, version: "", revision: null, state: "due", isSilent: true, isImplied: true });
    }
    // What is said without a revision gets one, so that news which come while it is worked on are told from the old.
    for (const each of said.values()) if (each.isSilent && silence === "news") each.revision = `~${Date.now()}`;
    return [...said.values()];
  }

  async #commit(said: readonly Said[], { silence, marks, isResumed = false }: Manner, also: () => void): Promise<void> {
    const { listed, mount, context, spec } = this.#options;
    const known = new Map(listed.known(mount.name, said).map((each) => [`${each.name} ${each.version}`, each]));
    const entries: Entry[] = [];
    const gone: Said[] = [];
    /** Releases that were listed by their package alone, whose document tells. */
    const unlisted: Said[] = [];
    for (const each of said) {
      const row = known.get(`${each.name} ${each.version}`);
      const isNew = row && marks ? marks.add(row.id) : true;
      if (each.state === "gone") {
        if (row && row.state !== "gone") gone.push(each);
        else if (!row && each.version) unlisted.push(each);
        continue;
      }
      // Where releases are listed by themselves, their package is none that is wanted whole.
      if (each.isImplied && !row) continue;
      const isNews =
        !row ||
        row.state === "gone" ||
        (each.isSilent ? silence === "news" && isNew && !isResumed : row.revision !== each.revision);
      if (!isNews) continue;
      const keepsOut = row && row.state !== "gone" ? row.state === "left" : !this.#isWanted(each);
      entries.push({ ...each, state: keepsOut ? "left" : "due" });
    }
    this.#guard(gone.length);
    await context.writer.write(() => {
      for (const id of listed.record(mount.name, entries)) marks?.add(id);
      also();
      this.#entomb(gone);
      for (const each of unlisted) bury(context, mount, each, spec.gone);
    });
    this.recordedAt = Date.now();
    this.recorded.seen += said.length;
    this.recorded.news += entries.filter(({ state }) => state === "due").length;
    this.recorded.gone += gone.length;
  }

  async #bury(page: readonly Known[]): Promise<void> {
    if (page.length === 0) return;
    await this.#options.context.writer.write(() => this.#entomb(page));
    this.recorded.gone += page.length;
  }

  #entomb(gone: readonly Pick<Entry, "name" | "version" | "revision">[]): void {
    const { listed, mount, context, spec } = this.#options;
    listed.record(
      mount.name,
      gone.map(({ name, version, revision }) => ({ name, version, revision, state: "gone" })),
    );
    for (const each of gone) bury(context, mount, each, spec.gone);
  }

  #isWanted({ name }: Pick<Entry, "name">): boolean {
    const { mount, spec, listed } = this.#options;
    if (!this.#isChosen(formatPurl(mount.ecosystem, { name }))) return false;
    if (spec.limit === undefined) return true;
    if (this.#chosen === undefined) {
      this.#chosen = countThere(listed, mount) - (listed.byState(mount.name).left ?? 0);
    }
    if (this.#chosen >= spec.limit) return false;
    this.#chosen++;
    return true;
  }

  #guard(count: number): void {
    const refusal = this.guard.refusal(count);
    if (refusal) throw refusal;
  }
}
