/** Documents: what one leads to is there, and what is none, or not whole, is refused. */
import { describe, expect, test } from "bun:test";
import { classify } from "../../src/match.ts";
import type { Mount } from "../../src/mounts.ts";
import { read } from "../support/plugin.ts";
import { rewriteLaws } from "./rewriting.ts";
import { factsOf, kindOf, type Sample, type SampleFacts } from "./sample.ts";

const ERROR_PAGE = "<!DOCTYPE html>\n<html><head><title>502</title></head><body><h1>Bad gateway</h1></body></html>\n";
/** Cuts tried, spread over a document. */
const CUTS = 100;

export function documentLaws(mount: Mount, sample: Sample, facts: SampleFacts): void {
  const { route } = read(mount, sample);
  describe(`${sample.path} ${sample.mediaType ?? ""}`, () => {
    test("what it names has a route: files as they are held, of the same release, and documents", () => {
      for (const release of facts.releases)
        for (const { path, digest } of release.files ?? []) {
          const match = classify(mount.ecosystem, "GET", path, (name) => mount.upstreams.has(name));
          if (typeof match === "number") throw new Error(`${path} has no route`);
          const { route, params } = match;
          if (route.kind !== "artifact" && route.kind !== "metadata") throw new Error(`${path} is ${route.kind}`);
          if (route.kind === "metadata" && digest) expect([path, route.freshness]).toEqual([path, "immutable"]);
          const told = route.release?.(params);
          if (told) expect([path, told.name]).toEqual([path, release.name]);
          if (told?.version) expect([path, told.version]).toEqual([path, release.version]);
          expect(route.canonical?.(params) ?? path).toBe(path);
        }
      for (const path of facts.follow) expect([path, kindOf(mount, path)]).toEqual([path, "metadata"]);
    });
    test("dates are dates, digests are hex", () => {
      for (const { publishedAt, files = [] } of facts.releases) {
        if (publishedAt) expect(publishedAt.getTime()).toBeGreaterThan(0);
        for (const { digest } of files)
          if (digest) expect(digest).toMatch(/^(?:md5|sha1|sha256|sha512):[0-9a-f]+$|^h1:/);
      }
    });
    if (route.parse && sample.truncation !== "none") {
      test("cut off, it throws rather than state less", () => {
        for (const body of cuts(sample)) {
          const stated = attempt(() => factsOf(mount, { ...sample, body }));
          if (stated) expect([body.slice(-40), stated]).toEqual([body.slice(-40), facts]);
        }
      });
      test("an error page in its place throws", () => {
        expect(() => factsOf(mount, { ...sample, body: ERROR_PAGE })).toThrow();
      });
    }
    for (const variant of route.rewrite ? (route.variants ?? [""]) : []) rewriteLaws(mount, sample, variant, facts);
  });
}

function cuts({ body, truncation }: Sample): string[] {
  const step = Math.max(1, Math.floor(body.length / CUTS));
  const ends = Array.from({ length: Math.ceil(body.length / step) }, (_, i) => i * step);
  const insideLine = (end: number) => body[end - 1] !== "\n" && body[end] !== "\n" && end > 0;
  return ends.filter((end) => truncation !== "line" || insideLine(end)).map((end) => body.slice(0, end));
}

function attempt<T>(action: () => T): T | undefined {
  try {
    return action();
  } catch {
    return undefined;
  }
}
