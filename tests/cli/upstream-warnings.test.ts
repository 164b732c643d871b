/** What the line of progress says of an upstream that does not answer. */
import { expect, test } from "bun:test";
import { fitted } from "#src/cli/report/progress-line.ts";
import { watchTrouble } from "#src/cli/report/upstream-warnings.ts";
import { emit, on } from "#src/contract/events.ts";

const asked = { mount: "npm", method: "GET", url: "https://a.example/x", milliseconds: 1 };

test("trouble is told from the first failed request on, with the time of the next attempt, until something comes", () => {
  const told = watchTrouble(on);
  expect(told(0)).toBe("");
  emit("upstream", { ...asked, error: "ENOTFOUND" });
  expect(told(0)).toBe("; a.example: ENOTFOUND");
  emit("upstream", { ...asked, error: "a.example cannot be reached" });
  expect(told(0)).toBe("; a.example cannot be reached");
  emit("postponed", { mount: "npm", reason: "a.example cannot be reached", until: 5_000 });
  expect(told(1_500)).toBe("; tries again in 4 s: a.example cannot be reached");
  expect(told(5_000)).toBe("; a.example cannot be reached");
  emit("upstream", { ...asked, status: 404 });
  expect(told(0)).toBe("");
  emit("upstream", { ...asked, status: 503 });
  expect(told(0)).toBe("; a.example answers 503");
  emit("fetched", { mount: "npm", bytes: 1 });
  expect(told(0)).toBe("");
});

test("on a terminal it does not wrap", () => {
  expect(fitted("x".repeat(200), 60)).toHaveLength(59);
  expect(fitted("x".repeat(200))).toHaveLength(79);
  expect(fitted("short", 60)).toBe("short");
});
