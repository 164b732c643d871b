/** Says what is wrong with a configuration: the key, the value, where it came from, what is allowed. */
import type { z } from "zod";
import { type Key, matches } from "./keys.ts";
import { nearest } from "./nearest.ts";
import { refusalOf, refusalOfValue } from "./peer.ts";
import { type Collected, isTree } from "./sources.ts";
import { either } from "./values.ts";

type Issue = z.core.$ZodIssue;

/** The settings cannot be used. The message lists every problem, one a line. */
export class ConfigError extends Error {
  override name = "ConfigError" as const;
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(
      problems.length === 1
        ? problems[0]
        : `${problems.length} problems in the configuration:\n${problems.map((problem) => `  ${problem}`).join("\n")}`,
    );
    this.problems = problems;
  }
}

/** An issue in words; several for several unknown keys. */
export function explain(issue: Issue, { tree, origins }: Collected, keys: readonly Key[], file: string): string[] {
  let path = issue.path.map(String);
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((name) => {
      const key = [...path, name].join(".");
      const refusal = refusalOf(key);
      if (refusal) return `${key} (${file}): ${refusal}`;
      const meant = suggest([...path, name], keys);
      return `${key} (${file}): no such key${meant ? `; did you mean ${meant}?` : ""}`;
    });
  }
  // An item of a list that was written as one text.
  if (typeof at(tree, path.slice(0, -1)) === "string") path = path.slice(0, -1);
  const isSecret = keys.some(
    ({ path: of, meta }) => meta.secret && matches({ path: of }, path.slice(0, of.split(".").length)),
  );
  const value = issue.code === "invalid_key" || isSecret ? undefined : at(tree, path);
  const origin = origins.get(path.join(".")) ?? file;
  return [
    `${path.join(".")}${value === undefined ? "" : ` = ${show(value)}`} (${origin}): ${refusalOfValue(path, at(tree, path)) ?? reason(issue)}`,
  ];
}

function reason(issue: Issue): string {
  switch (issue.code) {
    case "invalid_key":
      return `the name is not usable: ${issue.issues.map(reason).join("; ")}`;
    case "invalid_union":
      return "options" in issue && Array.isArray(issue.options)
        ? `expected ${either(issue.options.map(String))}`
        : (issue.errors.flat().map(reason).at(-1) ?? "not allowed");
    case "invalid_type":
      return issue.message.startsWith("expected")
        ? issue.message
        : `expected ${{ object: "keys and values", record: "keys and values", array: "a list" }[issue.expected as string] ?? issue.expected}`;
    case "too_small":
      return issue.origin === "array" ? "expected at least one" : issue.message;
    default:
      return issue.message;
  }
}

/** A neighbour with a similar name, a key of that name elsewhere, or a similar path. */
function suggest(path: readonly string[], keys: readonly Key[]): string | undefined {
  const parent = path.slice(0, -1);
  const name = path.at(-1)!;
  const neighbours = new Set<string>();
  for (const key of keys) {
    const names = key.path.split(".");
    if (names.length > parent.length && matches({ path: names.slice(0, parent.length).join(".") }, parent))
      neighbours.add(names[parent.length]!);
  }
  const near = nearest(name, neighbours);
  if (near) return [...parent, near].join(".");
  return (
    keys.find((key) => key.path.endsWith(`.${name}`))?.path ??
    nearest(
      path.join("."),
      keys.map((key) => key.path),
    )
  );
}

function at(tree: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (value, name) =>
      isTree(value) && Object.hasOwn(value, name)
        ? value[name]
        : Array.isArray(value)
          ? value[Number(name)]
          : undefined,
    tree,
  );
}

/** A value as a file would have it, shortened, without the passwords of URLs. */
export function show(value: unknown): string {
  const text = (JSON.stringify(value) ?? "").replace(/\/\/[^/"@\s]+@/g, "//***@");
  return text.length > 200 ? `${text.slice(0, 199)}…` : text;
}
