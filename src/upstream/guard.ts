/**
 * Which addresses may be dialled. The upstreams that the operator configured are trusted as they are; anything that a
 * redirect or a document names must be on an allowed host and must not lead into a private network.
 */
import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import { UpstreamFailed } from "../errors.ts";
import { Networks } from "../networks.ts";

/** IANA's special-purpose registries (RFC 6890 and later): nothing that a public registry would redirect to. */
const PRIVATE = new Networks(
  `0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.0.2.0/24 192.168.0.0/16
  198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 224.0.0.0/3
  ::/127 64:ff9b:1::/48 100::/64 2001:db8::/32 fc00::/7 fe80::/10 ff00::/8`.split(/\s+/),
);

export interface Guard {
  /** Hosts, addresses or CIDRs that may be dialled although they are private. */
  allowPrivate: readonly string[];
}

/**
 * The address to dial for a host that is not configured as an upstream.
 * Every address that the name has must be public, so that no answer of a resolver leads inside. Throws UpstreamFailed.
 */
export async function publicAddress(url: URL, { allowPrivate }: Guard): Promise<string> {
  const host = url.hostname.replace(/^\[|\]$/g, "");
  const addresses = isIP(host) ? [host] : (await resolve(host)).map(({ address }) => address);
  const allowed = new Networks(allowPrivate);
  for (const address of addresses) {
    if (!PRIVATE.has(address) || allowPrivate.includes(host) || allowed.has(address)) continue;
    throw new UpstreamFailed(
      `refused to dial ${url.host}: ${address} is a private address, and the link to it came from upstream. List it under allow_private if it is meant.`,
    );
  }
  const [first] = addresses;
  if (!first) throw new UpstreamFailed(`${url.host} has no address`, { retryable: true });
  return first;
}

/** Only the web's schemes: `fetch` would read `file:` and `data:` addresses too. */
export function requireHttp(url: URL): void {
  if (url.protocol === "https:" || url.protocol === "http:") return;
  throw new UpstreamFailed(`refused to dial ${url.protocol}//${url.host}: only http and https are fetched`);
}

async function resolve(host: string) {
  try {
    return await lookup(host, { all: true });
  } catch (error) {
    throw new UpstreamFailed(`${host} cannot be resolved: ${(error as Error).message}`, { retryable: true });
  }
}
