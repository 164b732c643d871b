import { z } from "zod";
import type { Lockfile } from "../../src/contract/lockfile.ts";
import { BadRequest } from "../../src/lib/errors.ts";
import { clip, workspaceMember } from "../shared/lockfiles/elsewhere.ts";
import { readJson } from "../shared/lockfiles/json.ts";
import { expectVersion } from "../shared/lockfiles/shape.ts";

const locked = z.looseObject({
  /** `Direct`, `Transitive`, `CentralTransitive`; `Project`: another one of the solution. */
  type: z.string(),
  resolved: z.string().optional(),
});
const schema = z.looseObject({
  version: z.number(),
  /** By target framework, with a runtime behind a slash where it adds some (`net8.0/linux-x64`), then by id. */
  dependencies: z.record(z.string(), z.record(z.string(), locked)),
});

/**
 * https://learn.microsoft.com/nuget/consume-packages/package-references-in-project-files#locking-dependencies. Its `contentHash` is
 * over what a package's signature covers: of the file, where it has none, and else of no bytes that anyone sends.
 */
export const packagesLock: Lockfile = {
  id: "packages-lock",
  title: "packages.lock.json (1, 2)",
  recognizes: (name, text) =>
    /^packages(?:\..+)?\.lock\.json$/.test(name) || (/"contentHash"\s*:/.test(text) && /"resolved"\s*:/.test(text)),
  *read(text) {
    const { version, dependencies } = readJson(text, schema);
    expectVersion("version", String(version), ["1", "2"]);
    for (const [framework, packages] of Object.entries(dependencies)) {
      for (const [id, { type, resolved }] of Object.entries(packages)) {
        const place = `dependencies["${framework}"].${id}`;
        if (type === "Project") yield workspaceMember(id, id, place);
        else if (!/^[\w.-]+$/.test(id)) throw new BadRequest(`${place}: "${clip(id)}" is no id of a package`);
        else if (!resolved || !/^\d+(?:\.\d+){0,3}(?:-[\w.-]+)?(?:\+[\w.-]+)?$/.test(resolved))
          throw new BadRequest(`${place}: "${clip(resolved ?? "")}" is no version of a package`);
        else yield { purl: { type: "nuget", name: id, version: resolved }, place };
      }
    }
  },
};
