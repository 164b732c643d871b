import type { DenyRoute, Ecosystem, Params, Path, Pattern, Route } from "../contract/ecosystem.ts";

export interface Match {
  route: Route;
  params: Params;
}

/** No route takes it: 404, or 405 where one does for another method. */
export type Miss = 404 | 405;

const READS: readonly string[] = ["GET", "HEAD"];
const ENCODED_SLASH = /%2f/i;

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
  const denied = path.includes("%") ? deniedAs(routes, method, decodeURIComponent(path)) : undefined;
  if (denied) return { route: denied, params: {} };
  const hidesSlash = ENCODED_SLASH.test(path);
  let miss: Miss = 404;
  for (const route of routes) {
    if (hidesSlash && !takesEncodedSlash(route.match)) continue;
    const params = capture(route.match, path);
    if (!params || !reachable(route, params, has)) continue;
    if (takes(route, method)) return { route, params };
    miss = 405;
  }
  return miss;
}

function takes({ methods }: Route, method: string): boolean {
  return (methods ?? READS).includes(method);
}

/** What is refused is so in every spelling, since upstream decodes a path before it routes it. */
function deniedAs(routes: readonly Route[], method: string, decoded: string): DenyRoute | undefined {
  const first = routes.find((route) => takes(route, method) && compile(route.match).test(decoded));
  return first?.kind === "deny" ? first : undefined;
}

/** Only a pattern that names it takes an encoded slash, which upstream may read as one that parts segments. */
function takesEncodedSlash(pattern: Pattern): boolean {
  return ENCODED_SLASH.test(pattern instanceof RegExp ? pattern.source : pattern);
}

/** The names of the upstreams that may answer a route, in order. */
export function upstreamsOf(route: Route, params: Params): readonly string[] {
  if (!("from" in route) || route.from === undefined) return ["default"];
  const from = typeof route.from === "function" ? route.from(params) : route.from;
  return typeof from === "string" ? [from] : from;
}

function reachable(route: Route, params: Params, has: (upstream: string) => boolean): boolean {
  if (!("from" in route) || route.from === undefined) return true;
  return upstreamsOf(route, params).some(has);
}

function capture(pattern: Pattern, path: Path): Params | undefined {
  const groups = compile(pattern).exec(path)?.groups;
  if (!groups) return undefined;
  const params: Record<string, string> = {};
  for (const [key, value] of Object.entries(groups))
    if (value !== undefined) params[key] = value.includes("%") ? decodeURIComponent(value) : value;
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
