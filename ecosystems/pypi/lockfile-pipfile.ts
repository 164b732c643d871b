import { z } from "zod";
import type { Lockfile } from "../../src/contract/lockfile.ts";
import { elsewhere } from "../shared/lockfiles/elsewhere.ts";
import { readJson } from "../shared/lockfiles/json.ts";
import { expectVersion, shaped } from "../shared/lockfiles/shape.ts";
import { pythonItem } from "./lockfile-entry.ts";

const meta = z.looseObject({
  _meta: z.looseObject({
    "pipfile-spec": z.number(),
    sources: z.array(z.looseObject({ name: z.string(), url: z.string() })).default([]),
  }),
});
/** By group (`default`, `develop`, or one of one's own), then by name. */
const groups = z.record(
  z.string(),
  z.record(
    z.string(),
    z.looseObject({
      version: z.string().optional(),
      hashes: z.array(z.string()).default([]),
      index: z.string().optional(),
      git: z.string().optional(),
      path: z.string().optional(),
      file: z.string().optional(),
    }),
  ),
);

/** https://pipenv.pypa.io/en/latest/pipfile.html; its writer is Pipenv's `utils/locking.py`. */
export const pipfileLock: Lockfile = {
  id: "pipfile-lock",
  title: "Pipfile.lock (6)",
  recognizes: (name, text) => name === "Pipfile.lock" || /"pipfile-spec"\s*:/.test(text),
  *read(text) {
    const tree = readJson(text, z.record(z.string(), z.unknown()));
    const { _meta: head } = shaped(tree, meta);
    expectVersion("_meta.pipfile-spec", String(head["pipfile-spec"]), ["6"]);
    const addresses = new Map(head.sources.map(({ name, url }) => [name, url]));
    const { _meta: _, ...rest } = tree;
    for (const [group, packages] of Object.entries(shaped(rest, groups))) {
      for (const [name, { version, hashes, index, git, path, file }] of Object.entries(packages)) {
        const place = `${group}.${name}`;
        const [, pinned] = /^={2,3}\s*([\w.!+-]+)$/.exec(version ?? "") ?? [];
        if (git !== undefined) yield elsewhere(name, "git", git, place);
        else if (path !== undefined) yield elsewhere(name, "folder", path, place);
        else if (file !== undefined) yield elsewhere(name, /^https?:/.test(file) ? "url" : "file", file, place);
        else if (!pinned) yield { what: name, reason: `states no single version (${version ?? "none"})`, place };
        else {
          // What its project does not ask for itself is from the first source, unless only another has it.
          const address = index ? (addresses.get(index) ?? index) : head.sources[0]?.url;
          yield pythonItem(name, pinned, hashes, place, address ? { kind: "registry", address } : undefined);
        }
      }
    }
  },
};
