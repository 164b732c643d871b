import { z } from "zod";
import type { Entry } from "../../src/contract/lockfile.ts";
import { bundled, elsewhere } from "../shared/lockfiles/elsewhere.ts";
import { kindOf, npmEntry, splitDescriptor } from "./lockfile-entry.ts";

const located = z.looseObject({
  /** A version, or for what is from elsewhere or under another name, how it is asked for: `npm:other@1.0.0`, `file:../a`. */
  version: z.string().optional(),
  resolved: z.union([z.string(), z.literal(false)]).optional(),
  integrity: z.string().optional(),
  bundled: z.boolean().optional(),
  get dependencies() {
    return z.record(z.string(), located).optional();
  },
});
/** The shape of `dependencies` of lockfileVersion 1, by name; each has those that are installed in its own folder. */
export const tree = z.record(z.string(), located);
type Tree = z.output<typeof tree>;

/** `archive` is the package that what is bundled comes with. */
export function* entriesOfTree(dependencies: Tree, path = "", archive?: string): Iterable<Entry> {
  for (const [name, each] of Object.entries(dependencies)) {
    const place = `${path}dependencies["${name}"]`;
    const within = each.bundled ? archive : undefined;
    const kind = kindOf(each.version?.replace(/^npm:.*/s, "") ?? "");
    yield entryOf(name, each, within, place);
    yield* entriesOfTree(each.dependencies ?? {}, `${place}.`, within ?? (kind === "folder" ? undefined : name));
  }
}

function entryOf(alias: string, each: Tree[string], within: string | undefined, place: string): Entry {
  const { version: asked, resolved } = each;
  if (!asked) return { what: alias, reason: "was not found when the lockfile was written", place };
  const [name, version] = (asked.startsWith("npm:") && splitDescriptor(asked.slice("npm:".length))) || [alias, asked];
  if (within) return bundled(`${name}@${version}`, within, place);
  const kind = kindOf(version);
  if (kind) return elsewhere(name, kind, version, place);
  return npmEntry({ ...each, name, version, resolved: resolved || "" }, place);
}
