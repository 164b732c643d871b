import { z } from "zod";
import type { Entry, Lockfile } from "../../src/contract/lockfile.ts";
import { BadRequest } from "../../src/lib/errors.ts";
import { bundled, elsewhere, projectItself, workspaceMember } from "../shared/lockfiles/elsewhere.ts";
import { readJson } from "../shared/lockfiles/json.ts";
import { expectVersion } from "../shared/lockfiles/shape.ts";
import { npmEntry } from "./lockfile-entry.ts";
import { entriesOfTree, tree } from "./lockfile-npm-tree.ts";

const located = z
  .looseObject({
    /** Where it is not that of its folder: an alias. */
    name: z.string(),
    version: z.string(),
    resolved: z.union([z.string(), z.literal(false)]),
    integrity: z.string(),
    link: z.boolean(),
    inBundle: z.boolean(),
    workspaces: z.unknown(),
  })
  .partial();
type Located = z.output<typeof located>;
const schema = z.looseObject({
  name: z.string().optional(),
  /** Before npm 5, npm-shrinkwrap.json had none. */
  lockfileVersion: z.number().default(1),
  packages: z.record(z.string(), located).optional(),
  dependencies: tree.optional(),
});

/** https://docs.npmjs.com/cli/configuring-npm/package-lock-json; its writer is Arborist's `shrinkwrap.js`. */
export const packageLock: Lockfile = {
  id: "package-lock",
  title: "package-lock.json and npm-shrinkwrap.json (1, 2, 3)",
  recognizes: (name, text) =>
    /^(?:\.?package-lock|npm-shrinkwrap)\.json$/.test(name) ||
    (/^\s*\{/.test(text) && /"lockfileVersion"\s*:/.test(text)),
  *read(text) {
    const { name = "the project", lockfileVersion, packages, dependencies } = readJson(text, schema);
    expectVersion("lockfileVersion", String(lockfileVersion), ["1", "2", "3"]);
    if (lockfileVersion > 1 && packages) yield* entriesOf(packages, name);
    else if (lockfileVersion > 1)
      throw new BadRequest(`lockfileVersion is ${lockfileVersion}, but "packages" is missing`);
    else {
      yield projectItself(name, "name");
      yield* entriesOfTree(dependencies ?? {});
    }
  },
};

/** By folder: `node_modules/a/node_modules/@scope/b`, `packages/member`, `../beside`. */
type Packages = Readonly<Record<string, Located>>;

function* entriesOf(packages: Packages, project: string): Iterable<Entry> {
  const hasMembers = packages[""]?.workspaces !== undefined;
  for (const [folder, each] of Object.entries(packages)) {
    const place = `packages["${folder}"]`;
    const name = each.name ?? nameOf(folder);
    const { version, resolved, inBundle } = each;
    if (folder === "") yield projectItself(project, place);
    else if (each.link) {
      // What it leads to is an entry of its own.
      if (!(String(resolved) in packages)) yield elsewhere(name ?? folder, "folder", String(resolved), place);
    } else if (!nameOf(folder)) {
      const isMember = hasMembers && !folder.startsWith("..");
      yield isMember
        ? workspaceMember(name ?? folder, folder, place)
        : elsewhere(name ?? folder, "folder", folder, place);
    } else if (!name || !version)
      yield { what: name ?? folder, reason: "was not found when the lockfile was written", place };
    else {
      const within = inBundle && bundlerOf(folder, packages);
      if (within) yield bundled(`${name}@${version}`, within, place);
      else yield npmEntry({ ...each, name, version, resolved: resolved || "" }, place);
    }
  }
}

/** `node_modules/a/node_modules/@scope/b` → `@scope/b`. */
function nameOf(folder: string): string | undefined {
  const [, name] = /(?:^|\/)node_modules\/((?:@[^/]+\/)?[^/]+)$/.exec(folder) ?? [];
  return name;
}

function isInstalled(folder: string): boolean {
  return /(?:^|\/)node_modules\//.test(folder);
}

/** The package in whose archive it comes; none where the project or a member of its workspace bundles it, as these are no archives. */
function bundlerOf(folder: string, packages: Packages): string | undefined {
  let owner = folder;
  do owner = owner.slice(0, Math.max(0, owner.lastIndexOf("node_modules/") - 1));
  while (owner !== "" && packages[owner]?.inBundle);
  return isInstalled(owner) ? (packages[owner]?.name ?? nameOf(owner)) : undefined;
}
