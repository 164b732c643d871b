/**
 * Each parser, given documents that somebody made to stall it: a second and 64 MB for a megabyte of anything. The kit
 * (`conformance/documents.ts`) does the same with a few of 64 KB at each run of the tests. Here seeds that found something, and
 * `FUZZ=300 bun test tests/bounds/fuzz.test.ts` tries so many of each sample, for nights; what it finds names its seed.
 */
import { describe, test } from "bun:test";
import { checkBounds } from "../../src/conformance/documents.ts";
import { mountOf } from "../../src/conformance/setting.ts";
import { table } from "../ecosystems/samples.ts";

const MB = 1024 * 1024;
const BOUND = { characters: MB, time: 1_000, output: 64 * MB };
const numRuns = Number(process.env["FUZZ"] ?? 0);

/** `[ecosystem, path, seed]`: what was found before. */
const SEEDS: readonly [id: string, path: string, seed: number][] = [["maven", "/org/acme/lib/maven-metadata.xml", 1]];

for (const [ecosystem, { upstreams, samples }] of table)
  describe(ecosystem.id, () => {
    const mount = mountOf(ecosystem, upstreams);
    for (const sample of samples) {
      const seeds = SEEDS.filter(([id, path]) => id === ecosystem.id && path === sample.path);
      for (const [, , seed] of seeds)
        test(`${sample.path}: seed ${seed}`, () => checkBounds(mount, sample, BOUND, { seed, numRuns: 5 }), 60_000);
      if (numRuns > 0)
        test(`${sample.path}: ${numRuns} documents`, () => checkBounds(mount, sample, BOUND, { numRuns }), 3_600_000);
    }
  });
