import { expect, test } from "bun:test";
import { on } from "../../src/events.ts";
import { Breaker } from "../../src/upstream/breaker.ts";

const HOST = "registry.example";

test("five failures in a row open it; after ten seconds one is let through, whose success closes it", () => {
  const states: string[] = [];
  on("breaker", ({ host, state }) => states.push(`${host} ${state}`));
  const breaker = new Breaker();
  for (let failed = 0; failed < 4; failed++) breaker.failed(HOST, 0);
  breaker.admit(HOST, 0);
  breaker.failed(HOST, 0);
  expect(() => breaker.admit(HOST, 9_999)).toThrow("failed 5 times in a row");
  breaker.admit(HOST, 10_000);
  expect(() => breaker.admit(HOST, 10_001)).toThrow();
  breaker.failed(HOST, 10_002);
  expect(() => breaker.admit(HOST, 20_001)).toThrow();
  breaker.admit(HOST, 20_002);
  breaker.succeeded(HOST);
  breaker.admit(HOST, 20_003);
  breaker.admit("other.example", 0);
  expect(states).toEqual([`${HOST} open`, `${HOST} closed`]);
});

test("a success in between begins the count anew", () => {
  const breaker = new Breaker();
  for (let round = 0; round < 3; round++) {
    for (let failed = 0; failed < 4; failed++) breaker.failed(HOST, 0);
    breaker.succeeded(HOST);
  }
  breaker.admit(HOST, 0);
});
