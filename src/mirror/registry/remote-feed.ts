/** A feed that another thread runs, as who works on what it finds sees it: lists of millions are not read where clients are served. */
import { on } from "../../contract/events.ts";
import type { FeedState, RegistrySpec } from "../../contract/jobs.ts";
import type { Feeding } from "./feed.ts";

/** What to read. Structured-cloneable. */
export interface FeedTask {
  spec: RegistrySpec;
  /** `keyOfFilters` of what is asked for now. */
  filters: string;
  /** Whether all that is held is looked at again. */
  isAnew: boolean;
  /** Whose pins end of packages that the filters leave out. */
  pinOwner?: number | undefined;
  /** Of the registry's turn (`JobStore.turn`): once it is over, the feed ends. */
  owner: string;
}

/** By mount: one job at a time works on each. */
const states = new Map<string, FeedState>();
on("feeding", ({ mount, state }) => void states.set(mount, state));

export class FeedElsewhere implements Feeding {
  readonly #task: FeedTask;
  readonly #thread: (task: FeedTask) => Promise<void>;
  #isOver = false;

  constructor(task: FeedTask, thread: (task: FeedTask) => Promise<void>) {
    this.#task = task;
    this.#thread = thread;
    states.delete(task.spec.mount);
  }

  get state(): FeedState {
    const state = states.get(this.#task.spec.mount) ?? BEFORE;
    // What it has just recorded may be here before the news of it.
    return this.#isOver ? state : { ...state, recordedAt: Date.now() };
  }

  async run(): Promise<void> {
    try {
      await this.#thread(this.#task);
    } finally {
      this.#isOver = true;
    }
  }
}

const BEFORE: FeedState = {
  phase: "following",
  looks: 0,
  before: 0,
  recorded: { seen: 0, news: 0, gone: 0 },
  recordedAt: 0,
};
