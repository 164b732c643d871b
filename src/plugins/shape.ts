/** Whether what a file exports is an ecosystem: every key known, every function one, every value of its kind. */
import { z } from "zod";
import { nearest } from "../config/nearest.ts";
import type { PluginSource } from "../config/plugin-source.ts";
import { CONTRACT_CHANGES, CONTRACT_REVISION, type Ecosystem } from "../contract/ecosystem.ts";
import { CONTRACT_KEYS } from "./contract.generated.ts";
import { at } from "./lint.ts";

const words = z.array(z.string());
const path = z.string().startsWith("/");
const text = z.string().min(1);
const address = z
  .string()
  .regex(/^https?:\/\/[^/]+(?:\/.+)?(?<!\/)$/, "expected http(s)://HOST[/PATH], without a slash at its end");

/** Values of which more can be said than that they are there. */
const VALUES: Readonly<Record<string, z.ZodType>> = {
  title: text,
  spec: z.url(),
  mount: path,
  purlType: text,
  purlTypes: words,
  upstreams: z.record(z.string(), z.union([address, z.array(address).min(1)])),
  places: z.union(
    [z.record(z.string(), path), z.function()],
    "expected paths by the name of an upstream, or a function",
  ),
  options: z.record(z.string(), z.strictObject({ default: words, help: text })),
  roots: z.array(path),
  keepHeaders: z.array(z.string().lowercase("expected lowercase letters")),
  match: z.union([path, z.instanceof(RegExp)], "expected a path that starts with a slash, or a regular expression"),
  methods: z.array(z.enum(["GET", "HEAD", "POST", "PUT"])),
  query: z.union([words, z.function()], "expected names of parameters, or a function that knows them"),
  variants: words,
  accept: text,
  freshness: z.union([z.literal("immutable"), z.number().nonnegative()], 'expected seconds, or "immutable"'),
  status: z.literal([403, 404, 405, 410]),
  reason: text,
};

const FUNCTION = z.custom((found) => typeof found === "function", "expected a function");
const ANYTHING = z.unknown().refine((found) => found !== undefined, "is missing");

type Table = keyof typeof CONTRACT_KEYS;

/** A key that is not known is refused: a misspelt `rewrite` would show what is to be withheld. */
function objectOf(name: Table, values: Readonly<Record<string, z.ZodType>> = {}) {
  const known = Object.entries(CONTRACT_KEYS[name] as Readonly<Record<string, string>>);
  return z.strictObject(
    Object.fromEntries(
      known.map(([key, kind]) => {
        const schema = values[key] ?? (kind.startsWith("function") ? FUNCTION : (VALUES[key] ?? ANYTHING));
        return [key, kind.endsWith("?") ? schema.optional() : schema];
      }),
    ),
  );
}

const routeOf = (kind: string, name: Table) => objectOf(name, { kind: z.literal(kind) });
// A rewrite would get the packed bytes, and be told to admit everything.
const metadata = routeOf("metadata", "MetadataRoute").refine((route) => !route["packed"] || !route["rewrite"], {
  path: ["rewrite"],
  error: "a packed document goes out as it came; expected packed or rewrite, not both",
});

const ecosystem = objectOf("Ecosystem", {
  id: z.string().regex(/^[a-z][\da-z-]*$/, "expected lowercase letters, digits and -"),
  versions: objectOf("VersionScheme"),
  catalog: objectOf("Catalog"),
  lockfiles: z.array(objectOf("Lockfile")),
  routes: z
    .array(
      z.discriminatedUnion(
        "kind",
        [
          routeOf("artifact", "ArtifactRoute"),
          metadata,
          routeOf("derived", "DerivedRoute"),
          routeOf("passthrough", "PassthroughRoute"),
          routeOf("answer", "AnswerRoute"),
          routeOf("deny", "DenyRoute"),
        ],
        'expected "artifact", "metadata", "derived", "passthrough", "answer" or "deny"',
      ),
    )
    .min(1),
});

/** The one ecosystem of a file's exports, or what is wrong with them: `FILE:LINE: …`. */
export function ecosystemIn(
  source: PluginSource,
  exports: Readonly<Record<string, unknown>>,
): { ecosystem: Ecosystem } | { reasons: string[] } {
  const { file, id } = source;
  const found = [...new Set(Object.values(exports))].filter((each) => typeof each === "object" && each !== null);
  if (found.length !== 1)
    return {
      reasons: [`${file}: exports ${found.length} objects; expected one, the ecosystem: export const … : Ecosystem`],
    };
  const revision = (found[0] as { contract?: unknown }).contract;
  if (revision !== CONTRACT_REVISION)
    return { reasons: [`${placeOf(source, ["contract"])}: ${otherRevision(revision)}`] };
  const result = ecosystem.safeParse(found[0]);
  if (!result.success) return { reasons: result.error.issues.flatMap((issue) => explain(issue, source)) };
  const plugin = found[0] as Ecosystem;
  if (plugin.id !== id)
    return { reasons: [`${placeOf(source, ["id"])}: id = "${plugin.id}"; expected the name of the file, "${id}"`] };
  return { ecosystem: plugin };
}

function otherRevision(revision: unknown): string {
  if (typeof revision !== "number")
    return `contract = ${String(revision)}; expected ${CONTRACT_REVISION}, the revision of the contract that the file is written for`;
  if (revision > CONTRACT_REVISION)
    return `written for revision ${revision} of the contract; this executable has ${CONTRACT_REVISION}, and a newer one is needed`;
  const since = Object.entries(CONTRACT_CHANGES).filter(([of]) => Number(of) > revision);
  const changes = since.map(([of, what]) => `${of}: ${what}`).join("; ");
  return `written for revision ${revision} of the contract; this executable has ${CONTRACT_REVISION}. What changed: ${changes}`;
}

function explain(issue: z.core.$ZodIssue, source: PluginSource): string[] {
  const keys = issue.path.map((key) => (typeof key === "number" ? key : String(key)));
  if (issue.code !== "unrecognized_keys") {
    const reason = issue.code === "invalid_type" ? `expected ${issue.expected}` : issue.message;
    return [`${placeOf(source, keys)}: ${spell(keys)}: ${reason}`];
  }
  return issue.keys.map((key) => {
    const meant = nearest(key, new Set(Object.values<object>(CONTRACT_KEYS).flatMap((table) => Object.keys(table))));
    const hint = meant ? `; did you mean ${meant}?` : ", or not in this version";
    return `${placeOf(source, [...keys, key])}: the contract has no ${spell([...keys, key])}${hint}`;
  });
}

/** `routes[3].match`. */
function spell(keys: readonly (string | number)[]): string {
  return keys.map((key, i) => (typeof key === "number" ? `[${key}]` : i > 0 ? `.${key}` : key)).join("");
}

/** Where a key is written, as far as the text tells: a route by its `kind`. */
function placeOf({ file, texts }: PluginSource, keys: readonly (string | number)[]): string {
  const code = texts[file] ?? "";
  const index = keys.find((key) => typeof key === "number");
  const start = index === undefined ? 0 : (Array.from(code.matchAll(/\bkind\s*:\s*["']/g))[index]?.index ?? -1);
  if (start < 0) return file;
  const name = keys.findLast((key) => typeof key === "string");
  const own = name === undefined ? -1 : code.slice(start).search(new RegExp(`\\b${name}\\b\\s*[:(,]`));
  return at(file, code, own < 0 ? (index === undefined ? -1 : start) : start + own);
}
