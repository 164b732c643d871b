/**
 * Which addresses may be dialled. The upstreams that the operator configured are trusted as they are; anything that a
 * redirect or a document names must be on an allowed host and must not lead into a private network.
 */
import { lookup } from "node:dns/promises";
import { BlockList, isIP } from "node:net";
import { UpstreamFailed } from "../errors.ts";

const PRIVATE = new BlockList();
// IANA special-purpose registries (RFC 6890 and later): nothing a public registry would redirect to.
// biome-ignore format: one list
for (const [net, prefix] of [["0.0.0.0", 8], ["10.0.0.0", 8], ["100.64.0.0", 10], ["127.0.0.0", 8], ["169.254.0.0", 16], ["172.16.0.0", 12],
  ["192.0.0.0", 24], ["192.0.2.0", 24], ["192.168.0.0", 16], ["198.18.0.0", 15], ["198.51.100.0", 24], ["203.0.113.0", 24], ["224.0.0.0", 3]] as const)
  PRIVATE.addSubnet(net, prefix, "ipv4");
// biome-ignore format: one list
for (const [net, prefix] of [["::", 127], ["64:ff9b:1::", 48], ["100::", 64], ["2001:db8::", 32], ["fc00::", 7], ["fe80::", 10], ["ff00::", 8]] as const)
  PRIVATE.addSubnet(net, prefix, "ipv6");

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
  const allowed = listed(allowPrivate);
  for (const address of addresses) {
    if (!isPrivate(address) || allowPrivate.includes(host) || contains(allowed, address)) continue;
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

function isPrivate(address: string): boolean {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  return contains(PRIVATE, mapped ?? address);
}

function contains(list: BlockList, address: string): boolean {
  return list.check(address, isIP(address) === 6 ? "ipv6" : "ipv4");
}

function listed(entries: readonly string[]): BlockList {
  const list = new BlockList();
  for (const entry of entries) {
    const [address = "", prefix] = entry.split("/");
    const family = isIP(address);
    if (family === 0) continue;
    const type = family === 6 ? "ipv6" : "ipv4";
    if (prefix === undefined) list.addAddress(address, type);
    else list.addSubnet(address, Number(prefix), type);
  }
  return list;
}
