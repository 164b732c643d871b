/** Patterns on paths as long as paths may be: each must be done at once, whatever the path. */
import type { Ecosystem, Path } from "../contract/ecosystem.ts";
import { classify } from "../mounts/match.ts";

/** One run alone may be held up by what else the machine does. */
export interface Patience {
  /** Milliseconds for all patterns on one path. */
  limit: number;
  /** Runs of a route alone that must all take longer. */
  tries: number;
}

export interface Stall {
  /** Its place in `routes`. */
  route: number;
  message: string;
}

const UNITS = ["a/", "a-", "-1.", "%2f", "@a", "1.0-", "/@v/", "a.", "-SNAPSHOT/", "_", "%25"];
/** Milliseconds for all patterns on one path. */
const STALL = 50;
const LONGEST = 2_048;

/** The routes whose patterns stall on long paths made of the known ones, or keep state. */
export function* stalls(
  { routes }: Pick<Ecosystem, "routes">,
  known: Iterable<Path>,
  { limit, tries }: Patience = { limit: STALL, tries: 4 },
): Iterable<Stall> {
  for (const [route, { match }] of routes.entries())
    if (match instanceof RegExp && /[gy]/.test(match.flags))
      yield { route, message: `${String(match)} keeps state: its flags have g or y` };
  for (const [head, tail] of cuts(known))
    for (const unit of UNITS) {
      const room = LONGEST - head.length - tail.length;
      const path: Path = `/${head}${unit.repeat(Math.max(0, Math.floor(room / unit.length)))}${tail}`;
      if (quickest(routes, path, limit, 1) < limit) continue;
      const slow = [...routes.entries()].filter(([, each]) => quickest([each], path, limit / 2, tries) >= limit / 2);
      const shown = `a path of ${path.length} characters, ${path.slice(0, 40)}…${path.slice(-12)}`;
      for (const [route, { match }] of slow)
        yield { route, message: `${String(match)} takes more than ${limit / 2} ms for ${shown}` };
      if (slow.length > 0) return;
    }
}

/** Milliseconds of the best of a few runs. */
function quickest(routes: Ecosystem["routes"], path: Path, limit: number, most: number): number {
  let best = Number.POSITIVE_INFINITY;
  for (let tries = 0; tries < most && best >= limit; tries++) {
    const started = performance.now();
    classify({ routes }, "GET", path);
    best = Math.min(best, performance.now() - started);
  }
  return best;
}

/** Known paths in two, between which anything could stand. */
function cuts(known: Iterable<Path>): [head: string, tail: string][] {
  const all = Array.from(known).flatMap((path) => {
    const segments = path.slice(1).split("/");
    return segments.map((_, i): [string, string] => [segments.slice(0, i).join("/"), segments.slice(i).join("/")]);
  });
  return [["", ""], ...new Map(all.map((cut) => [cut.join("\n"), cut])).values()];
}
