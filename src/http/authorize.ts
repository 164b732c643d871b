/** Who may make the proxy do things: those with a token, those at its Unix socket, and everyone where the operator says so. */
import { timingSafeEqual } from "node:crypto";
import { hash } from "../contract/digest.ts";

/** What tokens may be for. */
export const SCOPES = ["mirror"] as const;
export type Scope = (typeof SCOPES)[number];

export interface Refusal {
  status: 401 | 403;
  message: string;
}

export interface KnownToken {
  /** The sha256 of the token, in hex. */
  hash: string;
  scopes: readonly string[];
}

export interface AccessOptions {
  /** The tokens that were not revoked. */
  tokens: () => Iterable<KnownToken>;
  /** Whether no token is asked for: the operator keeps strangers away. */
  isOpen: boolean;
}

/** Media types that a form of any page can send to any origin without asking first (Fetch standard, CORS-safelisted). */
const SENT_BY_FORMS = /^(?:application\/x-www-form-urlencoded|multipart\/form-data|text\/plain)\s*(?:;|$)/i;
/** Methods that change nothing. */
const SAFE = ["GET", "HEAD"];
/** Any value of it will do: a page of another origin cannot send it without being refused first. */
const OWN_HEADER = "x-requested-with";

/**
 * Decides about requests for the API and for recordings. The address of the peer decides nothing: behind a reverse proxy all
 * peers look local. A bearer token (RFC 6750) may do what its scopes say. Where clients can only carry credentials in a URL, the
 * token may be the password of Basic authentication; browsers send that by themselves, so such a request, like one without a
 * token to an open API, has to show that no page of another origin made it.
 */
export class Access {
  readonly #tokens: AccessOptions["tokens"];
  readonly #isOpen: boolean;
  readonly #local = new WeakSet<Request>();

  constructor({ tokens, isOpen }: AccessOptions) {
    this.#tokens = tokens;
    this.#isOpen = isOpen;
  }

  /** Marks a request that came over the server's own socket, which only its owner can open. */
  admit(request: Request): Request {
    this.#local.add(request);
    return request;
  }

  isAdmitted(request: Request): boolean {
    return this.#local.has(request);
  }

  /** Why a request may not; `undefined` where it may. */
  refuse(request: Request, scope: Scope): Refusal | undefined {
    if (this.#local.has(request)) return undefined;
    const { token, scheme } = credentialsOf(request.headers.get("authorization"));
    if (scheme === "unknown")
      return { status: 401, message: 'a token is sent as "Authorization: Bearer …"; this is another scheme' };
    // A token that is not known is refused by an open API too: its client believes to be let in by it.
    if (token !== undefined) {
      const known = find(token, this.#tokens());
      if (!known) return { status: 401, message: "this token is not known, or was revoked" };
      if (!known.scopes.includes(scope)) return { status: 403, message: `this token is not for the scope "${scope}"` };
      if (scheme === "bearer") return undefined;
    } else if (!this.#isOpen)
      return {
        status: 401,
        message:
          'this needs a token, sent as "Authorization: Bearer …" (proxy token create makes one, proxy token local prints that of this machine)',
      };
    return whyForeign(request);
  }
}

/** Whether a page of another origin may have made the request. */
function whyForeign({ method, url, headers }: Request): Refusal | undefined {
  const site = headers.get("sec-fetch-site");
  const origin = headers.get("origin");
  const isForeign = origin !== null && (!URL.canParse(origin) || new URL(origin).host !== new URL(url).host);
  if (isForeign || (site !== null && site !== "same-origin" && site !== "none"))
    return { status: 403, message: "the request was sent by a page of another origin" };
  const type = headers.get("content-type");
  if (SAFE.includes(method) || headers.has(OWN_HEADER) || (type !== null && !SENT_BY_FORMS.test(type)))
    return undefined;
  return {
    status: 403,
    message: `a page of another origin could send this; add a header that it cannot: a token as "Authorization: Bearer …", "Content-Type: application/json", or "X-Requested-With" with any value`,
  };
}

type Credentials = { scheme: "none" | "unknown"; token?: undefined } | { scheme: "bearer" | "basic"; token: string };

/** `Bearer TOKEN`, or the password of `Basic`. */
function credentialsOf(header: string | null): Credentials {
  if (header === null) return { scheme: "none" };
  const [name = "", value = ""] = header.trim().split(/\s+/);
  if (name.toLowerCase() === "bearer") return { scheme: "bearer", token: value };
  if (name.toLowerCase() !== "basic") return { scheme: "unknown" };
  const decoded = Buffer.from(value, "base64").toString();
  return { scheme: "basic", token: decoded.slice(decoded.indexOf(":") + 1) };
}

/** In the same time whichever it is, or none. */
function find(token: string, valid: Iterable<KnownToken>): KnownToken | undefined {
  const given = Buffer.from(hash("sha256", token));
  let found: KnownToken | undefined;
  for (const each of valid) if (timingSafeEqual(Buffer.from(each.hash), given)) found = each;
  return found;
}
