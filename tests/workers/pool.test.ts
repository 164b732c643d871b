import { expect, test } from "bun:test";
import { DigestMismatch, UpstreamFailed } from "../../src/lib/errors.ts";
import { Pool } from "../../src/workers/pool.ts";
import { failure } from "../support/engine.ts";

type Fragile = Record<"echo" | "die" | "dieOnce" | "fail" | "never", (input: unknown) => Promise<unknown>>;

function pool(size: number) {
  let spawned = 0;
  const made = new Pool<Fragile>(size, () => {
    spawned++;
    return new Worker(new URL("../support/workers/fragile.ts", import.meta.url).href);
  });
  return { run: made.run.bind(made), spawned: () => spawned, [Symbol.dispose]: () => made.close() };
}

test("threads start when they are needed, up to the size, and all tasks are answered", async () => {
  using some = pool(2);
  expect(some.spawned()).toBe(0);
  expect(await some.run("echo", 1)).toBe(1);
  expect(some.spawned()).toBe(1);
  expect(await Promise.all([1, 2, 3, 4, 5].map((value) => some.run("echo", value)))).toEqual([1, 2, 3, 4, 5]);
  expect(some.spawned()).toBe(2);
});

test("an error keeps its meaning over the boundary", async () => {
  using some = pool(1);
  const error = await failure(some.run("fail", undefined));
  expect(error).toBeInstanceOf(DigestMismatch);
  expect(error).toMatchObject({
    expected: "sha256:aa",
    found: "sha256:bb",
    message: expect.stringContaining("/a") as string,
  });
});

test("when a thread dies, another takes its tasks up", async () => {
  using some = pool(1);
  const flag = new Int32Array(new SharedArrayBuffer(4));
  const [first, second] = await Promise.all([some.run("dieOnce", { flag }), some.run("echo", "kept")]);
  expect([(first as { flag: Int32Array }).flag[0], second]).toEqual([1, "kept"]);
  expect(some.spawned()).toBe(2);
});

test("what is under way when the pool is closed fails, rather than never to end", async () => {
  const some = pool(1);
  const first = failure(some.run("never", undefined));
  some[Symbol.dispose]();
  expect(String(await first)).toContain("stopping");
});

test("a task that no thread survives fails, and the pool goes on", async () => {
  using some = pool(1);
  expect(await failure(some.run("die", undefined))).toBeInstanceOf(UpstreamFailed);
  expect(await some.run("echo", 1)).toBe(1);
});
