import { Networks } from "../lib/networks.ts";
import { withoutSlashes } from "../lib/text-ends.ts";

export interface HostSettings {
  /** Links are built from it; unset: from the request. Without a trailing slash. */
  baseUrl?: string | undefined;
  /** Host names (without port) that requests may name, beside that of `baseUrl`; empty: any. */
  hosts: readonly string[];
  /** Addresses or CIDRs whose `X-Forwarded-*` are believed. */
  trustedProxies: readonly string[];
}

/** From a request to the public address of this server: what links in documents are built from. */
export class Hosts {
  readonly #baseUrl: string | undefined;
  readonly #allowed: ReadonlySet<string> | undefined;
  readonly #proxies: Networks | undefined;
  /** The last origin that was looked at, and its base: most requests name the one that the one before named. */
  #last: { origin: string; base: string | undefined } = { origin: "", base: undefined };

  constructor({ baseUrl, hosts, trustedProxies }: HostSettings) {
    this.#baseUrl = baseUrl && withoutSlashes(baseUrl);
    const names = baseUrl ? [...hosts, new URL(baseUrl).hostname] : hosts;
    this.#allowed = hosts.length > 0 ? new Set(names.map((name) => name.toLowerCase())) : undefined;
    this.#proxies = trustedProxies.length > 0 ? new Networks(trustedProxies) : undefined;
  }

  /** `undefined`: the request names a host that is not ours, and is refused. `origin` is scheme and host as requested. */
  baseOf(request: Request, origin: string, remote: () => string | undefined): string | undefined {
    if (this.#proxies && this.#isProxy(remote())) {
      const [scheme = "http:", host = ""] = origin.split("//");
      const { headers } = request;
      const forwarded = first(headers.get("x-forwarded-proto"))?.concat(":") ?? scheme;
      return this.#baseFor(forwarded, first(headers.get("x-forwarded-host")) ?? host);
    }
    if (origin !== this.#last.origin) {
      const [scheme = "http:", host = ""] = origin.split("//");
      this.#last = { origin, base: this.#baseFor(scheme, host) };
    }
    return this.#last.base;
  }

  #baseFor(scheme: string, host: string): string | undefined {
    if (this.#allowed && !this.#allowed.has(nameOf(host))) return undefined;
    if (!/^[\w.:[\]-]+$/.test(host) || !/^https?:$/.test(scheme)) return undefined;
    return this.#baseUrl ?? `${scheme}//${host}`;
  }

  #isProxy(address: string | undefined): boolean {
    return address !== undefined && (this.#proxies?.has(address) ?? false);
  }
}

function first(header: string | null): string | undefined {
  return header?.split(",")[0]?.trim() || undefined;
}

/** `example.org:8080` → `example.org`, `[::1]:8080` → `[::1]`. */
function nameOf(host: string): string {
  return host.replace(/:\d+$/, "").toLowerCase();
}
