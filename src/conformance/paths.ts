/** Requests: what known ones mean, and that no strange one reaches a plugin, stalls it or makes it throw. */
import fc from "fast-check";
import type { Body, MaybePromise, Path, Release, Route, Traits } from "../contract/ecosystem.ts";
import { isPlain } from "../contract/plain.ts";
import { messageOf } from "../lib/errors.ts";
import { classify, type Match } from "../mounts/match.ts";
import type { Mount } from "../mounts/mounts.ts";
import { mustBeDigest } from "./documents.ts";
import { always, type Law, must, type Runs, same } from "./law.ts";
import { kindOf } from "./sample.ts";
import { NOTHING_STORED, view } from "./setting.ts";
import { stalls } from "./stall.ts";

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

export function* caseLaws({ ecosystem }: Mount, cases: readonly Case[]): Iterable<Law> {
  for (const { method = "GET", path, kind, release } of cases)
    yield {
      name: `${method} ${path} is ${kind}`,
      check: () => {
        const match = classify(ecosystem, method, path);
        same(typeof match === "number" ? "none" : match.route.kind, kind, "its kind");
        if (typeof match === "number" || !release) return;
        same("release" in match.route && match.route.release?.(match.params), release, "its release");
      },
    };
}

export function* pathLaws(mount: Mount, known: ReadonlySet<Path>, runs: Runs): Iterable<Law> {
  yield {
    name: "paths: no route sees a hostile one",
    check: () => {
      for (const path of ["", ...known])
        for (const tail of HOSTILE) must(!isPlain(`${path}${tail}`), `${path}${tail} counts as plain`);
    },
  };
  yield {
    name: "paths: no pattern stalls on a long one, nor keeps state",
    check: () => {
      for (const reason of stalls(mount.ecosystem, known)) throw new Error(reason.message);
    },
  };
  yield {
    name: "paths: of several spellings one is canonical, and means the same",
    check: () => {
      for (const path of known) checkSpelling(mount, path);
    },
  };
  yield {
    name: "paths: what is composed here is composed of a document",
    check: () => {
      for (const path of known) {
        const match = matchOf(mount, path);
        if (match?.route.kind !== "derived") continue;
        const of = match.route.of(match.params);
        same(kindOf(mount, of), "metadata", `${path} is derived of ${of}; its kind`);
      }
    },
  };
  yield {
    name: "paths: whatever is asked for, a plugin answers with plain paths and never throws",
    check: async () => {
      const composed: Promise<string>[] = [];
      const pieces = new Set(Array.from(known).flatMap((path) => path.split(/(?=[/@.!-])|(?<=[/@!-])/)));
      const piece = fc.constantFrom(...pieces, "%2f", "%2F", "%c3%a9", "%20", "é", "+", "!", ":", "a", "1");
      const asked = fc.property(fc.array(piece, { minLength: 1, maxLength: 12 }), (parts) => {
        const path = `/${parts.join("")}`;
        if (isPlain(path))
          same(strangeAnswers(mount, path, composed), [], `what is no plain path of the answers to ${path}`);
      });
      always("a path", () => fc.assert(asked, { ...runs, numRuns: 500 }));
      await Promise.all(composed);
    },
  };
}

function checkSpelling(mount: Mount, path: Path): void {
  const match = matchOf(mount, path);
  const canonical = match && canonicalOf(match, path);
  if (!canonical) return;
  const again = matchOf(mount, canonical);
  same(again?.route.kind, match.route.kind, `${path} is spelled ${canonical}; its kind`);
  same(again && canonicalOf(again, canonical), canonical, `${path} is spelled ${canonical}, and that`);
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

/** Asks a route all that depends on the path alone; the answers that are no plain paths. `composed`: what is composed where nothing
 * is stored. */
function strangeAnswers(mount: Mount, path: Path, composed: Promise<string>[]): string[] {
  const match = matchOf(mount, path);
  if (!match) return [];
  const { route, params } = match;
  const query = new URLSearchParams();
  const offline = view({ offline: true });
  const compose = async (make: () => MaybePromise<Body> | undefined) => {
    try {
      return JSON.stringify(await make());
    } catch (error) {
      throw new Error(`${path}: it cannot be composed: ${messageOf(error)}`);
    }
  };
  if (route.kind === "answer") composed.push(compose(() => route.answer(params, view(), query, NOTHING_STORED)));
  if (route.kind === "passthrough" || route.kind === "metadata")
    composed.push(compose(() => route.offline?.(params, query, offline, NOTHING_STORED)));
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
  if (digest) mustBeDigest(digest, path);
  const release = route.release?.(params);
  if (release) same(typeof release.name, "string", `the name that the route of ${path} tells, its type`);
  const describing = route.describedBy?.(params, path, traits) ?? [];
  return [...to, ...describing.map((each) => (typeof each === "string" ? each : each.below))];
}
