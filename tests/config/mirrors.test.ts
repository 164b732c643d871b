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
  const unset = {
    purls: [],
    purls_file: [],
    sbom: [],
    lockfile: [],
    images: [],
    set: [],
    deps: "none" as const,
    platform: [],
    sources: true,
    max_size: 0,
    metadata_only: false,
    include: [],
    exclude: [],
    allow_shrink: false,
  };
  expect(mirrors).toEqual({
    web: {
      ...unset,
      schedule: "30 3 * * 1-5",
      timezone: "Europe/Berlin",
      lockfile: ["a/package-lock.json"],
      deps: "prod",
      max_size: 1_000_000_000,
    },
    "base-1.2": {
      ...unset,
      schedule: "@daily",
      purls: ["pkg:npm/a", "pkg:npm/b@1"],
      sbom: ["x.json", "y.xml"],
      sources: false,
    },
  });
});

test("scalars of a file are read as their texts, and lists may be one text with commas", async () => {
  const { all } = await load({
    all: {
      schedule: "@daily",
      registry: "npm",
      include: "@acme/*, left-*",
      exclude: [1],
      limit: "5",
      versions: "latest:2",
      since: "2026-01-31",
      prereleases: "false",
      metadata_only: true,
      platform: "linux-x64,py3.11+",
      max_size: 1000,
      gone: "purge",
    },
  });
  expect(all).toMatchObject({
    include: ["@acme/*", "left-*"],
    exclude: ["1"],
    limit: 5,
    versions: { latest: 2 },
    since: Date.UTC(2026, 0, 31),
    prereleases: false,
    metadata_only: true,
    platform: [{ os: "linux", arch: "x64", python: "3.11+" }],
    max_size: 1_000,
    gone: "purge",
  });
});

for (const [entry, reason] of [
  [{ purls: "pkg:npm/a" }, "mirrors.web.schedule"],
  [
    { schedule: "@daily" },
    "mirrors.web.purls (.*): expected something to mirror: at least one of purls, purls_file, sbom",
  ],
  [
    { schedule: "@daily", registry: "npm", purls: "pkg:npm/a" },
    "mirrors.web.registry = .npm. .*: means all of a registry",
  ],
  [
    { schedule: "@daily", purls: "pkg:npm/a", allow_shrink: true },
    "mirrors.web.allow_shrink = true .*: is of a registry; registry says which",
  ],
  [
    { schedule: "@daily", registry: "npm", names: "a", snapshot: "b" },
    "mirrors.web.names = .a. .*: names and snapshot both replace",
  ],
  [{ schedule: "@daily", registry: "npm", limit: 0 }, "mirrors.web.limit = 0 .*: expected a whole number, at least 1"],
  [{ schedule: "@daily", registry: "npm", limit: "many" }, "mirrors.web.limit = .many. .*: expected a whole number"],
  [
    { schedule: "@daily", registry: "npm", gone: "never" },
    "mirrors.web.gone = .never. .*: expected keep, hide or purge",
  ],
  [
    { schedule: "@daily", registry: "npm", prereleases: "perhaps" },
    "mirrors.web.prereleases .*: expected true or false",
  ],
  [
    { schedule: "@daily", registry: "npm", versions: "newest" },
    "mirrors.web.versions .*: .newest. chooses no versions",
  ],
  [{ schedule: "@daily", registry: "npm", since: "today" }, "mirrors.web.since .*: .today. is no date"],
  [{ schedule: "@daily", purls: "pkg:npm/a", platform: "amiga" }, "mirrors.web.platform .*: .amiga. is no platform"],
  [{ schedule: "@daily", purls: "pkg:npm/a", max_size: "3XB" }, "mirrors.web.max_size .*: expected a size"],
  [{ schedule: "@daily", purls: { a: 1 } }, "mirrors.web.purls .*: expected a list"],
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
