/**
 * What every ecosystem must hold to, whatever its protocol. Samples are real documents; each law that can apply to one is
 * checked on it, and a plugin without a document that states facts is no plugin. The tests of this repository and
 * `proxy plugin check` hold plugins to the same.
 */
import type { Ecosystem, Path } from "../contract/ecosystem.ts";
import { documentLaws } from "./documents.ts";
import { type Law, must } from "./law.ts";
import { type Case, caseLaws, pathLaws } from "./paths.ts";
import { pluginLaws } from "./plugin.ts";
import { factsOf, type Sample } from "./sample.ts";
import { mountOf } from "./setting.ts";

export interface Conformance {
  upstreams: Readonly<Record<string, string>>;
  /** A package of which the samples tell, as written in PURLs. */
  name: string;
  samples: readonly Sample[];
  /** What requests mean, beside those for the samples and the files that these name. */
  cases?: readonly Case[];
}

/**
 * The laws as they apply to a plugin and its samples. `seed`: of the cases that are made up; default: another one each time.
 * Throws where a sample is not the document that its path says.
 */
export function* lawsOf(
  ecosystem: Ecosystem,
  { upstreams, name, samples, cases = [] }: Conformance,
  seed?: number,
): Iterable<Law> {
  const mount = mountOf(ecosystem, upstreams);
  const facts = samples.map((sample) => factsOf(mount, sample));
  const releases = facts.flatMap((each) => each.releases);
  const named = releases.flatMap(({ files = [] }) => files.map(({ path }) => path));
  const known = new Set<Path>([...cases, ...samples].map(({ path }) => path).concat(named));
  yield {
    name: "some sample states releases",
    check: () => must(releases.length > 0, "no parse of a sample gave a release"),
  };
  const runs = seed === undefined ? {} : { seed };
  yield* pluginLaws(mount, name, releases[0]?.version ?? "", runs);
  yield* caseLaws(mount, cases);
  yield* pathLaws(mount, known, runs);
  for (const [i, sample] of samples.entries()) yield* documentLaws(mount, sample, facts[i]!);
}
