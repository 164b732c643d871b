/**
 * What every ecosystem must hold to, whatever its protocol. Samples are real documents; each law that can apply to one is
 * asserted on it, and a plugin without a document that states facts is no plugin.
 */
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { CONTRACT_REVISION, type Ecosystem, type Path, type ReleaseFacts } from "../src/ecosystem.ts";
import { classify, isPlain } from "../src/match.ts";
import { formatPurl, parsePurl } from "../src/purl.ts";
import { mountOf, read, type Source, view } from "./support/plugin.ts";

export interface Sample extends Source {
  /** Where the end of a document is not marked, only a cut inside a line can be noticed. Default: anywhere. */
  truncation?: "anywhere" | "line" | "none";
}

export interface Conformance {
  upstreams: Record<string, string>;
  /** A package of which the samples tell, as written in PURLs. */
  name: string;
  samples: readonly Sample[];
}

const HOSTILE = [
  "/../x",
  "/a/%2e%2e/b.tgz",
  "/a/..%2f..%2fetc/passwd",
  "/a%00/-/a.tgz",
  "/%zz",
  "/a\\b",
  "/a%5cb",
  "/a%252e%252e/b",
];
const UNITS = ["a/", "a-", "-1.", "%2f", "@a", "1.0-", "/@v/", "a.", "-SNAPSHOT/"];
/** Milliseconds for one pattern on two thousand characters. */
const STALL = 50;

export function conforms(ecosystem: Ecosystem, { upstreams, name, samples }: Conformance): void {
  const mount = mountOf(ecosystem, upstreams);
  const facts = (sample: Sample): ReleaseFacts[] => {
    const { route, doc } = read(mount, sample);
    return [...(route.parse?.(doc).releases ?? [])];
  };

  describe(`${ecosystem.id} conforms`, () => {
    test("contract, words for people, errors", () => {
      expect(ecosystem.contract).toBe(CONTRACT_REVISION);
      expect(ecosystem.title).not.toBe("");
      expect(URL.canParse(ecosystem.spec)).toBe(true);
      expect(ecosystem.setup("https://proxy.example/m")).toContain("https://proxy.example/m");
      expect(() => JSON.stringify(ecosystem.problem?.(404, 'no "x"'))).not.toThrow();
    });
    test.each(HOSTILE)("no route sees %p", (path) => expect(isPlain(path)).toBe(false));
    test("no pattern stalls", () => {
      for (const unit of UNITS) {
        const path: Path = `/${unit.repeat(2_000).slice(0, 2_000)}`;
        const started = performance.now();
        classify(ecosystem, "GET", path);
        expect([unit, performance.now() - started < STALL]).toEqual([unit, true]);
      }
    });
    test("names have one spelling, in PURLs too", () => {
      const identity = ecosystem.identity?.(name) ?? name;
      expect(ecosystem.identity?.(identity) ?? identity).toBe(identity);
      expect(parsePurl(formatPurl(ecosystem, { name: identity, version: "1.0.0" }))).toMatchObject({
        name: identity,
        version: "1.0.0",
      });
    });
    test("the order of versions is total and never throws", () => {
      const version = fc.oneof(fc.string(), fc.stringMatching(/^v?\d{1,3}(\.\d{1,3}){0,3}([-.+]?[a-z]{1,5}\d?)?$/));
      const { compare, isStable, satisfies } = ecosystem.versions;
      fc.assert(
        fc.property(version, version, version, (a, b, c) => {
          expect(compare(a, a)).toBe(0);
          expect(Math.sign(compare(a, b))).toBe(-Math.sign(compare(b, a)) + 0);
          if (compare(a, b) <= 0 && compare(b, c) <= 0) expect(compare(a, c)).toBeLessThanOrEqual(0);
          expect(typeof isStable(a)).toBe("boolean");
          expect(typeof satisfies(a, b)).toBe("boolean");
        }),
      );
    });
    test("the index, the files and the dates of a release are paths of its own", () => {
      const release = { name: ecosystem.identity?.(name) ?? name, version: samples.flatMap(facts)[0]?.version ?? "" };
      for (const path of ecosystem.index(release)) expect([path, kindOf(ecosystem, path)]).toEqual([path, "metadata"]);
      for (const { path } of ecosystem.files?.(release, [...mount.upstreams.keys()]) ?? [])
        expect(["metadata", "artifact"]).toContain(kindOf(ecosystem, path));
      const dated = ecosystem.datedBy?.(release);
      if (dated) expect(["metadata", "artifact"]).toContain(kindOf(ecosystem, dated));
    });
    test("some sample states releases", () => expect(samples.flatMap(facts).length).toBeGreaterThan(0));
    for (const sample of samples) documentLaws(ecosystem, sample, facts, mount);
  });
}

function documentLaws(
  ecosystem: Ecosystem,
  sample: Sample,
  facts: (sample: Sample) => ReleaseFacts[],
  mount: ReturnType<typeof mountOf>,
): void {
  const { route, doc } = read(mount, sample);
  const stated = route.parse ? facts(sample) : [];
  const files = stated.flatMap((release) => (release.files ?? []).map((file) => ({ release, file })));

  describe(`${sample.path} ${sample.mediaType ?? ""}`, () => {
    test("every file it names has a route, and of the same package; every document too", () => {
      for (const { release, file } of files) {
        const match = classify(ecosystem, "GET", file.path);
        if (typeof match === "number") throw new Error(`${file.path} has no route`);
        expect(["artifact", "metadata"]).toContain(match.route.kind);
        const told = "release" in match.route ? match.route.release?.(match.params) : undefined;
        if (told) expect([file.path, told.name]).toEqual([file.path, release.name]);
        if ("canonical" in match.route) expect(match.route.canonical?.(match.params) ?? file.path).toBe(file.path);
      }
      for (const path of route.parse?.(doc).follow ?? [])
        expect([path, kindOf(ecosystem, path)]).toEqual([path, "metadata"]);
    });
    if (route.parse && sample.truncation !== "none") {
      test("cut off, it throws rather than state less", () => {
        for (const share of [0.1, 0.4, 0.7, 0.95]) {
          let end = Math.floor(sample.body.length * share);
          while (sample.truncation === "line" && (sample.body[end - 1] === "\n" || sample.body[end] === "\n")) end++;
          if (end >= sample.body.length) continue;
          expect(() => [
            ...(route.parse?.(read(mount, { ...sample, body: sample.body.slice(0, end) }).doc).releases ?? []),
          ]).toThrow();
        }
      });
    }
    for (const variant of route.rewrite ? (route.variants ?? [""]) : []) rewriteLaws(sample, variant, stated, mount);
  });
}

function rewriteLaws(
  sample: Sample,
  variant: string,
  stated: readonly ReleaseFacts[],
  mount: ReturnType<typeof mountOf>,
): void {
  const rewritten = (seen: Parameters<typeof view>[0]) => {
    const { route, doc } = read(mount, sample);
    const body = route.rewrite?.(doc, view({ variant, ...seen }));
    const bytes = body !== undefined && typeof body === "object" && "body" in body ? body.body : body;
    return bytes instanceof Uint8Array ? new TextDecoder().decode(bytes) : bytes;
  };
  const versionsIn = (body: string | undefined) => {
    const { route, doc } = read(mount, { ...sample, body: body ?? "", mediaType: variant || (sample.mediaType ?? "") });
    return new Set(Array.from(route.parse?.(doc).releases ?? [], ({ version }) => version));
  };
  const all = new Set(stated.map(({ version }) => version));

  test(`rewritten ${variant}: the same twice, and the same releases`, () => {
    const once = rewritten({});
    expect(once).toBe(rewritten({}) as string);
    if (stated.length > 0) expect(versionsIn(once)).toEqual(all);
  });
  if (all.size < 2) return;
  test(`rewritten ${variant}: a withheld release is nowhere, a held one alone is listed`, () => {
    const [first = ""] = all;
    expect(versionsIn(rewritten({ admits: ({ version }) => version !== first }))).toEqual(
      new Set([...all].filter((version) => version !== first)),
    );
    expect(versionsIn(rewritten({ offline: true, admits: ({ version }) => version === first }))).toEqual(
      new Set([first]),
    );
  });
}

function kindOf(ecosystem: Ecosystem, path: Path): string {
  const match = classify(ecosystem, "GET", path);
  return typeof match === "number" ? String(match) : match.route.kind;
}
