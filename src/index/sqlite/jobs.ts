import { and, count, desc, eq, inArray, lt, ne, sql } from "drizzle-orm";
import type { JobSpec } from "../../contract/jobs.ts";
import type { Counts, FailureRow, JobRow, JobState } from "../rows.ts";
import type { Database } from "./open.ts";
import { placeholdersOf } from "./placeholders.ts";
import { failures, jobs, tasks } from "./schema.ts";

/** Mirror jobs and what they could not hold. Writes are to be called inside `writer.write`. */
export class Jobs {
  readonly #orm: Database["orm"];
  readonly #add;
  readonly #fail;

  constructor({ orm }: Pick<Database, "orm">) {
    this.#orm = orm;
    const plus = (name: keyof Counts) => sql`${jobs[name]} + ${sql.placeholder(name)}`;
    this.#add = orm
      .update(jobs)
      .set({
        total: plus("total"),
        completed: plus("completed"),
        skipped: plus("skipped"),
        failed: plus("failed"),
        bytes: plus("bytes"),
      })
      .where(eq(jobs.id, sql.placeholder("id")))
      .prepare();
    const { id: _, ...failure } = placeholdersOf(failures);
    this.#fail = orm.insert(failures).values(failure).prepare();
  }

  create(id: string, spec: JobSpec, createdAt: number): void {
    this.#orm.insert(jobs).values({ id, spec, createdAt, state: "reading", phase: "resolving" }).run();
  }

  find(id: string): JobRow | undefined {
    return this.#orm.select().from(jobs).where(eq(jobs.id, id)).get();
  }

  /** Newest first; those whose sources are still being read do not exist yet. `before`: an id, for the next page. */
  list({ before, limit, states }: { before?: string; limit: number; states?: readonly JobState[] }): JobRow[] {
    const wanted = states ?? ["pending", "running", "complete", "failed", "canceled"];
    return this.#orm
      .select()
      .from(jobs)
      .where(and(inArray(jobs.state, [...wanted]), before === undefined ? undefined : lt(jobs.id, before)))
      .orderBy(desc(jobs.id))
      .limit(limit)
      .all();
  }

  /** Of those that a server runs. */
  count(states: readonly JobState[]): number {
    const where = and(inArray(jobs.state, [...states]), eq(sql`json_extract(${jobs.spec}, '$.runBy')`, "server"));
    return this.#orm.select({ count: count() }).from(jobs).where(where).get()?.count ?? 0;
  }

  /** How many there are in each state. */
  byState(): { state: JobState; count: number }[] {
    return this.#orm.select({ state: jobs.state, count: count() }).from(jobs).groupBy(jobs.state).all();
  }

  /** The newest run of a standing job. */
  latest(standing: string): JobRow | undefined {
    return this.#orm
      .select()
      .from(jobs)
      .where(and(eq(sql`json_extract(${jobs.spec}, '$.standing')`, standing), ne(jobs.state, "reading")))
      .orderBy(desc(jobs.id))
      .limit(1)
      .get();
  }

  update(id: string, set: Partial<Pick<JobRow, "state" | "phase" | "startedAt" | "finishedAt" | "error">>): void {
    this.#orm.update(jobs).set(set).where(eq(jobs.id, id)).run();
  }

  /** Into another state, if it is in one of these; whether it was. */
  move(id: string, from: readonly JobState[], state: JobState, set: Partial<JobRow> = {}): boolean {
    const moved = this.#orm
      .update(jobs)
      .set({ ...set, state })
      .where(and(eq(jobs.id, id), inArray(jobs.state, [...from])))
      .returning({ id: jobs.id })
      .all();
    return moved.length > 0;
  }

  add(id: string, counts: Partial<Counts>): void {
    this.#add.run({ total: 0, completed: 0, skipped: 0, failed: 0, bytes: 0, ...counts, id });
  }

  /** All is counted anew. */
  reset(id: string): void {
    this.#orm
      .update(jobs)
      .set({ total: 0, completed: 0, skipped: 0, failed: 0, bytes: 0 })
      .where(eq(jobs.id, id))
      .run();
    this.#orm.delete(failures).where(eq(failures.job, id)).run();
  }

  /** With its tasks and failures. */
  remove(id: string): void {
    this.#orm.delete(tasks).where(eq(tasks.job, id)).run();
    this.#orm.delete(failures).where(eq(failures.job, id)).run();
    this.#orm.delete(jobs).where(eq(jobs.id, id)).run();
  }

  fail(failure: Omit<FailureRow, "id">): void {
    this.#fail.run(failure);
  }

  /** In order, after the one with this id. */
  failures(job: string, after: number, limit: number): FailureRow[] {
    return this.#orm
      .select()
      .from(failures)
      .where(and(eq(failures.job, job), sql`${failures.id} > ${after}`))
      .orderBy(failures.id)
      .limit(limit)
      .all();
  }

  /** What failed is to be tried again: its failures are forgotten, and nothing of it is counted any more. */
  retry(id: string): void {
    this.#orm.delete(failures).where(eq(failures.job, id)).run();
    const failed = and(eq(tasks.job, id), eq(tasks.state, "failed"));
    const counted = (name: "completed" | "skipped" | "bytes") =>
      sql<number>`coalesce(sum(json_extract(${tasks.counted}, ${`$.${name}`})), 0)`;
    const { completed, skipped, bytes } = this.#orm
      .select({ completed: counted("completed"), skipped: counted("skipped"), bytes: counted("bytes") })
      .from(tasks)
      .where(failed)
      .get()!;
    this.add(id, { completed: -completed, skipped: -skipped, bytes: -bytes });
    this.#orm
      .update(jobs)
      .set({ failed: 0, total: sql`${jobs.completed} + ${jobs.skipped}`, error: null, finishedAt: null })
      .where(eq(jobs.id, id))
      .run();
    this.#orm.update(tasks).set({ state: "pending", attempts: 0, notBefore: 0 }).where(failed).run();
  }
}
