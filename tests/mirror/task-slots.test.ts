import { expect, test } from "bun:test";
import { Lanes } from "../../src/mirror/job/task-slots.ts";
import { failure } from "../support/engine.ts";

test("who waits is woken by each that ends, by time, and by what fails", async () => {
  const lanes = new Lanes(3);
  const [first, second, third] = [0, 1, 2].map(() => Promise.withResolvers<void>());
  for (const { promise } of [first!, second!, third!]) lanes.start(promise);
  expect([lanes.busy, lanes.free]).toEqual([3, 0]);

  first?.resolve();
  await lanes.next();
  expect([lanes.busy, lanes.free]).toEqual([2, 1]);

  await lanes.next(1);
  expect(lanes.busy).toBe(2);

  const drained = lanes.drain();
  second?.reject(new Error("the ledger is gone"));
  expect(await failure(drained)).toEqual(new Error("the ledger is gone"));
  expect(await failure(lanes.next())).toEqual(new Error("the ledger is gone"));

  third?.resolve();
  await Bun.sleep(0);
  expect(lanes.busy).toBe(0);
});
