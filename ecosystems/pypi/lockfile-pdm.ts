import { z } from "zod";
import type { Entry, Lockfile } from "../../src/contract/lockfile.ts";
import { type Elsewhere, elsewhere } from "../shared/lockfiles/elsewhere.ts";
import { expectVersion } from "../shared/lockfiles/shape.ts";
import { readToml } from "../shared/lockfiles/toml.ts";
import { pythonItem } from "./lockfile-entry.ts";

/** Named by their file or, with static URLs, by their address. */
const files = z.array(z.looseObject({ hash: z.string().optional(), url: z.string().optional() }));
const schema = z.looseObject({
  metadata: z.looseObject({ lock_version: z.string(), files: z.record(z.string(), files).default({}) }),
  package: z
    .array(
      z.looseObject({
        name: z.string(),
        /** Folders whose version is computed have none. */
        version: z.string().optional(),
        files: files.optional(),
        git: z.string().optional(),
        hg: z.string().optional(),
        svn: z.string().optional(),
        bzr: z.string().optional(),
        path: z.string().optional(),
        url: z.string().optional(),
      }),
    )
    .default([]),
});
const ELSEWHERE = [
  ["git", "git"],
  ["hg", "git"],
  ["svn", "git"],
  ["bzr", "git"],
  ["path", "folder"],
  ["url", "url"],
] as const satisfies readonly [string, Elsewhere][];

/** https://pdm-project.org/en/latest/usage/lockfile/ */
export const pdmLock: Lockfile = {
  id: "pdm-lock",
  title: "pdm.lock (3, 4)",
  recognizes: (name, text) => name === "pdm.lock" || /^lock_version = /m.test(text),
  read(text) {
    const { package: packages, metadata } = readToml(text, schema);
    expectVersion("metadata.lock_version", metadata.lock_version, ["3", "4"]);
    return packages.map((each, index): Entry => {
      const { name, version } = each;
      const place = `package[${index}]`;
      const [key, kind] = ELSEWHERE.find(([of]) => each[of] !== undefined) ?? [];
      if (key) return elsewhere(version ? `${name}@${version}` : name, kind, each[key]!, place);
      if (!version) return { what: name, reason: "states no version", place };
      // Up to PDM 2.7, all files are listed together: `"click 8.1.3" = […]`.
      const listed = each.files ?? metadata.files[`${name} ${version}`] ?? [];
      const address = listed.find(({ url }) => url !== undefined)?.url;
      return pythonItem(
        name,
        version,
        listed.map(({ hash }) => hash),
        place,
        address === undefined ? undefined : { kind: "file", address },
      );
    });
  },
};
