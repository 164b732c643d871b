import { z } from "zod";
import type { Lockfile } from "../../src/contract/lockfile.ts";
import { BadRequest } from "../../src/lib/errors.ts";
import { elsewhere, projectItself, workspaceMember } from "../shared/lockfiles/elsewhere.ts";
import { expectVersion } from "../shared/lockfiles/shape.ts";
import { readToml } from "../shared/lockfiles/toml.ts";
import { pythonItem } from "./lockfile-entry.ts";

const file = z.looseObject({ hash: z.string().optional() });
/** One of these is there. */
const source = z
  .looseObject({
    registry: z.string(),
    git: z.string(),
    url: z.string(),
    path: z.string(),
    directory: z.string(),
    editable: z.string(),
    virtual: z.string(),
  })
  .partial();
const schema = z.looseObject({
  version: z.number(),
  manifest: z.looseObject({ members: z.array(z.string()).default([]) }).optional(),
  package: z
    .array(
      z.looseObject({
        name: z.string(),
        /** Folders whose version is computed have none. */
        version: z.string().optional(),
        source,
        sdist: file.optional(),
        wheels: z.array(file).default([]),
        dependencies: z.array(z.looseObject({ name: z.string() })).default([]),
      }),
    )
    .default([]),
});
type Package = z.output<typeof schema>["package"][number];

/** https://docs.astral.sh/uv/concepts/projects/layout/#the-lockfile; its writer is uv's crate `uv-resolver`, `lock/mod.rs`. */
export const uvLock: Lockfile = {
  id: "uv-lock",
  title: "uv.lock (1)",
  recognizes: (name, text) =>
    name === "uv.lock" || (/^version = \d+$/m.test(text) && /^requires-python = /m.test(text)),
  *read(text) {
    const lock = readToml(text, schema);
    expectVersion("version", String(lock.version), ["1"]);
    const members = new Set(lock.manifest?.members);
    const names = new Set(lock.package.map(({ name }) => name));
    for (const [index, each] of lock.package.entries()) {
      const place = `package[${index}]`;
      const { registry } = each.source;
      const missing = each.dependencies.find(({ name }) => !names.has(name));
      if (missing)
        throw new BadRequest(`${place}: its dependency ${missing.name} is not in the file, which must be cut off`);
      if (registry === undefined || !each.version) yield asideOf(each, members.has(each.name), place);
      else if (!/^https?:/.test(registry)) yield elsewhere(label(each), "folder", registry, place);
      else {
        const hashes = [...(each.sdist ? [each.sdist] : []), ...each.wheels].map(({ hash }) => hash);
        yield pythonItem(each.name, each.version, hashes, place, { kind: "registry", address: registry });
      }
    }
  },
};

function label({ name, version }: Package): string {
  return version ? `${name}@${version}` : name;
}

function asideOf(each: Package, isMember: boolean, place: string) {
  const { git, url, path, directory, editable, virtual } = each.source;
  const folder = directory ?? editable ?? virtual;
  if (folder === ".") return projectItself(label(each), place);
  if (isMember) return workspaceMember(label(each), folder ?? "", place);
  if (git !== undefined) return elsewhere(label(each), "git", git, place);
  if (url !== undefined) return elsewhere(label(each), "url", url, place);
  if (path !== undefined) return elsewhere(label(each), "file", path, place);
  if (folder !== undefined) return elsewhere(label(each), "folder", folder, place);
  return { what: label(each), reason: "states no version or no source that is known here", place };
}
