import { z } from "zod";
import type { Entry, Lockfile, Origin } from "../../src/contract/lockfile.ts";
import { BadRequest } from "../../src/lib/errors.ts";
import { elsewhere, projectItself, workspaceMember } from "../shared/lockfiles/elsewhere.ts";
import { expectVersion, shaped } from "../shared/lockfiles/shape.ts";
import { readYaml } from "../shared/lockfiles/yaml.ts";
import { isVersion, kindOf, npmItem, splitDescriptor } from "./lockfile-entry.ts";

/** What is depended on, by name: where it is among the packages, or its version there. */
const references = z.record(
  z.string(),
  z.union([z.string(), z.looseObject({ version: z.string() }).transform(({ version }) => version)]),
);
const dependent = z
  .looseObject({
    dependencies: references,
    devDependencies: references,
    optionalDependencies: references,
    configDependencies: references,
  })
  .partial();
const locked = dependent.extend({
  resolution: z
    .looseObject({
      /** None for what is from a registry, or an archive. */
      type: z.string(),
      integrity: z.string(),
      tarball: z.string(),
      repo: z.string(),
      commit: z.string(),
      directory: z.string(),
    })
    .partial(),
  name: z.string().optional(),
});
const schema = z.looseObject({
  lockfileVersion: z.string(),
  /** By folder. Version 5 and 6 have none where there is but one, whose dependencies are the document's. */
  importers: z.record(z.string(), dependent).optional(),
  packages: z.record(z.string(), locked).default({}),
  /** Since version 9, what packages depend on is here. */
  snapshots: z.record(z.string(), dependent).default({}),
  ...dependent.shape,
});
type Document = z.output<typeof schema>;

/** https://pnpm.io/git#lockfiles; its writer is pnpm's `lockfile/fs`. Since pnpm 11, a first document may have what pnpm itself needs. */
export const pnpmLock: Lockfile = {
  id: "pnpm-lock",
  title: "pnpm-lock.yaml (5, 6, 9)",
  recognizes: (name, text) => /^pnpm-lock(?:\..*)?\.yaml$/.test(name) || /^lockfileVersion: /m.test(text),
  *read(text) {
    const trees = readYaml(text);
    for (const [index, tree] of trees.entries()) {
      const document = shaped(tree, schema);
      expectVersion("lockfileVersion", document.lockfileVersion, ["5", "6", "9"]);
      refuseCutOff(document);
      if (index === trees.length - 1) yield* importersOf(document);
      for (const [key, each] of Object.entries(document.packages)) yield entryOf(key, each);
    }
  },
};

function* importersOf({ importers }: Document): Iterable<Entry> {
  const folders = new Set(Object.keys(importers ?? { ".": {} }));
  for (const folder of folders) {
    const place = `importers["${folder}"]`;
    yield folder === "." ? projectItself("the project", place) : workspaceMember(folder, folder, place);
    for (const [name, reference] of referencesOf(importers?.[folder] ?? {})) {
      const [, link] = /^link:(.*)$/s.exec(reference) ?? [];
      if (link !== undefined && !folders.has(joined(folder, link)))
        yield elsewhere(name, "folder", link, `${place}.${name}`);
    }
  }
}

/** A folder of the workspace, as another one names it; `..` above the root stays. */
function joined(folder: string, link: string): string {
  const parts: string[] = [];
  for (const part of `${folder}/${link}`.split("/")) {
    if (part === "" || part === ".") continue;
    if (part === ".." && parts.length > 0 && parts.at(-1) !== "..") parts.pop();
    else parts.push(part);
  }
  return parts.join("/") || ".";
}

/** pnpm calls it broken, too, when a package is missing that another needs. */
function refuseCutOff({ importers, packages, snapshots, ...root }: Document): void {
  if (!importers && root.lockfileVersion.startsWith("9"))
    throw new BadRequest("importers is missing, so the file must be cut off");
  const dependents = Object.entries({ ".": root, ...packages, ...snapshots, ...importers });
  for (const [key, each] of dependents) {
    for (const [name, at] of referencesOf(each)) {
      const keys = [at, `${name}@${at}`, `/${name}@${at}`, `/${name}/${at}`];
      if (!at.startsWith("link:") && !keys.some((each) => each in packages || each in snapshots))
        throw new BadRequest(`${key}: its dependency ${name} is not in the file, which must be cut off`);
    }
  }
}

function referencesOf(each: z.output<typeof dependent>): [name: string, reference: string][] {
  const { dependencies, devDependencies, optionalDependencies, configDependencies } = each;
  return [dependencies, devDependencies, optionalDependencies, configDependencies].flatMap((all) =>
    Object.entries(all ?? {}),
  );
}

function entryOf(key: string, { resolution, name: stated }: Document["packages"][string]): Entry {
  const place = `packages["${key}"]`;
  const [name, version] = releaseOf(key) ?? [];
  const { type, repo, commit, directory, tarball } = resolution;
  if (name && version && type === undefined) {
    // Up to version 6 keys have the host of a registry that is not the default one.
    const [, host] = /^([^@/]+)\//.exec(key) ?? [];
    const from: Origin | undefined =
      tarball !== undefined && /^https?:/.test(tarball)
        ? { kind: "file", address: tarball }
        : host
          ? { kind: "host", address: host.replaceAll("+", ":") }
          : undefined;
    return npmItem(name, version, { ...resolution, from }, place);
  }
  const what = stated ?? splitDescriptor(key)?.[0] ?? key;
  if (repo !== undefined) return elsewhere(what, "git", `${repo}#${commit ?? ""}`, place);
  if (directory !== undefined) return elsewhere(what, "folder", directory, place);
  if (tarball !== undefined) return elsewhere(what, kindOf(tarball) ?? "unknown", tarball, place);
  return elsewhere(what, "unknown", key, place);
}

/**
 * `@scope/name@1.0.0(peer@2.0.0)` since version 9, `/@scope/name@1.0.0(peer@2.0.0)` in 6, `/@scope/name/1.0.0_peer@2.0.0` in 5;
 * where a package is from another registry than most, its host stands before the slash. `undefined` for what is from elsewhere.
 */
function releaseOf(key: string): [name: string, version: string] | undefined {
  if (key.startsWith("file:")) return undefined;
  const [, name = "", version = ""] =
    /^(?:[^@/]*\/)?((?:@[^@/]+\/)?[^@/]+)@([^@/(_]+)(?:[(_].*)?$/s.exec(key) ??
    /^[^@/]*\/((?:@[^@/]+\/)?[^@/]+)\/([^@/(_]+)(?:[/_].*)?$/s.exec(key) ??
    [];
  return isVersion(version) ? [name, version] : undefined;
}
