import { expect, test } from "bun:test";
import { on } from "../../src/contract/events.ts";
import { Breaker } from "../../src/upstream/breaker.ts";
import { failure } from "../support/engine.ts";
import { passingTime } from "../support/passing-time.ts";

const PLACE = { mount: "m", host: "registry.example", kind: "document" };
const DAY = 86_400_000;
const LEFT = "failed 5 times in a row";

/** With no patience. */
const ask = (breaker: Breaker, path: string, place = PLACE) => breaker.admit(place, path, 0);
const isLeft = async (asked: Promise<boolean>) => String(await failure(asked)).includes("left alone for a moment");
const failing = (breaker: Breaker, isUnreachable: boolean, times = 5) => {
  for (let failed = 0; failed < times; failed++) breaker.failed(PLACE, `/bad${failed}`, isUnreachable);
};

test("paths that failed are left alone for ten seconds; others are asked once, and their success closes it", async () => {
  const states: string[] = [];
  on("breaker", ({ host, state }) => states.push(`${host} ${state}`));
  const breaker = new Breaker();
  failing(breaker, false, 4);
  expect(await ask(breaker, "/bad0")).toBe(false);
  breaker.failed(PLACE, "/bad4", false);
  expect(String(await failure(ask(breaker, "/bad0")))).toContain(LEFT);
  expect(await ask(breaker, "/good")).toBe(true);
  breaker.succeeded(PLACE);
  breaker.ended(PLACE);
  expect(await ask(breaker, "/bad0")).toBe(false);
  expect(states).toEqual(["registry.example open", "registry.example closed"]);
});

test("one probe is under way at a time; who has the patience waits for its end", async () => {
  const breaker = new Breaker();
  failing(breaker, false);
  expect(await ask(breaker, "/a")).toBe(true);
  expect(await isLeft(ask(breaker, "/b"))).toBe(true);
  const patient = ["/b", "/c"].map((path) => breaker.admit(PLACE, path, performance.now() + 5_000));
  breaker.failed(PLACE, "/a", false);
  breaker.ended(PLACE);
  expect(await Promise.race(patient)).toBe(true);
  breaker.succeeded(PLACE);
  breaker.ended(PLACE);
  expect(new Set(await Promise.all(patient))).toEqual(new Set([false, true]));
});

test("where no connection can be made all paths are left alone, and one is tried when the time is over, whatever the clock is set to", async () => {
  using time = passingTime();
  const breaker = new Breaker();
  failing(breaker, true);
  for (const by of [DAY, -2 * DAY]) {
    time.setClock(by);
    expect(await isLeft(ask(breaker, "/good"))).toBe(true);
  }
  time.pass(9_900);
  expect(await isLeft(ask(breaker, "/good"))).toBe(true);
  time.pass(101);
  expect(await ask(breaker, "/good")).toBe(true);
  expect(await isLeft(ask(breaker, "/other"))).toBe(true);
  breaker.failed(PLACE, "/good", true);
  breaker.ended(PLACE);
  expect(await isLeft(ask(breaker, "/other"))).toBe(true);
});

test("another mount, another host, another kind are other places", async () => {
  const breaker = new Breaker();
  failing(breaker, true);
  for (const other of [{ mount: "n" }, { host: "files.example" }, { kind: "artifact" }])
    expect(await ask(breaker, "/bad0", { ...PLACE, ...other })).toBe(false);
});

test("a success in between begins the count anew", async () => {
  const breaker = new Breaker();
  for (let round = 0; round < 3; round++) {
    failing(breaker, true, 4);
    breaker.succeeded(PLACE);
  }
  expect(await ask(breaker, "/a")).toBe(false);
});

test("one path that fails again and again opens nothing, unless no connection can be made", async () => {
  const breaker = new Breaker();
  for (let failed = 0; failed < 9; failed++) breaker.failed(PLACE, "/bad", false);
  expect(await ask(breaker, "/bad")).toBe(false);
  for (let failed = 0; failed < 5; failed++) breaker.failed(PLACE, "/bad", true);
  expect(await isLeft(ask(breaker, "/other"))).toBe(true);
});
