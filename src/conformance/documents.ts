/** Documents: what one leads to is there, and what is none, or not whole, is refused. */
import fc from "fast-check";
import { pagesOf } from "../cache/documents/facts.ts";
import { INLINE } from "../cache/render/heavy.ts";
import type { Body, FileFacts, Release } from "../contract/ecosystem.ts";
import { classify } from "../mounts/match.ts";
import type { Mount } from "../mounts/mounts.ts";
import { type Bound, made, mustBeBounded } from "./hostile.ts";
import { always, type Law, must, same } from "./law.ts";
import { rewriteLaws, shownOf } from "./rewriting.ts";
import { factsOf, kindOf, type Sample, type SampleFacts } from "./sample.ts";
import { read, view } from "./setting.ts";

const ERROR_PAGE = "<!DOCTYPE html>\n<html><head><title>502</title></head><body><h1>Bad gateway</h1></body></html>\n";
/** Documents made of each sample. */
const RUNS = 4;
/** Milliseconds of processor time: real documents of that size take one to ten, what is worse than linear takes seconds. */
const AT_ONCE = 300;
const MOST = 64 * 1024 * 1024;
/** Cuts tried, spread over a document. */
const CUTS = 100;

export function* documentLaws(mount: Mount, sample: Sample, facts: SampleFacts): Iterable<Law> {
  const { route } = read(mount, sample);
  const of = [sample.path, sample.mediaType].filter(Boolean).join(" ");
  yield {
    name: `${of}: what it names has a route: files as they are held, of the same release, and documents`,
    check: () => {
      for (const release of facts.releases) for (const file of release.files ?? []) checkFile(mount, release, file);
      for (const path of facts.follow) same(kindOf(mount, path), "metadata", `the kind of ${path}`);
    },
  };
  if (route.reads)
    yield {
      name: `${of}: what is read together with it are documents of this mount, none of them packed`,
      check: () => {
        for (const seen of [undefined, view(), view({ offline: true, admits: () => false })])
          for (const path of read(mount, sample, seen).others) {
            // Whether this mount has the upstream of it is another matter.
            const match = classify(mount.ecosystem, "GET", path);
            const route = typeof match === "number" ? undefined : match.route;
            same(route?.kind, "metadata", `the kind of ${path}`);
            must(route?.kind === "metadata" && !route.packed, `${path} is packed`);
          }
      },
    };
  yield {
    name: `${of}: dates are dates, digests are hex`,
    check: () => {
      for (const { publishedAt, version, files = [] } of facts.releases) {
        if (publishedAt) must(publishedAt.getTime() > 0, `publishedAt of ${version} is ${String(publishedAt)}`);
        for (const { digest, path } of files) if (digest) mustBeDigest(digest, path);
      }
    },
  };
  if (route.parse && sample.truncation !== "none") {
    yield {
      name: `${of}: cut off, it throws rather than state less`,
      check: () => {
        for (const body of cuts(sample)) {
          const stated = attempt(() => factsOf(mount, { ...sample, body }));
          if (stated) same(stated, facts, `cut after ${shownEnd(body)}`);
        }
      },
    };
    yield {
      name: `${of}: an error page in its place throws`,
      check: () =>
        must(
          attempt(() => factsOf(mount, { ...sample, body: ERROR_PAGE })) === undefined,
          "a page of HTML was read as if it were the document",
        ),
    };
  }
  yield {
    name: `${of}: whatever it holds, it is read and rewritten at once`,
    check: () =>
      checkBounds(mount, sample, { characters: INLINE, time: AT_ONCE, output: MOST }, { seed: 1, numRuns: RUNS }),
  };
  for (const { before, entries } of sample.odd ?? [])
    for (const entry of entries)
      yield {
        name: `${of}: an entry that makes no sense is left out and told, and the rest stays: ${JSON.stringify(entry.slice(0, 80))}`,
        check: () => checkOdd(mount, sample, facts, { before, entry }),
      };
  for (const variant of route.rewrite ? (route.variants ?? [""]) : [])
    yield* rewriteLaws(mount, sample, variant, facts);
}

/** Reads and rewrites documents that are made of a sample. The counterexample has the seed by which it is found again. */
export function checkBounds(mount: Mount, sample: Sample, bound: Bound, runs: fc.Parameters<unknown>): void {
  const { route } = read(mount, sample);
  const { body: own } = sample;
  const text = typeof own === "string" ? own : Buffer.from(own).toString("latin1");
  const readers = [
    (body: string) => {
      const facts = route.parse?.(read(mount, { ...sample, body }).doc) ?? {};
      return lengthOf(pagesOf(facts, "https://registry.example/"));
    },
    (body: string) => lengthOf(route.rewrite?.(read(mount, { ...sample, body }, view()).doc, view())),
  ];
  always("made of the sample", () =>
    fc.assert(
      fc.property(made, (one) => {
        for (const reader of readers) mustBeBounded(reader, text, one, bound);
      }),
      runs,
    ),
  );
}

function lengthOf(given: ReturnType<typeof pagesOf> | Body | undefined): number {
  if (given === undefined) return 0;
  if (Array.isArray(given)) return given.reduce((sum, { page }) => sum + page.length, 0);
  return typeof given === "string" || given instanceof Uint8Array ? given.length : given.body.length;
}

function checkOdd(
  mount: Mount,
  sample: Sample,
  { releases, follow }: SampleFacts,
  { before, entry }: { before: string; entry: string },
): void {
  const { body } = sample;
  if (typeof body !== "string") throw new Error("an entry can be put into a text only, and the sample is none");
  const at = body.indexOf(before);
  must(at >= 0, `the sample has no ${JSON.stringify(before)}, before which the entry would stand`);
  const odd: Sample = { ...sample, body: `${body.slice(0, at)}${entry}${body.slice(at)}` };
  const found = factsOf(mount, odd);
  same(found.releases, releases, "what is stated of releases");
  same(found.follow, follow, "what it leads to");
  must(found.leftOut.length > 0, "nothing is told to be left out");
  const { route } = read(mount, sample);
  for (const variant of route.rewrite ? (route.variants ?? [""]) : [])
    same(shownOf(mount, odd, variant), shownOf(mount, sample, variant), `what clients see ${variant}`.trim());
}

function checkFile(mount: Mount, release: Release, { path, digest }: FileFacts): void {
  const match = classify(mount.ecosystem, "GET", path, (name) => mount.upstreams.has(name));
  if (typeof match === "number") throw new Error(`${path} has no route`);
  const { route, params } = match;
  if (route.kind !== "artifact" && route.kind !== "metadata")
    throw new Error(`${path} is ${route.kind}; expected artifact or metadata`);
  if (route.kind === "metadata" && digest) same(route.freshness, "immutable", `${path} has a digest; its freshness`);
  const told = route.release?.(params);
  if (told) same(told.name, release.name, `${path}: the name that its route tells`);
  if (told?.version) same(told.version, release.version, `${path}: the version that its route tells`);
  same(route.canonical?.(params) ?? path, path, `${path}: its one spelling`);
}

export function mustBeDigest(digest: string, of: string): void {
  must(
    /^(?:md5|sha1|sha224|sha256|sha384|sha512|blake2b256|blake2b512):[0-9a-f]+$|^h1:/.test(digest),
    `the digest of ${of} is ${digest}; expected ALGORITHM:hex`,
  );
}

function cuts({ body, truncation }: Sample): (string | Uint8Array)[] {
  const step = Math.max(1, Math.floor(body.length / CUTS));
  const ends = Array.from({ length: Math.ceil(body.length / step) }, (_, i) => i * step);
  const newline = typeof body === "string" ? "\n" : 10;
  const insideLine = (end: number) => body[end - 1] !== newline && body[end] !== newline && end > 0;
  return ends.filter((end) => truncation !== "line" || insideLine(end)).map((end) => body.slice(0, end));
}

function shownEnd(body: string | Uint8Array): string {
  return typeof body === "string" ? JSON.stringify(body.slice(-40)) : `${body.length} bytes`;
}

function attempt<T>(action: () => T): T | undefined {
  try {
    return action();
  } catch {
    return undefined;
  }
}
