import { z } from "zod";
import type { Entry, Lockfile } from "../../src/contract/lockfile.ts";
import { BadRequest } from "../../src/lib/errors.ts";
import { withoutSlashes } from "../../src/lib/text-ends.ts";
import { clip, elsewhere, withoutCredentials } from "../shared/lockfiles/elsewhere.ts";
import { shaped } from "../shared/lockfiles/shape.ts";
import { readYaml } from "../shared/lockfiles/yaml.ts";

const locked = z.looseObject({
  name: z.string(),
  version: z.string(),
  /** An address, `@NAME` or `alias:NAME` of one that the client knows, `file://…`, `oci://…`; none for a folder in `charts/`. */
  repository: z.string().default(""),
});
type Locked = z.output<typeof locked>;
const schema = z.looseObject({
  dependencies: z.array(locked).default([]),
  /** Over the list of what was asked for; of no file. */
  digest: z.string(),
  generated: z.string(),
});

/** https://helm.sh/docs/helm/helm_dependency/; `requirements.lock` is the same of older charts. */
export const chartLock: Lockfile = {
  id: "chart-lock",
  title: "Chart.lock, requirements.lock",
  recognizes: (name, text) =>
    /^(?:Chart|requirements)\.lock$/.test(name) ||
    (/^dependencies:/m.test(text) && /^digest: sha256:/m.test(text) && /^generated:/m.test(text)),
  // rye and others have their pinned requirements in a file of the same name.
  isOfOthers: (text) => !/^(?:---|dependencies:|digest:|generated:|[{[])/m.test(text) && /\S/.test(text),
  *read(text) {
    const [document, ...more] = readYaml(text);
    if (more.length > 0) throw new BadRequest("it has several documents, and is no Chart.lock");
    for (const [at, each] of shaped(document, schema).dependencies.entries())
      yield entryOf(each, `dependencies[${at}]`);
  },
};

function entryOf({ name, version, repository: given }: Locked, place: string): Entry {
  const repository = withoutCredentials(given);
  const what = `${name}@${version}`;
  if (repository === "" || repository.startsWith("file:"))
    return elsewhere(what, "folder", repository || `charts/${name}`, place);
  const url = repository.replace(/^(?:@|alias:)/, "");
  if (!/^[\w.-]+$/.test(url) && !URL.canParse(url))
    throw new BadRequest(
      `${place}.repository: "${clip(repository)}" is neither an address nor the name of a repository`,
    );
  if (!/^[\w.-]+$/.test(name)) throw new BadRequest(`${place}.name: "${clip(name)}" is no name of a chart`);
  if (!/^v?\d+(?:\.\d+){0,2}(?:[-+][\w.+-]+)?$/.test(version))
    throw new BadRequest(`${place}.version: "${clip(version)}" is no version of a chart`);
  const registry = url.startsWith("oci://") ? withoutSlashes(url.slice("oci://".length)) : "";
  if (registry === "") return { purl: { type: "helm", name, version, qualifiers: { repository_url: url } }, place };
  // A tag has no plus.
  const tag = version.replaceAll("+", "_");
  return { purl: { type: "oci", name, version: tag, qualifiers: { repository_url: `${registry}/${name}` } }, place };
}
