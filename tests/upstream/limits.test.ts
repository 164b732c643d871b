import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { Limits, type Place, type Verdict } from "../../src/upstream/limits.ts";

const HOST = "registry.example";

/** Answers one request after the other, so many times. */
async function answers(limits: Limits, verdict: Verdict, times: number): Promise<void> {
  for (let time = 0; time < times; time++) (await limits.take(HOST)).leave(verdict);
}

/** As many places as there are. */
async function fill(limits: Limits): Promise<Place[]> {
  return Promise.all(Array.from({ length: limits.limit(HOST) }, () => limits.take(HOST)));
}

/** A round in which the host is as busy as it may be. */
async function round(limits: Limits, verdict: Verdict): Promise<void> {
  for (const place of await fill(limits)) place.leave(verdict);
}

describe("the limit", () => {
  test("grows to its maximum while answers are good, and no further", async () => {
    const limits = new Limits();
    expect(limits.limit(HOST)).toBe(8);
    for (let times = 0; times < 40; times++) {
      const before = limits.limit(HOST);
      await round(limits, "good");
      expect(limits.limit(HOST)).toBeGreaterThanOrEqual(before);
    }
    expect(limits.limit(HOST)).toBe(32);
  });
  test("stays where it is while it is not reached: that tells nothing", async () => {
    const limits = new Limits();
    await answers(limits, "good", 100);
    expect(limits.limit(HOST)).toBe(8);
  });
  test("is halved by a crowded host, once for all who were under way, and never below one", async () => {
    const limits = new Limits();
    await round(limits, "crowded");
    expect(limits.limit(HOST)).toBe(4);
    for (const left of [2, 1, 1, 1]) {
      await round(limits, "crowded");
      expect(limits.limit(HOST)).toBe(left);
    }
  });
  test("grows by about one a round after that", async () => {
    const limits = new Limits();
    await round(limits, "crowded");
    const seen: number[] = [];
    for (let times = 0; times < 40; times++) {
      const before = limits.limit(HOST);
      // Full all the time: who leaves is followed by another.
      const places = await fill(limits);
      for (let answer = 0; answer < before; answer++) {
        const next = limits.take(HOST);
        places.shift()?.leave("good");
        places.push(await next);
      }
      for (const place of places) place.leave(undefined);
      seen.push(limits.limit(HOST) - before);
    }
    expect(Math.max(...seen)).toBe(1);
    expect(limits.limit(HOST)).toBeGreaterThan(20);
  });
  test("of one host is not that of another", async () => {
    const limits = new Limits();
    await round(limits, "crowded");
    expect([limits.limit(HOST), limits.limit("other.example")]).toEqual([4, 8]);
    await fill(limits);
    (await limits.take("other.example")).leave("good");
  });
});

test("places are given in the order of asking, though the limit moves", async () => {
  const limits = new Limits(2);
  const order: number[] = [];
  await Promise.all(
    Array.from({ length: 100 }, async (_, number) => {
      const place = await limits.take(HOST);
      order.push(number);
      await Bun.sleep(0);
      place.leave(number % 7 === 0 ? "crowded" : "good");
    }),
  );
  expect(order).toEqual(Array.from({ length: 100 }, (_, number) => number));
});

test("whatever hosts answer: never more under way than allowed, everyone gets a place, and all are left in the end", async () => {
  const verdicts = fc.array(fc.constantFrom<Verdict>("good", "crowded", undefined), { minLength: 1, maxLength: 200 });
  await fc.assert(
    fc.asyncProperty(verdicts, fc.integer({ min: 1, max: 40 }), async (all, most) => {
      const limits = new Limits(most);
      let underWay = 0;
      let served = 0;
      await Promise.all(
        all.map(async (verdict) => {
          const place = await limits.take(HOST);
          underWay++;
          expect(underWay).toBeLessThanOrEqual(most);
          expect(limits.limit(HOST)).toBeWithin(1, most + 1);
          await Promise.resolve();
          underWay--;
          served++;
          place.leave(verdict);
        }),
      );
      expect([underWay, served]).toEqual([0, all.length]);
      // Nobody holds a place any more.
      expect(await fill(limits)).toHaveLength(limits.limit(HOST));
    }),
    { numRuns: 200 },
  );
});
