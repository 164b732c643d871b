/** From what a catalog says to rows: what is news is due, in the transaction that moves the checkpoint past it. */

import { labelOf, leaveOut } from "../../../ecosystems/shared/entries.ts";
import type { Context } from "../../cache/context.ts";
import { removeBlobs } from "../../cache/integrity/removal.ts";
import type { CatalogEvent } from "../../contract/catalog.ts";
import type { LeftOut } from "../../contract/facts.ts";
import type { Recorded, RegistrySpec } from "../../contract/jobs.ts";
import { formatPurl } from "../../contract/purl.ts";
import type { Place, RegistryPage } from "../../index/commands.ts";
import type { Index } from "../../index/port.ts";
import type { ListedEntry as Entry, KnownEntry as Known } from "../../index/rows.ts";
import { log } from "../../lib/log.ts";
import { type Mount, requireName } from "../../mounts/mounts.ts";
import type { Marks } from "./bit-set.ts";
import { packageFilter } from "./filters.ts";
import { removalOf } from "./gone.ts";
import { countThere, Guard } from "./guard.ts";

/** The part of the index that registries are in. */
export type RegistryIndex = Pick<Index, "listed" | "catalogs" | "artifacts" | "pins" | "commit">;

export interface RecorderOptions {
  mount: Mount;
  spec: RegistrySpec;
  index: RegistryIndex;
  /** Whose pins of packages end that the filters leave out. Default: none end. */
  pinOwner?: number | undefined;
  /** Where blobs that nothing names any more are removed from. */
  context: Pick<Context, "storage" | "blobs" | "commit" | "now">;
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
/** Odd entries that the log tells of, for one feed. */
const LOGGED = 10;
/** Odd entries that are compared with a new list. */
const ODD = 100_000;

export class Recorder {
  readonly recorded: Recorded = { seen: 0, news: 0, gone: 0 };
  recordedAt = Date.now();
  readonly guard: Guard;
  readonly #options: RecorderOptions;
  /** Entries that made sense, and the first that did not. */
  sound = 0;
  oddity: string | undefined;
  readonly #isChosen: (purl: string) => boolean;
  #told = 0;
  /** Packages that are mirrored, where they are limited. */
  #chosen: number | undefined;

  constructor(options: RecorderOptions) {
    this.#options = options;
    this.guard = new Guard({ ...options, listed: options.index.listed });
    this.#isChosen = packageFilter(options.spec);
  }

  /** Throws BadRequest, and has recorded nothing of the batch, where suspiciously many are gone. */
  async record(events: readonly CatalogEvent[], manner: Manner, checkpoint?: string): Promise<void> {
    for (let at = 0; at < events.length || at === 0; at += BATCH) {
      const isLast = at + BATCH >= events.length;
      const said = this.#said(events.slice(at, at + BATCH), manner);
      // What is known is for now no longer what any list had.
      await this.#commit(said, manner, {
        validator: null,
        ...(isLast && checkpoint !== undefined && { checkpoint }),
      });
    }
  }

  /** All that a whole list did not have is gone. */
  async compare(marks: Marks): Promise<void> {
    const {
      index: { listed },
      mount,
    } = this.#options;
    const missing: number[] = [];
    for (let after = 0; ; ) {
      const page = await listed.packages(mount.name, after, PAGE);
      after = page.at(-1) ?? after;
      for (const id of page) if (!marks.has(id)) missing.push(id);
      if (page.length < PAGE) break;
      // A server has clients to answer meanwhile.
      await Bun.sleep(0);
    }
    await this.#guard(missing.length);
    const odd = (await listed.odd(mount.name, ODD)).filter(({ id }) => !marks.has(id));
    await this.#options.index.commit("moveListed", { moves: [{ ids: odd.map(({ id }) => id), state: "gone" }] });
    for (let at = 0; at < missing.length; at += BATCH)
      await this.#remove(await listed.withIds(missing.slice(at, at + BATCH)));
  }

  /** The list is the same: what it has, and upstream did not when it was asked for, is asked for again. */
  async relist(): Promise<void> {
    const {
      index: { listed },
      mount,
    } = this.#options;
    for (let after = 0; ; ) {
      const page = await listed.absent(mount.name, after, BATCH);
      if (page.length === 0) return;
      after = page.at(-1)!.id;
      const said = page.map((each): Said => ({ ...each, state: "due", isSilent: false }));
      await this.#commit(said, { silence: "news" });
    }
  }

  /** Everything known is chosen anew. What is held stays so, and is planned again without a request. */
  async choose(filters: string): Promise<void> {
    const { index, mount, spec } = this.#options;
    this.#chosen = spec.limit === undefined ? undefined : 0;
    for (let after = 0; ; ) {
      const page = await index.listed.page(mount.name, after, BATCH);
      if (page.length === 0) break;
      after = page.at(-1)!.id;
      const there = page.filter(({ state }) => state !== "gone" && state !== "odd");
      const { due = [], left = [] } = Object.groupBy(there, (each) => (this.#isWanted(each) ? "due" : "left"));
      const moves = [
        { ids: due.map(({ id }) => id), state: "due" },
        { ids: left.map(({ id }) => id), state: "left" },
      ] as const;
      await index.commit("moveListed", { moves });
      for (const each of left) await this.#unpin(each);
    }
    await index.commit("updateCatalog", { mount: mount.name, set: { filters } });
  }

  /** What the registry's owner pins of a package that the filters leave out goes, where nobody else pins it. */
  async #unpin({ name, version }: Known): Promise<void> {
    const { index, mount, context, pinOwner } = this.#options;
    if (pinOwner === undefined) return;
    const files = await index.artifacts.ofPackage(mount.name, name);
    const paths = [
      ...removalOf(mount, { name, version }).documents,
      ...files.filter((file) => !version || file.version === version).map(({ path }) => path),
    ];
    const places: Place[] = [];
    for (const path of paths)
      if (await index.pins.has(pinOwner, mount.name, path)) places.push({ mount: mount.name, path });
    if (places.length === 0) return;
    const { ecosystem } = mount;
    const releases = [{ name, version }, ...files].map((release) =>
      formatPurl(ecosystem, { name, ...(release.version && { version: release.version }) }),
    );
    const spoiled = [...new Set(releases)].map((purl) => ({ mount: mount.name, purl }));
    const unpinned = { owner: pinOwner, places, spoiled, packages: [], now: context.now() };
    await removeBlobs(context, await index.commit("unpin", unpinned));
  }

  /** By package; the last word on each counts. */
  #said(events: readonly CatalogEvent[], { silence }: Manner): Said[] {
    const said = new Map<string, Said>();
    for (const event of events) {
      if (event.type === "resync") continue;
      const read = this.#read(event);
      if (!("state" in read)) {
        said.set(`${read.entry} odd`, {
          name: read.entry,
          version: "",
          revision: read.reason,
          state: "odd",
          isSilent: false,
        });
        continue;
      }
      this.sound++;
      const { name, version, revision, state } = read;
      const type = event.type;
      said.set(`${name} ${version}`, { name, version, revision, state, isSilent: revision === null });
      // A package whose release is gone says so in its document.
      if (type === "gone" && version && !said.has(`${name} `))
        said.set(`${name} `, { name, version: "", revision: null, state: "due", isSilent: true, isImplied: true });
    }
    // What is said without a revision gets one, so that news which come while it is worked on are told from the old.
    for (const each of said.values()) if (each.isSilent && silence === "news") each.revision = `~${Date.now()}`;
    return [...said.values()];
  }

  /** What an event says; an entry that makes no sense is left out, as clients do, and the rest of the list is taken. */
  #read(event: Exclude<CatalogEvent, { type: "resync" }>): Entry | LeftOut {
    const { mount } = this.#options;
    if (event.type === "odd") return event;
    const { type, version = "" } = event;
    try {
      const stated = labelOf(event.package.name, "name");
      const name = mount.ecosystem.identity?.(stated) ?? stated;
      requireName(mount, { name, version: version && labelOf(version, "version") });
      const revision = type === "changed" ? (event.revision ?? null) : null;
      return { name, version, revision: revision && String(revision), state: type === "gone" ? "gone" : "due" };
    } catch (error) {
      return leaveOut(version ? `${event.package.name}@${version}` : (event.package?.name ?? event), error);
    }
  }

  /** Each once, since its row stays. */
  #tellOdd({ name, revision }: Entry): void {
    if (this.#told++ < LOGGED)
      log.warn("an entry of a registry's list makes no sense and is left out", {
        mount: this.#options.mount.name,
        entry: name,
        reason: revision,
      });
    else if (this.#told === LOGGED + 1)
      log.warn("further entries of a registry's list are left out; proxy mirror --status counts them", {
        mount: this.#options.mount.name,
      });
  }

  async #commit(
    said: readonly Said[],
    { silence, marks, isResumed = false }: Manner,
    catalog?: RegistryPage["catalog"],
  ): Promise<void> {
    const { index, mount } = this.#options;
    await this.#countChosen();
    const known = new Map(
      (await index.listed.known(mount.name, said)).map((each) => [`${each.name} ${each.version}`, each]),
    );
    const entries: Entry[] = [];
    const gone: Said[] = [];
    /** Releases that were listed by their package alone, whose document tells. */
    const unlisted: Said[] = [];
    for (const each of said) {
      const row = known.get(`${each.name} ${each.version}`);
      // The text of an odd entry may be the name of a package.
      const isOther = row !== undefined && each.state === "odd" && row.state !== "odd" && row.state !== "gone";
      const isNew = row && !isOther && marks ? marks.add(row.id) : true;
      if (each.state === "odd") {
        this.oddity ??= each.revision ?? "";
        if (isOther || (row?.state === "odd" && row.revision === each.revision)) continue;
        this.#tellOdd(each);
        entries.push(each);
        continue;
      }
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
        row.state === "odd" ||
        (each.isSilent ? silence === "news" && isNew && !isResumed : row.revision !== each.revision);
      if (!isNews) continue;
      const keepsOut =
        row && row.state !== "gone" && row.state !== "odd" ? row.state === "left" : !this.#isWanted(each);
      entries.push({ ...each, state: keepsOut ? "left" : "due" });
    }
    await this.#guard(gone.length);
    const ids = await this.#write({ entries, gone, unlisted, ...(catalog && { catalog }) });
    for (const id of ids) marks?.add(id);
    this.recordedAt = Date.now();
    this.recorded.seen += said.length;
    this.recorded.news += entries.filter(({ state }) => state === "due").length;
    this.recorded.gone += gone.length;
  }

  async #remove(page: readonly Known[]): Promise<void> {
    if (page.length === 0) return;
    await this.#write({ entries: [], gone: page, unlisted: [] });
    this.recorded.gone += page.length;
  }

  /** `unlisted`: releases that are gone and no row names. Returns the ids of the entries. */
  async #write({
    gone,
    unlisted,
    ...page
  }: Pick<RegistryPage, "entries" | "gone" | "catalog"> & { unlisted: readonly Said[] }): Promise<number[]> {
    const { index, mount, context, spec } = this.#options;
    const removals = spec.gone === "keep" ? [] : [...gone, ...unlisted].map((each) => removalOf(mount, each));
    const { ids, removing } = await index.commit("recordPage", {
      ...page,
      mount: mount.name,
      gone,
      removals,
      policy: spec.gone,
      now: context.now(),
    });
    await removeBlobs(context, removing);
    return ids;
  }

  /** Before `#isWanted`. */
  async #countChosen(): Promise<void> {
    const {
      mount,
      spec,
      index: { listed },
    } = this.#options;
    if (spec.limit === undefined || this.#chosen !== undefined) return;
    this.#chosen = (await countThere(listed, mount)) - ((await listed.byState(mount.name)).left ?? 0);
  }

  #isWanted({ name }: Pick<Entry, "name">): boolean {
    const { mount, spec } = this.#options;
    if (!this.#isChosen(formatPurl(mount.ecosystem, { name }))) return false;
    if (spec.limit === undefined) return true;
    const chosen = this.#chosen ?? 0;
    if (chosen >= spec.limit) return false;
    this.#chosen = chosen + 1;
    return true;
  }

  async #guard(count: number): Promise<void> {
    const refusal = await this.guard.refusal(count);
    if (refusal) throw refusal;
  }
}
