import { z } from "zod";
import type { Entry, Lockfile } from "../../src/contract/lockfile.ts";
import { BadRequest } from "../../src/lib/errors.ts";
import { bundled, clip, elsewhere, projectItself, workspaceMember } from "../shared/lockfiles/elsewhere.ts";
import { readJson } from "../shared/lockfiles/json.ts";
import { expectVersion } from "../shared/lockfiles/shape.ts";
import { isVersion, kindOf, npmItem, splitDescriptor } from "./lockfile-entry.ts";

/** `["name@1.0.0", registry, information, integrity]`; of those from elsewhere, no registry: `["name@git+…", information, …]`. */
const resolution = z.tuple([z.string()], z.unknown());
const schema = z.looseObject({
  lockfileVersion: z.number(),
  /** By folder; that of the project is empty. */
  workspaces: z.record(z.string(), z.looseObject({ name: z.string().optional() })),
  /** By where they are installed: `a`, `@scope/b`, `a/@scope/b`. */
  packages: z.record(z.string(), resolution).default({}),
});
type Packages = z.output<typeof schema>["packages"];

/** https://bun.sh/docs/pm/lockfile; its writer is Bun's `bun.lock.zig`. */
export const bunLock: Lockfile = {
  id: "bun-lock",
  title: "bun.lock (0, 1, 2)",
  recognizes: (name, text) =>
    name === "bun.lock" ||
    /^\s*\{\s*"lockfileVersion"\s*:\s*\d+,\s*(?:"configVersion"\s*:\s*\d+,\s*)?"workspaces"/.test(text),
  *read(text) {
    const { lockfileVersion, workspaces, packages } = readJson(text, schema, { trailingCommas: true });
    expectVersion("lockfileVersion", String(lockfileVersion), ["0", "1", "2"]);
    for (const [folder, { name = folder }] of Object.entries(workspaces)) {
      const place = `workspaces["${folder}"]`;
      yield folder === "" ? projectItself(name || "the project", place) : workspaceMember(name, folder, place);
    }
    const owners = new Map<string, string>();
    for (const key of Object.keys(packages)) yield* entriesOf(key, packages, owners);
  },
};

/** `owners` is of those that are bundled, as far as they are known. */
function* entriesOf(key: string, packages: Packages, owners: Map<string, string>): Iterable<Entry> {
  const place = `packages["${key}"]`;
  const [descriptor] = packages[key]!;
  const [name, asked] = splitDescriptor(descriptor) ?? [];
  if (!name || !asked)
    throw new BadRequest(`${place}: expected a name and a version such as a@1.0.0, found "${clip(descriptor)}"`);
  // Told already, by its folder.
  if (asked.startsWith("workspace:")) return;
  if (!isVersion(asked)) {
    yield elsewhere(name, kindOf(asked) ?? "unknown", asked, place);
    return;
  }
  const within = bundlerOf(key, packages, owners);
  const [, registry, , integrity] = packages[key]!;
  if (within) yield bundled(descriptor, within, place);
  else
    yield npmItem(
      name,
      asked,
      {
        integrity: typeof integrity === "string" ? integrity : "",
        // Empty for the default one.
        from: typeof registry === "string" && registry !== "" ? { kind: "file", address: registry } : undefined,
      },
      place,
    );
}

/** The package in whose archive it comes; none where the project or a member of its workspace bundles it. */
function bundlerOf(key: string, packages: Packages, owners: Map<string, string>): string | undefined {
  const path: string[] = [];
  let owner = key;
  while (owner !== "" && isBundled(packages[owner])) {
    path.push(owner);
    owner = owners.get(owner) ?? folderOf(owner);
  }
  for (const each of path) owners.set(each, owner);
  const [descriptor = ""] = packages[owner] ?? [];
  return owner === key || descriptor.includes("@workspace:") ? undefined : descriptor || undefined;
}

/** `a/@scope/b` → `a` → ``. */
function folderOf(key: string): string {
  const end = key.lastIndexOf("/");
  const start = key.lastIndexOf("/", end - 1);
  return key.slice(0, Math.max(0, key[start + 1] === "@" ? start : end));
}

function isBundled(each: Packages[string] | undefined): boolean {
  const information = each?.[2];
  return typeof information === "object" && information !== null && "bundled" in information;
}
