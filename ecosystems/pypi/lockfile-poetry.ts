import { z } from "zod";
import type { Lockfile, Origin } from "../../src/contract/lockfile.ts";
import { clip, type Elsewhere, elsewhere } from "../shared/lockfiles/elsewhere.ts";
import { expectVersion } from "../shared/lockfiles/shape.ts";
import { readToml } from "../shared/lockfiles/toml.ts";
import { canonicalVersion, normalize, releaseOf } from "./distribution.ts";
import { pythonItem } from "./lockfile-entry.ts";

const files = z.array(z.looseObject({ file: z.string(), hash: z.string() }));
const schema = z.looseObject({
  package: z
    .array(
      z.looseObject({
        name: z.string(),
        version: z.string(),
        files: files.optional(),
        source: z
          .looseObject({ type: z.string(), url: z.string(), subdirectory: z.string().optional() })
          .partial()
          .optional(),
      }),
    )
    .default([]),
  metadata: z.looseObject({
    // Poetry 1.0 wrote none.
    "lock-version": z.string().default("1.0"),
    "content-hash": z.string(),
    files: z.record(z.string(), files).default({}),
  }),
});

const ELSEWHERE = new Map<string, Elsewhere>([
  ["git", "git"],
  ["directory", "folder"],
  ["file", "file"],
  ["url", "url"],
]);

/** https://python-poetry.org/docs/basic-usage/#installing-with-poetrylock; its writer is Poetry's `packages/locker.py`. */
export const poetryLock: Lockfile = {
  id: "poetry-lock",
  title: "poetry.lock (1, 2)",
  recognizes: (name, text) =>
    name === "poetry.lock" || (/^\[metadata\]$/m.test(text) && /^content-hash = /m.test(text)),
  *read(text) {
    const { package: packages, metadata } = readToml(text, schema);
    expectVersion("metadata.lock-version", metadata["lock-version"], ["1", "2"]);
    const byName = new Map(Object.entries(metadata.files).map(([name, of]) => [normalize(name), of]));
    // Where a package has no source it is from PyPI, which is told from the others only where there are others.
    const statesOthers = packages.some(({ source }) => source?.type === "legacy" && source.url);
    for (const [index, { name, version, source, files: own }] of packages.entries()) {
      const place = `package[${index}]`;
      const type = source?.type || "legacy";
      if (type !== "legacy") {
        const what = `${name}@${version}`;
        const kind = ELSEWHERE.get(type);
        if (kind) yield elsewhere(what, kind, source?.url ?? "", place);
        else yield { what, reason: `is from a source of a kind that is not known here: ${clip(type)}`, place };
        continue;
      }
      const listed = own ?? (byName.get(normalize(name)) ?? []).filter(({ file }) => isOf(file, name, version));
      const hashes = listed.map(({ hash }) => hash);
      const from: Origin | undefined = source?.url
        ? { kind: "registry", address: source.url }
        : statesOthers
          ? { kind: "default" }
          : undefined;
      yield pythonItem(name, version, hashes, place, from);
    }
  },
};

/** Up to Poetry 1.2, files are listed by name for all locked versions of it. */
function isOf(file: string, name: string, version: string): boolean {
  const stated = releaseOf(file, normalize(name)).version;
  return stated === "" || canonicalVersion(stated) === canonicalVersion(version);
}
