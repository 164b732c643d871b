/**
 * The mirror request: everything that a mirror job can be asked for, as one schema. The command line (`cli/request-flags.ts`), the
 * configuration (`config/mirrors.ts`) and the HTTP API (`http/api/mirror-fields.ts`) are renderings of it: each says which fields
 * it has and how it spells them; what a field may be and what it means stands here only. This folder opens no source and fetches
 * nothing, and imports neither the configuration nor the rest of `mirror/`: it is where these, HTTP and the command line meet.
 */
import { z } from "zod";
import { parsePurl } from "../../contract/purl.ts";
import { DURATION, parseDuration } from "../../lib/units.ts";
import { PLATFORM_SYNTAX, parsePlatforms } from "./platforms.ts";
import { bool, count, itemOf, many, read, size, text } from "./values.ts";
import { parseSince, parseVersions } from "./versions.ts";

/** A flag of the command line by which a field is set; `--no-…` sets it to false. */
interface Flag {
  /** `--include <glob...>`. */
  flag: string;
  /** What it means, where that is not what the field means. */
  describe?: string;
}

const flags = z.registry<{ heading: string; flags: readonly Flag[] }>();

const [SOURCES, FILTERS, REGISTRY, HOW] = ["Sources", "Filters", "A whole registry", "How"] as const;

const field = <T extends z.ZodType>(schema: T, description: string): T => schema.meta({ description });

function withFlags<T extends z.ZodType>(
  heading: string,
  schema: T,
  description: string,
  ...spelled: readonly (string | Flag)[]
): T {
  const described = field(schema, description);
  flags.add(described, { heading, flags: spelled.map((each) => (typeof each === "string" ? { flag: each } : each)) });
  return described;
}

/** Milliseconds between looks for changes where `--follow` states none. */
const INTERVAL = 5 * 60_000;
const SHORTEST_INTERVAL = 100;

const purl = () =>
  read("a package URL", (raw) => {
    parsePurl(raw);
    return raw;
  });
const files = () => many(text("a file"));
const interval = () =>
  z.preprocess(
    (raw) => (raw === true ? `${INTERVAL}ms` : raw === false ? undefined : raw),
    read(`${DURATION}, at least ${SHORTEST_INTERVAL}ms`, (raw) => {
      const milliseconds = parseDuration(raw);
      return milliseconds === undefined || milliseconds < SHORTEST_INTERVAL ? undefined : milliseconds;
    }).optional(),
  );
const DEPS: Readonly<Record<string, string>> = { true: "prod", false: "none" };

/** The fields, by their names in the configuration and in JSON. */
export const requestShape = {
  purls: field(many(purl()), "Package URLs."),
  purls_file: withFlags(
    SOURCES,
    files(),
    "Files of package URLs, one a line. A scheduled job reads its files anew for each run.",
    { flag: "--purls <file...>", describe: "Files of package URLs, one a line; - is standard input" },
  ),
  sbom: withFlags(SOURCES, files(), "CycloneDX or SPDX documents.", {
    flag: "--sbom <file...>",
    describe: "CycloneDX or SPDX documents; - is standard input",
  }),
  lockfile: withFlags(
    SOURCES,
    files(),
    "Lockfiles: the exact files that they name, checked against the digests that they state.",
    "--lockfile <file...>",
  ),
  images: withFlags(
    SOURCES,
    files(),
    "Lists of images (one reference a line), compose files or Kubernetes manifests.",
    {
      flag: "--images <file...>",
      describe: "Lists of images (one reference a line), compose files or Kubernetes manifests; - is standard input",
    },
  ),
  set: withFlags(SOURCES, many(text("a name")), "Names of recordings (`/@record/NAME/…`).", "--set <name...>"),
  deps: withFlags(
    SOURCES,
    z
      .preprocess(
        (raw) => DEPS[String(raw)] ?? raw,
        z.enum(["none", "prod", "all"], { error: "expected none, prod or all" }),
      )
      .prefault("none"),
    "Whether dependencies are mirrored too: `none`, `prod` (what an installer takes) or `all` (also all extras, features and development dependencies of what is named). With dependencies, a package URL without a version means the newest version, not all.",
    {
      flag: "--deps [which]",
      describe:
        "With dependencies: what an installer takes (prod), or also all extras, features and development dependencies of what is named (all). A package URL without a version then means the newest version, not all",
    },
  ),
  mount: withFlags(
    SOURCES,
    text("the name of a mount").optional(),
    "The mount for packages whose source names no registry, where several mounts serve an ecosystem.",
    "--mount <name>",
  ),
  platform: withFlags(
    FILTERS,
    z.preprocess((raw) => (Array.isArray(raw) ? raw.join(",") : raw), read("platforms", parsePlatforms)).prefault(""),
    `Only files for these platforms: ${PLATFORM_SYNTAX}.`,
    "--platform <list>",
  ),
  sources: withFlags(FILTERS, bool().prefault(true), "Whether source archives are mirrored beside built files.", {
    flag: "--no-sources",
    describe: "Without source archives, where a release also has built files",
  }),
  max_size: withFlags(
    FILTERS,
    size().prefault(0),
    "Files above this size are left out, where their index states sizes: `10MB`. 0: no limit.",
    "--max-size <size>",
  ),
  versions: withFlags(
    FILTERS,
    read("which versions", parseVersions).optional(),
    "Of packages without a version: `all` (default), `latest`, `latest:N` or a range (`vers:npm/>=1.0|<2`).",
    "--versions <which>",
  ),
  since: withFlags(
    FILTERS,
    read("a date", parseSince).optional(),
    "Of packages without a version only releases of that day or later, where their index states dates: `2026-01-31`.",
    "--since <date>",
  ),
  prereleases: withFlags(
    FILTERS,
    bool().optional(),
    "true: pre-releases count among the latest; false: no pre-releases. Unset: among the latest, where a package has nothing else.",
    { flag: "--prereleases", describe: "Count pre-releases among the latest" },
    { flag: "--no-prereleases", describe: "Without pre-releases" },
  ),
  metadata_only: withFlags(
    FILTERS,
    bool().prefault(false),
    "Only documents, without the files that they name.",
    "--metadata-only",
  ),
  registry: withFlags(
    REGISTRY,
    text("the name of a mount").optional(),
    "All packages of a registry, and later what changed in it: `npm`, `pypi` or the name of another mount. No other source is then named.",
    "--registry <name>",
  ),
  include: withFlags(
    REGISTRY,
    many(text("a glob")),
    "Of a registry only packages that match: `pkg:npm/@acme/*`, or by name alone `acme-*`.",
    "--include <glob...>",
  ),
  exclude: withFlags(REGISTRY, many(text("a glob")), "Of a registry no packages that match.", "--exclude <glob...>"),
  limit: withFlags(
    REGISTRY,
    count().optional(),
    "Of a registry at most this many packages, the first of its list.",
    "--limit <n>",
  ),
  names: withFlags(
    REGISTRY,
    text("a file").optional(),
    "File with the registry's packages, in place of its own list: a name or package URL a line.",
    "--names <file>",
  ),
  snapshot: withFlags(
    REGISTRY,
    text("a file").optional(),
    "The registry's list as a file, in place of fetching it (docs/mirroring.md).",
    "--snapshot <file>",
  ),
  gone: withFlags(
    REGISTRY,
    z.enum(["keep", "hide", "purge"], { error: "expected keep, hide or purge" }).optional(),
    "What happens to packages that the registry no longer has: `keep` them listed, `hide` them from lists (default), or `purge` them.",
    "--gone <policy>",
  ),
  allow_shrink: withFlags(
    REGISTRY,
    bool().prefault(false),
    "Continue although more than 2 % of a registry's packages are gone at once.",
    "--allow-shrink",
  ),
  follow: withFlags(
    REGISTRY,
    interval().optional(),
    "Look for changes again and again, every 5 minutes or as given.",
    "--follow [interval]",
  ),
  concurrency: field(
    count().optional(),
    "Downloads at a time, at most four times the configured `concurrency`. Default: as configured.",
  ),
  refresh: withFlags(
    HOW,
    bool().prefault(false),
    "Fetch documents anew, and check releases again that are stored completely.",
    "--refresh",
  ),
  strict: withFlags(
    HOW,
    bool().prefault(false),
    "Refuse an SBOM with malformed package URLs or hashes, instead of listing these.",
    "--strict",
  ),
  dry_run: withFlags(
    HOW,
    bool().prefault(false),
    "Only tell what would be fetched, with sizes where the index states them; store nothing. For a registry it is an estimate.",
    "--dry-run",
  ),
};

export type FieldName = keyof typeof requestShape;
export type MirrorRequest = z.output<z.ZodObject<typeof requestShape>>;
/** Those fields of a request that a rendering has, as far as they could be read. */
export type PartialRequest = Partial<MirrorRequest>;

/** Fields that name files; in the API they are documents. */
export const FILE_FIELDS = ["purls_file", "sbom", "lockfile", "images"] as const satisfies readonly FieldName[];
const SOURCE_FIELDS = ["purls", ...FILE_FIELDS, "set"] as const satisfies readonly FieldName[];
const REGISTRY_FIELDS = [
  "include",
  "exclude",
  "limit",
  "names",
  "snapshot",
  "gone",
  "allow_shrink",
  "follow",
] as const satisfies readonly FieldName[];

/** How a rendering spells a field: `--max-size`, `max_size`; `undefined` for one that it does not have. */
export type Spelling = (name: FieldName) => string | undefined;

/** Something wrong with a field. The message may name other fields, as each rendering spells them. */
export interface Problem {
  /** The field, and the place in its value: `["purls", 3]`. */
  path: readonly [field: string, ...place: PropertyKey[]];
  message: string | ((spelling: Spelling) => string);
}

export function messageFor({ message }: Problem, spelling: Spelling): string {
  return typeof message === "string" ? message : message(spelling);
}

/** The flags of a field, with the heading under which `--help` shows them. */
export function flagsOf(schema: z.ZodType): { heading: string; flags: readonly Required<Flag>[] } | undefined {
  const found = flags.get(schema);
  const meaning = (schema.meta()?.description ?? "").replaceAll("`", "").replace(/\.$/, "");
  return found && { heading: found.heading, flags: found.flags.map((flag) => ({ describe: meaning, ...flag })) };
}

/** What is wrong with an item of a list that is well-formed, by what only the caller knows: which mounts and recordings there are. */
export type ItemCheck = (field: string, item: string) => string | undefined;

/**
 * Reads every field by itself, so that all problems are found at once.
 */
export function readRequest<S extends Readonly<Record<string, z.ZodType>>>(
  shape: S,
  raw: Readonly<Record<string, unknown>>,
  check: ItemCheck = () => undefined,
): { request: { [K in keyof S]?: z.output<S[K]> }; problems: Problem[] } {
  const problems: Problem[] = Object.keys(raw)
    .filter((name) => !Object.hasOwn(shape, name))
    .map((name) => ({ path: [name], message: "there is no such field" }));
  const request: Record<string, unknown> = {};
  for (const [name, schema] of Object.entries(shape)) {
    const given = Object.hasOwn(raw, name) ? raw[name] : undefined;
    const found = schema.safeParse(given);
    if (found.success) request[name] = found.data;
    for (const { path, message } of found.error?.issues ?? []) problems.push({ path: [name, ...path], message });
    const isList = itemOf(schema) !== undefined && Array.isArray(given);
    const wrong = new Set((found.error?.issues ?? []).map(({ path: [at] }) => at));
    for (const [at, item] of isList ? (given as unknown[]).entries() : []) {
      const message = wrong.has(at) || typeof item !== "string" ? undefined : check(name, item);
      if (message !== undefined) problems.push({ path: [name, at], message });
    }
  }
  return { request: request as { [K in keyof S]?: z.output<S[K]> }, problems };
}

/** What a request's fields may not be together. */
export function contradictions(request: PartialRequest): Problem[] {
  const problems: Problem[] = [];
  const isGiven = (name: (typeof REGISTRY_FIELDS)[number]) => {
    const value = request[name];
    return Array.isArray(value) ? value.length > 0 : value !== undefined && value !== false;
  };
  const hasSources = SOURCE_FIELDS.some((name) => (request[name] ?? []).length > 0);
  const stray = REGISTRY_FIELDS.find(isGiven);
  if (request.registry !== undefined && hasSources)
    problems.push({ path: ["registry"], message: "means all of a registry; other sources need a job of their own" });
  else if (request.registry === undefined && stray !== undefined)
    problems.push({ path: [stray], message: (name) => `is of a registry; ${name("registry")} says which` });
  else if (request.registry === undefined && !hasSources)
    problems.push({
      path: ["purls"],
      message: (name) => {
        const names = [...SOURCE_FIELDS, "registry" as const].flatMap((each) => name(each) ?? []);
        return `expected something to mirror: at least one of ${[...new Set(names)].join(", ")}`;
      },
    });
  if (request.names !== undefined && request.snapshot !== undefined)
    problems.push({
      path: ["names"],
      message: (name) => `${name("names")} and ${name("snapshot")} both replace the registry's list; give one of them`,
    });
  return problems;
}
