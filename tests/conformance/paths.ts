/** Requests: what known ones mean, and that no strange one reaches a plugin, stalls it or makes it throw. */
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { Path, Release, Route, Traits } from "../../src/ecosystem.ts";
import { classify, isPlain, type Match } from "../../src/match.ts";
import type { Mount } from "../../src/mounts.ts";
import { view } from "../support/plugin.ts";
import { kindOf } from "./sample.ts";

export interface Case {
  path: Path;
  /** `none`: no route takes it. */
  kind: Route["kind"] | "none";
  /** Default: GET. */
  method?: string;
  release?: Release;
}

const HOSTILE = [
  "/../x",
  "/%2e%2e/x",
  "..%2f..%2fetc/passwd",
  "/./x",
  "%00",
  "%zz",
  "\\x",
  "%5cx",
  "/%252e%252e/x",
  "%0a",
];
const UNITS = ["a/", "a-", "-1.", "%2f", "@a", "1.0-", "/@v/", "a.", "-SNAPSHOT/", "_", "%25"];
/** Milliseconds for all patterns on one path as long as paths may be. */
const STALL = 50;
const LONGEST = 2_048;

/** Milliseconds of the best of a few runs: one alone may be held up by what else the machine does. */
function quickest(run: () => void): number {
  let best = Number.POSITIVE_INFINITY;
  for (let tries = 0; tries < 4 && best >= STALL; tries++) {
    const started = performance.now();
    run();
    best = Math.min(best, performance.now() - started);
  }
  return best;
}

export function caseLaws({ ecosystem }: Mount, cases: readonly Case[]): void {
  test.each(cases.map((each) => ({ method: "GET", ...each })))(
    "$method $path is $kind",
    ({ method, path, kind, release }) => {
      const match = classify(ecosystem, method, path);
      if (typeof match === "number") return expect(kind).toBe("none");
      expect(match.route.kind as string).toBe(kind);
      if (release) expect("release" in match.route && match.route.release?.(match.params)).toEqual(release);
    },
  );
}

export function pathLaws(mount: Mount, known: ReadonlySet<Path>): void {
  const { ecosystem } = mount;
  describe("paths", () => {
    test("no route sees a hostile one", () => {
      for (const path of ["", ...known]) for (const tail of HOSTILE) expect(isPlain(`${path}${tail}`)).toBe(false);
    });
    test("no pattern stalls on a long one, nor keeps state", () => {
      for (const { match } of ecosystem.routes) if (match instanceof RegExp) expect(match.flags).not.toMatch(/[gy]/);
      for (const [head, tail] of cuts(known))
        for (const unit of UNITS) {
          const room = LONGEST - head.length - tail.length;
          const path: Path = `/${head}${unit.repeat(Math.floor(room / unit.length))}${tail}`;
          expect([head, unit, tail, quickest(() => classify(ecosystem, "GET", path)) < STALL]).toEqual([
            head,
            unit,
            tail,
            true,
          ]);
        }
    });
    test("of several spellings one is canonical, and means the same", () => {
      for (const path of known) {
        const match = matchOf(mount, path);
        const canonical = match && canonicalOf(match, path);
        if (!canonical) continue;
        const again = matchOf(mount, canonical);
        expect([path, again?.route.kind, again && canonicalOf(again, canonical)]).toEqual([
          path,
          match.route.kind,
          canonical,
        ]);
      }
    });
    test("what is composed here is composed of a document", () => {
      for (const path of known) {
        const match = matchOf(mount, path);
        if (match?.route.kind === "derived") expect(kindOf(mount, match.route.of(match.params))).toBe("metadata");
      }
    });
    test("whatever is asked for, a plugin answers with plain paths and never throws", () => {
      const pieces = new Set(Array.from(known).flatMap((path) => path.split(/(?=[/@.!-])|(?<=[/@!-])/)));
      const piece = fc.constantFrom(...pieces, "%2f", "%2F", "%c3%a9", "%20", "é", "+", "!", ":", "a", "1");
      fc.assert(
        fc.property(fc.array(piece, { minLength: 1, maxLength: 12 }), (parts) => {
          const path = `/${parts.join("")}`;
          if (isPlain(path)) expect([path, strangeAnswers(mount, path)]).toEqual([path, []]);
        }),
        { numRuns: 500 },
      );
    });
  });
}

/** Known paths in two, between which anything could stand. */
function cuts(known: Iterable<Path>): [head: string, tail: string][] {
  const all = Array.from(known).flatMap((path) => {
    const segments = path.slice(1).split("/");
    return segments.map((_, i): [string, string] => [segments.slice(0, i).join("/"), segments.slice(i).join("/")]);
  });
  return [["", ""], ...new Map(all.map((cut) => [cut.join("\n"), cut])).values()];
}

function matchOf({ ecosystem, upstreams }: Mount, path: Path): Match | undefined {
  const match = classify(ecosystem, "GET", path, (name) => upstreams.has(name));
  return typeof match === "number" ? undefined : match;
}

/** The path under which it is held; `undefined` where no route holds it. */
function canonicalOf({ route, params }: Match, path: Path): Path | undefined {
  if (route.kind !== "artifact" && route.kind !== "metadata") return undefined;
  return route.canonical?.(params) ?? path;
}

/** Asks a route all that depends on the path alone; the answers that are no plain paths. */
function strangeAnswers(mount: Mount, path: Path): string[] {
  const match = matchOf(mount, path);
  if (!match) return [];
  const { route, params } = match;
  if (route.kind === "answer") JSON.stringify(route.answer(params, view(), new URLSearchParams()));
  if (route.kind === "passthrough") JSON.stringify(route.offline?.(params, new URLSearchParams(), view()));
  const canonical = canonicalOf(match, path);
  return [...(canonical ? [canonical] : []), ...pathsOf(match, path, mount.traits)].filter(
    (answer) => !isPlain(answer),
  );
}

function pathsOf({ route, params }: Match, path: Path, traits: Traits): Path[] {
  if (route.kind === "derived") return [route.of(params)];
  const to = "to" in route && route.to ? [route.to(params)] : [];
  if (route.kind !== "artifact" && route.kind !== "metadata") return to;
  const digest = route.digest?.(params);
  if (digest) expect(digest).toMatch(/^(?:md5|sha1|sha256|sha512):[0-9a-f]+$|^h1:/);
  const release = route.release?.(params);
  if (release) expect(typeof release.name).toBe("string");
  const describing = route.describedBy?.(params, path, traits) ?? [];
  return [...to, ...describing.map((each) => (typeof each === "string" ? each : each.below))];
}
