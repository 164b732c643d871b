/** Challenges to bring a bearer token (RFC 6750, and the token specification of the distribution project). */

/** Where a token is to be had, and what for. */
export interface Challenge {
  /** The token endpoint. */
  realm: string;
  service?: string;
  /** Separated by spaces. */
  scope?: string;
}

const PARAMETER = /([\w-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))\s*(?:,\s*|$|(?=\s))/y;

/** The bearer challenge in a `WWW-Authenticate` header, beside which there may be others; `undefined` where there is none. */
export function challengeIn(header: string | null): Challenge | undefined {
  const start = header === null ? null : /(?:^|,)\s*Bearer\s+/i.exec(header);
  if (!header || !start) return undefined;
  const found = new Map<string, string>();
  PARAMETER.lastIndex = start.index + start[0].length;
  for (let match = PARAMETER.exec(header); match; match = PARAMETER.exec(header))
    found.set(match[1]!.toLowerCase(), match[3] ?? match[2]!.replace(/\\(.)/g, "$1"));
  const [realm, service, scope] = [found.get("realm"), found.get("service"), found.get("scope")];
  if (!realm) return undefined;
  return { realm, ...(service !== undefined && { service }), ...(scope !== undefined && { scope }) };
}

/** The address at which the challenge is answered. Throws TypeError where the realm is no URL. */
export function endpointOf({ realm, service, scope = "" }: Challenge): URL {
  const url = new URL(realm);
  if (service !== undefined) url.searchParams.set("service", service);
  for (const each of scope.split(" ").filter(Boolean)) url.searchParams.append("scope", each);
  return url;
}
