import type { Ecosystem, Params, Path, Pattern, Route } from "./ecosystem.ts";

export interface Match {
  route: Route;
  params: Params;
}

/** No route takes it: 404, or 405 where one does for another method. */
export type Miss = 404 | 405;

const READS: readonly string[] = ["GET", "HEAD"];

/**
 * The first route that accepts the path: first match wins.
 * `has` says whether the mount knows an upstream of that name. The path must be plain (see `isPlain`).
 */
export function classify(
  { routes }: Pick<Ecosystem, "routes">,
  method: string,
  path: Path,
  has: (upstream: string) => boolean = () => true,
): Match | Miss {
  let miss: Miss = 404;
  for (const route of routes) {
    const params = capture(route.match, path);
    if (!params || !reachable(route, params, has)) continue;
    if ((route.methods ?? READS).includes(method)) return { route, params };
    miss = 405;
  }
  return miss;
}

/** The names of the upstreams that may answer a route, in order. */
export function upstreamsOf(route: Route, params: Params): readonly string[] {
  if (!("from" in route) || route.from === undefined) return ["default"];
  const from = typeof route.from === "function" ? route.from(params) : route.from;
  return typeof from === "string" ? [from] : from;
}

/** No plugin ever sees a path that climbs, hides a separator, is overlong or is not valid percent-encoding. */
export function isPlain(path: string): path is Path {
  if (path.length > 2_048 || !path.startsWith("/")) return false;
  try {
    const decoded = decodeURIComponent(path);
    return (
      !/[\u0000-\u001f\u007f\\?#]/.test(decoded) &&
      !decoded.split("/").some((part) => part === "." || part === "..") &&
      !/%(?:25)*(?:2e|5c|00)/i.test(decoded)
    );
  } catch {
    return false;
  }
}

function reachable(route: Route, params: Params, has: (upstream: string) => boolean): boolean {
  if (!("from" in route) || route.from === undefined) return true;
  return upstreamsOf(route, params).some(has);
}

function capture(pattern: Pattern, path: Path): Params | undefined {
  const groups = compile(pattern).exec(path)?.groups;
  if (!groups) return undefined;
  const params: Record<string, string> = {};
  for (const [key, value] of Object.entries(groups)) if (value !== undefined) params[key] = decodeURIComponent(value);
  return params;
}

const compiled = new Map<Pattern, RegExp>();

function compile(pattern: Pattern): RegExp {
  let regex = compiled.get(pattern);
  if (!regex) {
    regex = toRegExp(pattern);
    compiled.set(pattern, regex);
  }
  return regex;
}

/** The never-matching group makes `groups` exist for patterns that capture nothing. */
function toRegExp(pattern: Pattern): RegExp {
  if (pattern instanceof RegExp) return new RegExp(`${pattern.source}|(?<_>(?!))`, pattern.flags);
  const source = pattern
    .replace(/[.*?^${}()|[\]\\]/g, "\\$&")
    .replace(/:(\w+)\+/g, "(?<$1>.+)")
    .replace(/:(\w+)/g, "(?<$1>[^/]+)");
  return new RegExp(`^${source}$|(?<_>(?!))`);
}
