/**
 * What every ecosystem must hold to, whatever its protocol. Samples are real documents; each law that can apply to one is
 * asserted on it, and a plugin without a document that states facts is no plugin.
 */
import { describe, expect, test } from "bun:test";
import type { Ecosystem, Path } from "../src/ecosystem.ts";
import { documentLaws } from "./conformance/documents.ts";
import { type Case, caseLaws, pathLaws } from "./conformance/paths.ts";
import { pluginLaws } from "./conformance/plugin.ts";
import { factsOf, type Sample } from "./conformance/sample.ts";
import { mountOf } from "./support/plugin.ts";

export interface Conformance {
  upstreams: Record<string, string>;
  /** A package of which the samples tell, as written in PURLs. */
  name: string;
  samples: readonly Sample[];
  /** What requests mean, beside those for the samples and the files that these name. */
  cases?: readonly Case[];
}

export function conforms(ecosystem: Ecosystem, { upstreams, name, samples, cases = [] }: Conformance): void {
  const mount = mountOf(ecosystem, upstreams);
  const facts = samples.map((sample) => factsOf(mount, sample));
  const releases = facts.flatMap((each) => each.releases);
  const named = releases.flatMap(({ files = [] }) => files.map(({ path }) => path));
  const known = new Set<Path>([...cases, ...samples].map(({ path }) => path).concat(named));

  describe(`${ecosystem.id} conforms`, () => {
    test("some sample states releases", () => expect(releases.length).toBeGreaterThan(0));
    pluginLaws(mount, name, releases[0]?.version ?? "");
    caseLaws(mount, cases);
    pathLaws(mount, known);
    for (const [i, sample] of samples.entries()) documentLaws(mount, sample, facts[i]!);
  });
}
