/**
 * Reads a registry's catalog into rows, apart from the work that these are: a list of millions is recorded in seconds or
 * minutes, while downloads begin with its first page. What it knows is in the database, so that whoever comes next goes on.
 */

import type { Catalog, CatalogEvent, CatalogPage } from "../../contract/catalog.ts";
import { emit } from "../../contract/events.ts";
import type { FeedState } from "../../contract/jobs.ts";
import type { MaybePromise } from "../../index/port.ts";
import type { CatalogRow } from "../../index/rows.ts";
import { BadRequest, messageOf, NotFound, UpstreamFailed } from "../../lib/errors.ts";
import { log } from "../../lib/log.ts";
import { retryAt } from "../job/retry.ts";
import { Marks } from "./bit-set.ts";
import { countThere } from "./guard.ts";
import { namesIn, opened } from "./list-file.ts";
import type { UpstreamReader } from "./reader.ts";
import { type Manner, Recorder, type RecorderOptions } from "./record.ts";
import { SameList, Unchanged } from "./same-list.ts";

export interface FeedOptions extends RecorderOptions {
  reader: UpstreamReader;
  /** `keyOfFilters` of what is asked for now. */
  filters: string;
  /** Whether all that is held is looked at again. */
  isAnew: boolean;
  /** Milliseconds before what failed is tried again for the first time. Default: a second. */
  backoff?: number;
  /** Whether it may go on. Default: to its end. */
  mayGoOn?: () => MaybePromise<boolean>;
}

/** What reads a registry's catalog into rows, here or in another thread. */
export interface Feeding {
  readonly state: FeedState;
  /** Reads what there is, and goes on where it is to follow. Throws what keeps it from knowing what the registry has. */
  run(): Promise<void>;
}

/** Tries in a row without anything new before a look at upstream is given up; and lists, where the feed starts anew each time. */
const TRIES = 3;

/** Whoever ran the feed has ended: it is to do no more. */
class Stopped extends Error {}

export class Feed implements Feeding {
  readonly recorder: Recorder;
  readonly #options: FeedOptions;
  #phase: FeedState["phase"] = "following";
  #looks = 0;
  #before = 0;

  constructor(options: FeedOptions) {
    this.#options = options;
    this.recorder = new Recorder(options);
  }

  get state(): FeedState {
    const { recorded, recordedAt } = this.recorder;
    return { phase: this.#phase, looks: this.#looks, before: this.#before, recorded, recordedAt };
  }

  async run(): Promise<void> {
    const { spec, mount, index } = this.#options;
    try {
      await this.#begin();
      for (;;) {
        await this.#insist(spec.follow !== undefined);
        if (spec.follow === undefined) break;
        this.#enter("waiting");
        await this.#sleep(spec.follow);
        this.#lookAgain();
        await index.commit("reopenListed", { mount: mount.name, now: Date.now(), failed: "rested" });
      }
      this.#enter("done");
    } catch (error) {
      if (!(error instanceof Stopped)) throw error;
    }
  }

  #enter(phase: FeedState["phase"]): void {
    this.#phase = phase;
    this.#tell();
  }

  /** What is gone at once is counted anew. */
  #lookAgain(): void {
    this.recorder.guard.begin();
    this.#looks++;
    this.#tell();
  }

  #tell(): void {
    emit("feeding", { mount: this.#options.mount.name, state: this.state });
  }

  async #record(events: readonly CatalogEvent[], manner: Manner, checkpoint?: string): Promise<void> {
    await this.#require();
    await this.recorder.record(events, manner, checkpoint);
    this.#tell();
  }

  async #begin(): Promise<void> {
    const { mount, index, filters, isAnew } = this.#options;
    const { isOther } = await index.commit("beginFeed", { mount: mount.name, filters, isAnew, now: Date.now() });
    if (isOther || isAnew) await this.recorder.choose(filters);
    this.#before = (await index.listed.byState(mount.name)).due ?? 0;
  }

  /** Broken answers are asked for again, from where the last whole page was recorded. */
  async #insist(mayComeBack: boolean): Promise<void> {
    for (let tries = 0; ; tries++) {
      const before = (await this.#row()).checkpoint;
      try {
        return await this.#look();
      } catch (error) {
        if (error instanceof Stopped || error instanceof BadRequest) throw error;
        // A list that begins anew each time says again what it said.
        if ((await this.#row()).checkpoint !== before) tries = 0;
        const { mount, backoff } = this.#options;
        if (!mayPass(error) || tries + 1 >= TRIES) {
          if (!mayComeBack)
            throw new BadRequest(
              `${mount.name}: its list of packages cannot be read: ${messageOf(error)}. ${this.#ways()}`,
            );
          log.warn("a registry's changes cannot be read; they are asked for again later", {
            mount: mount.name,
            error: messageOf(error),
          });
          return;
        }
        const until = retryAt(tries, 0, backoff);
        emit("postponed", { mount: mount.name, reason: messageOf(error), until });
        await this.#sleep(until - Date.now());
        this.#lookAgain();
      }
    }
  }

  async #look(): Promise<void> {
    const { mount, spec, index } = this.#options;
    const { catalog } = mount.ecosystem;
    if (spec.names !== undefined) await this.#take(namesIn(spec.names, mount));
    else if (spec.snapshot !== undefined) {
      if (!catalog?.snapshot)
        throw new BadRequest(`${mount.name}: no snapshot stands in for its list. ${this.#ways()}`);
      await this.#list(pages(catalog.snapshot.read(opened(spec.snapshot))));
    } else if (!catalog?.list && !catalog?.changes) throw new NotFound(`${mount.ecosystem.id} offers none`);
    else await this.#follow(catalog);
    await index.commit("updateCatalog", { mount: mount.name, set: { caughtUpAt: Date.now() } });
  }

  /** A feed that starts anew is followed from a new list, which is compared with what is known. */
  async #follow(catalog: Catalog): Promise<void> {
    const { mount, index } = this.#options;
    for (let lists = 0; ; lists++) {
      const reason = await this.#read(catalog);
      if (reason === undefined) return;
      if (lists === TRIES)
        throw new BadRequest(
          `${mount.name}: its feed cannot go on from its own list, ${lists} times in a row: ${reason}`,
        );
      log.warn("a registry's feed starts anew: what it lists is compared with what is known", {
        mount: mount.name,
        reason,
      });
      await index.commit("updateCatalog", { mount: mount.name, set: { isListing: true, checkpoint: null } });
    }
  }

  /** The list, where it is to be read, and what happened since. The reason, where the feed starts anew. */
  async #read({ list, changes, resumes }: Catalog): Promise<string | undefined> {
    const { reader } = this.#options;
    const { isListing, checkpoint, size, validator } = await this.#row();
    // After a snapshot there is no checkpoint: the list is read once.
    if (list && (!changes || isListing || checkpoint === null)) {
      const from = resumes && size === 0 ? (checkpoint ?? undefined) : undefined;
      // Where a feed tells what changes, the list is read since it does not, and says where it goes on.
      const same = new SameList(changes ? null : validator);
      await this.#list(list(reader.unless(same), from), { isResumed: from !== undefined, same });
    }
    return changes && this.#changes(changes(reader, (await this.#row()).checkpoint ?? undefined));
  }

  /** The reason, where the feed starts anew. */
  async #changes(read: AsyncIterable<CatalogPage>): Promise<string | undefined> {
    this.#enter("following");
    for await (const { events, checkpoint } of read) {
      const resync = events.find((event) => event.type === "resync");
      if (resync) return resync.reason;
      await this.#record(events, { silence: "news" }, checkpoint);
    }
    await this.#require();
    return undefined;
  }

  async #list(
    read: AsyncIterable<{ events: readonly CatalogEvent[]; checkpoint?: string }>,
    { isResumed = false, same }: { isResumed?: boolean; same?: SameList } = {},
  ): Promise<void> {
    this.#enter("listing");
    const { mount, index } = this.#options;
    const marks = new Marks();
    const before = this.recorder.sound;
    // What a list does not state of its packages may change while it is the same.
    let isTold = !isResumed;
    try {
      for await (const { events, checkpoint } of read) {
        isTold &&= events.every((event) => event.type !== "changed" || event.revision !== undefined);
        await this.#record(events, { silence: "news", marks, isResumed }, checkpoint);
      }
    } catch (error) {
      if (!(error instanceof Unchanged)) throw error;
      return this.recorder.relist();
    }
    await this.#require();
    if (!isResumed) {
      if (this.recorder.sound === before) {
        const { oddity } = this.recorder;
        throw new BadRequest(
          `${mount.name}: the list that upstream sent names no package${oddity ? ` (its first entry makes no sense: ${oddity})` : ""}`,
        );
      }
      await this.recorder.compare(marks);
    }
    const there = await countThere(index.listed, mount);
    const validator = (isTold && same?.validator) || null;
    await index.commit("updateCatalog", { mount: mount.name, set: { isListing: false, size: there, validator } });
  }

  /** Names that somebody chose are no list: what is not among them is not gone. */
  async #take(read: AsyncIterable<readonly CatalogEvent[]>): Promise<void> {
    this.#enter("listing");
    for await (const events of read) await this.#record(events, { silence: "nothing" });
  }

  async #row(): Promise<CatalogRow> {
    return (await this.#options.index.catalogs.find(this.#options.mount.name))!;
  }

  #ways(): string {
    const { mount } = this.#options;
    const what = mount.ecosystem.catalog?.snapshot?.what;
    const snapshot = what ? `, --snapshot FILE (${what})` : "";
    return `What works without it: --names FILE (a name or package URL a line)${snapshot}, or package URLs under mirrors: in the configuration`;
  }

  async #require(): Promise<void> {
    if ((await this.#options.mayGoOn?.()) === false) throw new Stopped();
  }

  async #sleep(milliseconds: number): Promise<void> {
    const until = performance.now() + milliseconds;
    for (let left = milliseconds; left > 0; left = until - performance.now()) {
      await this.#require();
      await Bun.sleep(Math.min(left, 200));
    }
    await this.#require();
  }
}

/** What cannot be read was perhaps cut off on its way. */
function mayPass(error: unknown): boolean {
  return !(error instanceof NotFound) && !(error instanceof UpstreamFailed && !error.retryable);
}

async function* pages(
  events: AsyncIterable<readonly CatalogEvent[]>,
): AsyncGenerator<{ events: readonly CatalogEvent[] }> {
  for await (const each of events) yield { events: each };
}
