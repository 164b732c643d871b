import { and, eq, gt, lte, min, ne, notInArray, or, sql } from "drizzle-orm";
import type { Task } from "../../contract/jobs.ts";
import { LONGEST_WAIT } from "../../lib/clock.ts";
import type { TaskRow } from "../rows.ts";
import type { Database } from "./open.ts";
import { placeholdersOf } from "./placeholders.ts";
import { tasks } from "./schema.ts";

/** What jobs have to do. Writes are to be called inside `writer.write`. */
export class Tasks {
  readonly #orm: Database["orm"];
  readonly #add;
  readonly #settle;

  constructor({ orm }: Pick<Database, "orm">) {
    this.#orm = orm;
    const { job, key, task, state, attempts, notBefore } = placeholdersOf(tasks);
    this.#add = orm
      .insert(tasks)
      .values({ job, key, task, state, attempts, notBefore } as never)
      .onConflictDoNothing()
      .prepare();
    this.#settle = orm
      .update(tasks)
      // As text: of a placeholder, drizzle would write null as JSON's.
      .set({ state, attempts, counted: sql`${sql.placeholder("counted")}` } as never)
      .where(eq(tasks.id, sql.placeholder("id")))
      .prepare();
  }

  /** A task that the job has already is not added again. */
  add(job: string, key: string, task: Task): void {
    this.#add.run({ job, key, task, state: "pending", attempts: 0, notBefore: 0 });
  }

  /** Those that were never put off, in the order in which they were added, after the one with this id. */
  after(job: string, id: number, limit: number): TaskRow[] {
    return this.#orm
      .select()
      .from(tasks)
      .where(and(eq(tasks.job, job), eq(tasks.state, "pending"), eq(tasks.notBefore, 0), gt(tasks.id, id)))
      .orderBy(tasks.id)
      .limit(limit)
      .all();
  }

  /** Those that were put off and are due. `underWay`: ids that are not. */
  due(job: string, now: number, limit: number, underWay: readonly number[]): TaskRow[] {
    return this.#orm
      .select()
      .from(tasks)
      .where(
        and(
          eq(tasks.job, job),
          eq(tasks.state, "pending"),
          gt(tasks.notBefore, 0),
          or(lte(tasks.notBefore, now), gt(tasks.notBefore, now + LONGEST_WAIT)),
          notInArray(tasks.id, [...underWay]),
        ),
      )
      .orderBy(tasks.notBefore)
      .limit(limit)
      .all();
  }

  /** When the first one that was put off is due; `undefined` where none was. */
  soonest(job: string): number | undefined {
    const [found] = this.#orm
      .select({ at: min(tasks.notBefore) })
      .from(tasks)
      .where(and(eq(tasks.job, job), eq(tasks.state, "pending"), gt(tasks.notBefore, 0)))
      .all();
    return found?.at ?? undefined;
  }

  count(job: string, state: TaskRow["state"]): number {
    const where = and(eq(tasks.job, job), eq(tasks.state, state));
    return this.#orm.select({ count: sql<number>`count(*)` }).from(tasks).where(where).get()?.count ?? 0;
  }

  settle(id: number, state: "complete" | "failed", attempts: number, counted: TaskRow["counted"]): void {
    this.#settle.run({ id, state, attempts, counted: counted && JSON.stringify(counted) });
  }

  postpone(id: number, attempts: number, notBefore: number): void {
    this.#orm.update(tasks).set({ attempts, notBefore }).where(eq(tasks.id, id)).run();
  }

  /** All that are settled are to be looked at again. */
  reopen(job: string): void {
    this.#orm
      .update(tasks)
      .set({ state: "pending", attempts: 0, notBefore: 0, counted: null })
      .where(and(eq(tasks.job, job), ne(tasks.state, "pending")))
      .run();
  }

  /** The mounts of all tasks of a job. */
  mounts(job: string): string[] {
    const mount = sql<string>`json_extract(${tasks.task}, '$.mount')`;
    return this.#orm
      .selectDistinct({ mount })
      .from(tasks)
      .where(eq(tasks.job, job))
      .all()
      .map((row) => row.mount);
  }

  /** Those that are complete say no more than the job does, once it has ended. */
  forget(job: string): void {
    this.#orm
      .delete(tasks)
      .where(and(eq(tasks.job, job), eq(tasks.state, "complete")))
      .run();
  }
}
