import { expect, test } from "bun:test";
import { loadConfig } from "../../src/config/load.ts";
import { isSchedule, isTimezone, nextTime } from "../../src/lib/schedule.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

async function load(mirrors: unknown) {
  const folder = await temporaryFolder();
  const file = `${folder.path}/proxy.yaml`;
  await Bun.write(file, Bun.YAML.stringify({ mirrors }));
  try {
    return loadConfig({ ecosystems: ["npm"], file }).config.mirrors;
  } finally {
    await folder.remove();
  }
}

test("what may stand in it, and what it is by default", async () => {
  const mirrors = await load({
    web: {
      schedule: "30 3 * * 1-5",
      timezone: "Europe/Berlin",
      lockfile: "a/package-lock.json",
      deps: "prod",
      max_size: "1GB",
    },
    "base-1.2": { schedule: "@daily", purls: "pkg:npm/a, pkg:npm/b@1", sbom: ["x.json", "y.xml"], sources: false },
  });
  expect(mirrors).toEqual({
    web: {
      schedule: "30 3 * * 1-5",
      timezone: "Europe/Berlin",
      lockfile: ["a/package-lock.json"],
      purls: [],
      set: [],
      deps: "prod",
      sources: true,
      max_size: 1_000_000_000,
    },
    "base-1.2": {
      schedule: "@daily",
      purls: ["pkg:npm/a", "pkg:npm/b@1"],
      sbom: ["x.json", "y.xml"],
      set: [],
      deps: "none",
      sources: false,
      max_size: 0,
    },
  });
});

for (const [entry, reason] of [
  [{ purls: "pkg:npm/a" }, "mirrors.web.schedule"],
  [{ schedule: "@daily" }, "mirrors.web = .* (.*): expected something to hold: at least one of purls"],
  [{ schedule: "every day", purls: "pkg:npm/a" }, 'mirrors.web.schedule = "every day" (.*): expected five fields'],
  [{ schedule: "0 0 31 2 *", purls: "pkg:npm/a" }, "mirrors.web.schedule"],
  [{ schedule: "@daily", timezone: "Mars/Base", purls: "pkg:npm/a" }, "mirrors.web.timezone .*: expected a time zone"],
  [{ schedule: "@daily", purls: "npm/a" }, "mirrors.web.purls.* is not a package URL"],
  [{ schedule: "@daily", purls: "pkg:npm/a", deps: "some" }, "mirrors.web.deps .*: expected none, prod or all"],
  [{ schedule: "@daily", purl: "pkg:npm/a" }, "mirrors.web.purl .*: no such key; did you mean mirrors.web.purls"],
] as const)
  test(`refused: ${JSON.stringify(entry)}`, async () => {
    expect(load({ web: entry })).rejects.toThrow(new RegExp(reason.replaceAll("(.*)", "\\(.*\\)")));
  });

test("schedules have five fields or a name, and come some day", () => {
  for (const text of [
    "* * * * *",
    "*/15 2,4 1-7 JAN mon",
    "@hourly",
    "@daily",
    "@weekly",
    "@monthly",
    "@yearly",
    "0 0 29 2 *",
  ])
    expect([text, isSchedule(text)]).toEqual([text, true]);
  for (const text of [
    "",
    "* * * *",
    "0 * * * * *",
    "60 * * * *",
    "@reboot",
    "@never",
    "0 0 31 2 *",
    "2030-01-01T00:00:00",
    "a b c d e",
  ])
    expect([text, isSchedule(text)]).toEqual([text, false]);
  expect([isTimezone("America/New_York"), isTimezone("UTC"), isTimezone("Nowhere/Town")]).toEqual([true, true, false]);
});

test("the hours of a schedule are those of its time zone, also when clocks change", () => {
  const at = (text: string) => Date.parse(text);
  expect(nextTime("30 3 * * *", "Europe/Berlin", at("2026-01-10T12:00:00Z"))).toBe(at("2026-01-11T02:30:00Z"));
  expect(nextTime("30 3 * * *", "Europe/Berlin", at("2026-07-10T12:00:00Z"))).toBe(at("2026-07-11T01:30:00Z"));
  // There is no half past two on that day: its first moment after two stands for it.
  expect(nextTime("30 2 * * *", "Europe/Berlin", at("2026-03-28T12:00:00Z"))).toBe(at("2026-03-29T01:00:00Z"));
});
