/** Who may make the proxy do things: those at this machine, and those with a token. */
import { timingSafeEqual } from "node:crypto";
import { hash } from "../digest.ts";

/** What tokens may be for. */
export const SCOPES = ["mirror"] as const;
export type Scope = (typeof SCOPES)[number];

export interface Refusal {
  status: 401 | 403;
  message: string;
}

/** The tokens that were not revoked; a hash is the sha256 of one, in hex. */
export type ValidTokens = () => Iterable<{ hash: string; scopes: readonly string[] }>;

/** What a reverse proxy adds. Behind one every peer looks local. */
const FORWARDED = /^(?:forwarded|via|x-forwarded-.*|x-real-ip|x-original-.*)$/;
const LOOPBACK = /^(?:127(?:\.\d{1,3}){3}|::1|::ffff:127(?:\.\d{1,3}){3})$/;

/**
 * Without a token, only a client at this machine may: the peer's address is a loopback one, the Host is too (a stranger's page
 * can have its own name resolve to 127.0.0.1; `localhost` it cannot: RFC 6761 6.3), nothing says that the request was
 * forwarded, and no page of another origin sent it. Else a bearer token (RFC 6750) with the scope; where clients can only carry
 * credentials in a URL, it may be the password of Basic authentication. `undefined`: it may.
 */
export function authorize(
  request: Request,
  remote: string | undefined,
  tokens: ValidTokens,
  scope: Scope,
): Refusal | undefined {
  const header = request.headers.get("authorization");
  const given = tokenOf(header);
  if (header !== null && given === undefined)
    return { status: 401, message: 'a token is sent as "Authorization: Bearer …"; this is another scheme' };
  if (given === undefined) {
    const reason = whyStranger(request, remote);
    return reason === undefined
      ? undefined
      : { status: 401, message: `${reason}: send a token as "Authorization: Bearer …" (proxy token create makes one)` };
  }
  const known = find(given, tokens());
  if (!known) return { status: 401, message: "this token is not known, or was revoked" };
  if (!known.scopes.includes(scope)) return { status: 403, message: `this token is not for the scope "${scope}"` };
  return undefined;
}

function whyStranger({ url, headers }: Request, remote = ""): string | undefined {
  if (!LOOPBACK.test(remote)) return "the request comes from another machine";
  const { hostname, host } = new URL(url);
  if (hostname !== "localhost" && !LOOPBACK.test(hostname.replace(/^\[(.*)\]$/, "$1")))
    return `the request names the host ${hostname}, which is no loopback address`;
  for (const name of headers.keys()) if (FORWARDED.test(name)) return `the request was forwarded (${name})`;
  const site = headers.get("sec-fetch-site");
  const origin = headers.get("origin");
  const isForeign = origin !== null && (!URL.canParse(origin) || new URL(origin).host !== host);
  if (isForeign || (site !== null && site !== "same-origin" && site !== "none"))
    return "the request was sent by a page of another origin";
  return undefined;
}

/** `Bearer TOKEN`, or the password of `Basic`; `undefined` for anything else. */
function tokenOf(header: string | null): string | undefined {
  if (header === null) return undefined;
  const [scheme = "", value = ""] = header.trim().split(/\s+/);
  if (scheme.toLowerCase() === "bearer") return value;
  if (scheme.toLowerCase() !== "basic") return undefined;
  const decoded = Buffer.from(value, "base64").toString();
  return decoded.slice(decoded.indexOf(":") + 1);
}

/** In the same time whichever it is, or none. */
function find(token: string, valid: ReturnType<ValidTokens>) {
  const given = Buffer.from(hash("sha256", token));
  let found: { scopes: readonly string[] } | undefined;
  for (const each of valid) if (timingSafeEqual(Buffer.from(each.hash), given)) found = each;
  return found;
}
