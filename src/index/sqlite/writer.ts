import type { Database as Sqlite } from "bun:sqlite";
import { messageOf } from "../../lib/errors.ts";
import { log } from "../../lib/log.ts";

interface Write {
  run: () => void;
  done: () => void;
  failed: (error: unknown) => void;
}

/** Milliseconds in which writes gather before one transaction takes them all. */
const GATHER = 2;

/**
 * The one writer of a thread: writes gather for a moment and commit together, and each is acknowledged after the commit.
 * Where another thread or process is writing, it tries again without blocking the thread.
 */
export class Writer {
  readonly #sqlite: Sqlite;
  readonly #savepoint: { run(): unknown };
  readonly #release: { run(): unknown };
  #queue: Write[] = [];
  #running: Promise<void> | undefined;

  constructor(sqlite: Sqlite) {
    this.#sqlite = sqlite;
    this.#savepoint = sqlite.query("SAVEPOINT one");
    this.#release = sqlite.query("RELEASE one");
  }

  /**
   * Runs synchronous statements in the next transaction; resolves when it is committed. A throw undoes this write alone; where
   * another one of the batch throws, they run again.
   */
  write(run: () => void): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#queue.push({ run, done: resolve, failed: reject });
    this.#running ??= this.#flush();
    return promise;
  }

  /** Resolves when nothing is left to write. */
  async drain(): Promise<void> {
    while (this.#running) await this.#running;
  }

  async #flush(): Promise<void> {
    await Bun.sleep(GATHER);
    while (this.#queue.length > 0) {
      const batch = this.#queue;
      this.#queue = [];
      try {
        await this.#begin();
        if (this.#commitAll(batch)) continue;
        // One of them cannot be done: each by itself, so that it undoes no other.
        await this.#begin();
        this.#commit(batch);
      } catch (error) {
        this.#undo();
        for (const write of batch) write.failed(error);
      }
    }
    this.#running = undefined;
  }

  /** Nothing where the database was closed meanwhile: that undoes what was not committed. */
  #undo(): void {
    try {
      if (this.#sqlite.inTransaction) this.#sqlite.run("ROLLBACK");
    } catch (error) {
      log.debug("nothing was undone", { error: messageOf(error) });
    }
  }

  async #begin(): Promise<void> {
    for (let wait = 1; ; wait = Math.min(wait * 2, 32)) {
      try {
        this.#sqlite.run("PRAGMA busy_timeout = 0");
        this.#sqlite.run("BEGIN IMMEDIATE");
        return;
      } catch (error) {
        if ((error as { code?: string }).code !== "SQLITE_BUSY") throw error;
        await Bun.sleep(wait * (0.5 + Math.random()));
      } finally {
        this.#sqlite.run("PRAGMA busy_timeout = 10000");
      }
    }
  }

  /** False, and nothing is done, where one of them throws. */
  #commitAll(batch: Write[]): boolean {
    try {
      for (const write of batch) write.run();
    } catch {
      if (this.#sqlite.inTransaction) this.#sqlite.run("ROLLBACK");
      return false;
    }
    this.#sqlite.run("COMMIT");
    for (const write of batch) write.done();
    return true;
  }

  #commit(batch: Write[]): void {
    const outcomes = batch.map((write) => {
      this.#savepoint.run();
      try {
        write.run();
      } catch (error) {
        // A full disk ends the transaction, its savepoints and all other writes with it.
        if (!this.#sqlite.inTransaction) throw error;
        this.#sqlite.run("ROLLBACK TO one");
        this.#release.run();
        return () => write.failed(error);
      }
      this.#release.run();
      return write.done;
    });
    this.#sqlite.run("COMMIT");
    for (const outcome of outcomes) outcome();
  }
}
