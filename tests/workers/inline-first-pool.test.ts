import { expect, test } from "bun:test";
import { Crew, type CrewOptions } from "../../src/workers/inline-first-pool.ts";
import { Pool } from "../../src/workers/pool.ts";
import { failure } from "../support/engine.ts";

type Echo = Record<"echo", (input: unknown) => Promise<unknown>>;

function crew({ others, alone, keeps }: Partial<CrewOptions<Echo>> & { others: number }) {
  let [spawned, here] = [0, 0];
  const pool = new Pool<Echo>(Math.max(1, others), () => {
    spawned++;
    return new Worker(new URL("../support/workers/fragile.ts", import.meta.url).href);
  });
  const own: Echo = {
    echo: async (input) => {
      here++;
      await Bun.sleep(1);
      return input;
    },
  };
  const made = new Crew<Echo>({ own, pool, others, ...(alone !== undefined && { alone }), ...(keeps && { keeps }) });
  const echo = (count: number) => Promise.all(Array.from({ length: count }, (_, at) => made.run("echo", at)));
  return { echo, spawned: () => spawned, here: () => here, [Symbol.dispose]: () => made.close() };
}

test("work that is soon over starts no thread", async () => {
  using few = crew({ others: 2 });
  expect(await few.echo(20)).toEqual(Array.from({ length: 20 }, (_, at) => at));
  expect([few.spawned(), few.here()]).toEqual([0, 20]);
});

test("work that lasts is shared evenly with other threads", async () => {
  using long = crew({ others: 2, alone: 0 });
  expect(await long.echo(30)).toEqual(Array.from({ length: 30 }, (_, at) => at));
  expect([long.spawned(), long.here()]).toEqual([2, 10]);
});

test("where there is to be one thread, it is this one", async () => {
  using one = crew({ others: 0, alone: 0 });
  await one.echo(5);
  expect([one.spawned(), one.here()]).toEqual([0, 5]);
});

test("what would cost more to hand over stays in this thread, however long the work lasts", async () => {
  using some = crew({ others: 1, alone: 0, keeps: (_, input) => (input as number) < 10 });
  expect(await some.echo(12)).toEqual(Array.from({ length: 12 }, (_, at) => at));
  expect([some.spawned(), some.here()]).toEqual([1, 10]);
});

test("a task's own error is told as it is", async () => {
  const pool = new Pool<Echo>(1, () => new Worker(new URL("../support/workers/fragile.ts", import.meta.url).href));
  const failing = new Crew<Echo>({ own: { echo: () => Promise.reject(new Error("no room")) }, pool, others: 0 });
  expect(String(await failure(failing.run("echo", 1)))).toContain("no room");
});
