/** One request, three renderings: each says the same of a field, and names it in its own words. */
import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { mirrorRequest, requireNone } from "../../../src/cli/request-flags.ts";
import { loadConfig } from "../../../src/config/load.ts";
import {
  fieldError,
  fieldsShape,
  fromTexts,
  type MirrorFields,
  readFields,
} from "../../../src/http/api/mirror-fields.ts";
import { messageOf } from "../../../src/lib/errors.ts";
import { refusals, specOf } from "../../../src/mirror/request/job-spec.ts";
import { contradictions, flagsOf, type PartialRequest, requestShape } from "../../../src/mirror/request/request.ts";
import { type Mount, makeMount } from "../../../src/mounts/mounts.ts";
import { ecosystems } from "../../../src/registry.generated.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

type Flags = Parameters<typeof mirrorRequest>[0]["flags"];

const mounts: Mount[] = ecosystems.map((ecosystem) =>
  makeMount((ecosystem.mount ?? `/${ecosystem.id}`).slice(1), ecosystem, { ttl: 1_000 }),
);
const PURL = "pkg:npm/left-pad@1.0.0";

/** What the command line says of it; nothing where nothing is wrong. */
function onCommandLine(args: readonly string[], flags: Flags): string {
  try {
    const request = mirrorRequest({ args, flags });
    requireNone([...contradictions(request), ...refusals(request, mounts)], { args, flags });
    return "";
  } catch (error) {
    return messageOf(error);
  }
}

async function inConfiguration(entry: Record<string, unknown>): Promise<string> {
  const folder = await temporaryFolder();
  const file = join(folder.path, "proxy.yaml");
  await Bun.write(file, Bun.YAML.stringify({ mirrors: { web: { schedule: "@daily", ...entry } } }));
  try {
    loadConfig({ ecosystems: ["npm"], file });
    return "";
  } catch (error) {
    return messageOf(error);
  } finally {
    await folder.remove();
  }
}

function overHttp(raw: Record<string, unknown>): { field: string; message: string }[] {
  const { fields, errors } = readFields(raw, () => undefined);
  const request = withoutDocuments(fields);
  const others = errors.length > 0 ? [] : [...contradictions(request), ...refusals(request, mounts)];
  return [...errors, ...others.map(fieldError)];
}

function withoutDocuments(fields: MirrorFields): PartialRequest {
  const { sbom: _, lockfile: _l, images: _i, no_sources = false, ...request } = fields;
  return { ...request, sources: !no_sources };
}

describe("a value that is wrong is told with its field, as each rendering spells it", () => {
  for (const [field, flag, value, message] of [
    ["gone", "gone", "never", "expected keep, hide or purge"],
    ["limit", "limit", "0", "expected a whole number, at least 1"],
    ["limit", "limit", "many", "expected a whole number, at least 1"],
    ["max_size", "max-size", "3XB", "expected a size: "],
    ["platform", "platform", "amiga", '"amiga" is no platform'],
    ["versions", "versions", "newest", '"newest" chooses no versions'],
    ["since", "since", "yesterday", '"yesterday" is no date'],
    ["deps", "deps", "some", "expected none, prod or all"],
  ] as const)
    test(`${field} ${value}`, async () => {
      const separator = flag === "deps" ? "=" : " ";
      const ofRegistry = field === "gone" || field === "limit" ? { registry: "npm" } : {};
      const args = "registry" in ofRegistry ? [] : [PURL];
      const shown = onCommandLine(args, { ...ofRegistry, [flag]: value });
      expect(shown).toStartWith(`--${flag}${separator}${value}: ${message}`);
      expect(await inConfiguration({ purls: args, ...ofRegistry, [field]: value })).toMatch(
        new RegExp(`^mirrors\\.web\\.${field} = "${value}" \\(.*\\): ${RegExp.escape(message)}`),
      );
      expect(overHttp({ purls: args, ...ofRegistry, [field]: value })).toEqual([
        { field, message: expect.stringContaining(message) as string },
      ]);
    });
});

describe("fields that contradict each other name the other one, too", () => {
  for (const [title, args, flags, entry, [shown, key, json]] of [
    [
      "a filter of registries without a registry",
      [PURL],
      { "allow-shrink": true },
      { purls: PURL, allow_shrink: true },
      [
        "--allow-shrink: is of a registry; --registry says which",
        "allow_shrink = true (",
        "is of a registry; registry says which",
      ],
    ],
    [
      "a registry and another source",
      [PURL],
      { registry: "npm" },
      { purls: PURL, registry: "npm" },
      ["--registry npm: means all of a registry", 'registry = "npm" (', "means all of a registry"],
    ],
    [
      "nothing at all",
      [],
      {},
      {},
      [
        "expected something to mirror: at least one of a package URL such as pkg:npm/lodash@4.17.21, --purls, --sbom,",
        "purls (",
        "expected something to mirror: at least one of purls, sbom, lockfile, images, set, registry",
      ],
    ],
  ] as const)
    test(title, async () => {
      expect(onCommandLine(args, flags)).toStartWith(shown);
      expect(await inConfiguration(entry)).toStartWith(`mirrors.web.${key}`);
      expect(overHttp(entry).map(({ message }) => message)).toEqual([expect.stringContaining(json) as string]);
    });
  test("two flags for one field", () => {
    expect(onCommandLine([PURL], { prereleases: true, "no-prereleases": true })).toBe(
      "--prereleases and --no-prereleases exclude each other",
    );
  });
});

test("what this installation does not have is refused in the words of who asks", () => {
  expect(onCommandLine([], { registry: "nope" })).toStartWith(
    "--registry nope: there is no such mount; expected cargo",
  );
  expect(onCommandLine([PURL], { mount: "nope" })).toStartWith("--mount nope: there is no such mount; expected cargo");
  expect(onCommandLine([], { registry: "npm", versions: "vers:pypi/>=1" })).toBe(
    "--versions vers:pypi/>=1: npm has no versions of pypi; expected vers:npm/…",
  );
  expect(onCommandLine([], { registry: "npm", names: "/absent", snapshot: "/absent" })).toBe(
    [
      "--names /absent: --names and --snapshot both replace the registry's list; give one of them",
      "--names /absent: there is no such file",
      "--snapshot /absent: there is no such file",
    ].join("\n"),
  );
  const unlisted = mounts.find(({ ecosystem: { catalog } }) => !catalog?.list && !catalog?.changes);
  if (unlisted) {
    expect(onCommandLine([], { registry: unlisted.name })).toContain("What works: --names FILE");
    expect(overHttp({ registry: unlisted.name })[0]?.message).not.toContain("--");
  }
});

test("the same request in every rendering makes the same job", async () => {
  const flags = {
    registry: "npm",
    include: ["@acme/*", "left-*"],
    exclude: ["*-old"],
    limit: "5",
    gone: "purge",
    "allow-shrink": true,
    versions: "latest:2",
    since: "2026-01-31",
    "no-prereleases": true,
    "metadata-only": true,
    platform: "linux-x64,py3.11+",
    "no-sources": true,
    "max-size": "10MB",
    deps: "all",
  };
  const keys = {
    registry: "npm",
    include: ["@acme/*", "left-*"],
    exclude: ["*-old"],
    limit: 5,
    gone: "purge",
    allow_shrink: true,
    versions: "latest:2",
    since: "2026-01-31",
    prereleases: false,
    metadata_only: true,
    platform: "linux-x64,py3.11+",
    max_size: "10MB",
    deps: "all",
  };
  const expected = {
    choice: { platforms: [{ os: "linux", arch: "x64", python: "3.11+" }], sources: false, maxSize: 10_000_000 },
    closure: "all" as const,
    refresh: false,
    registry: {
      mount: "npm",
      include: ["@acme/*", "left-*"],
      exclude: ["*-old"],
      gone: "purge" as const,
      mayShrink: true,
      limit: 5,
    },
    releases: { versions: { latest: 2 }, since: Date.UTC(2026, 0, 31), prereleases: false, metadataOnly: true },
  };
  expect(specOf(mirrorRequest({ args: [], flags }), mounts)).toEqual(expected);
  const folder = await temporaryFolder();
  const file = join(folder.path, "proxy.yaml");
  await Bun.write(file, Bun.YAML.stringify({ mirrors: { all: { schedule: "@daily", sources: false, ...keys } } }));
  expect(specOf(loadConfig({ ecosystems: ["npm"], file }).config.mirrors["all"]!, mounts)).toEqual(expected);
  await folder.remove();
  const texts = Object.entries({ no_sources: "", ...keys }).flatMap(([name, value]) =>
    [value].flat().map((each) => [name, String(each)] as const),
  );
  for (const raw of [{ no_sources: true, ...keys }, fromTexts(texts)]) {
    const { fields, errors } = readFields(raw, () => undefined);
    expect(errors).toEqual([]);
    expect(specOf(withoutDocuments(fields), mounts)).toEqual(expected);
  }
});

test("every field has a meaning, and a rendering", () => {
  const flags = new Set<string>();
  for (const [name, schema] of Object.entries(requestShape)) {
    expect([name, schema.meta()?.description]).toEqual([name, expect.stringMatching(/^\S.*\.$/s) as string]);
    const own = flagsOf(schema)?.flags ?? [];
    expect([name, own.length > 0 || name in fieldsShape]).toEqual([name, true]);
    for (const { flag } of own) {
      expect(flags.has(flag)).toBe(false);
      flags.add(flag);
    }
  }
});
