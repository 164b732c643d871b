import { expect, test } from "bun:test";
import { MemoryLedger } from "../../src/mirror/job/ledger.ts";
import { passingTime } from "../support/passing-time.ts";

test("a postponed task is due when its time has passed, whatever the clock is set to meanwhile", async () => {
  using time = passingTime();
  const ledger = new MemoryLedger();
  await ledger.add([{ kind: "release", mount: "m", name: "a", version: "1.0.0" } as never]);
  const [taken] = ledger.take(1);
  await ledger.settle(taken!, { kind: "postponed", at: Date.now() + 60_000 });
  for (const by of [86_400_000, -2 * 86_400_000]) {
    time.setClock(by);
    expect(ledger.wait()).toBeWithin(59_000, 60_001);
    expect(ledger.take(1)).toEqual([]);
  }
  time.pass(60_001);
  expect([ledger.wait(), ledger.take(1).length]).toEqual([0, 1]);
});
