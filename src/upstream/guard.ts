/**
 * Which addresses may be dialled. The upstreams that the operator configured are trusted as they are; anything that a
 * redirect or a document names must be an address of the public internet, unless the operator allows it.
 */
import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import { messageOf, UpstreamFailed } from "../lib/errors.ts";
import { Networks } from "../lib/networks.ts";

/** IANA's special-purpose registry for IPv4 (RFC 6890 and later), multicast and what is reserved. */
const SPECIAL_V4 = new Networks(
  `0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.0.2.0/24 192.88.99.0/24
  192.168.0.0/16 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 224.0.0.0/3`.split(/\s+/),
);
/** The only part of IPv6 that is given out for global unicast (RFC 4291), and what of it is for special use all the same. */
const GLOBAL_V6 = new Networks(["2000::/3"]);
const SPECIAL_V6 = new Networks(["2001::/23", "2001:db8::/32", "3fff::/20"]);
/** Forms in which an IPv6 address stands for an IPv4 one, and the byte at which that begins. */
const EMBEDDING = [
  { network: new Networks(["::ffff:0:0/96"]), at: 12 },
  { network: new Networks(["64:ff9b::/96"]), at: 12 },
  { network: new Networks(["2002::/16"]), at: 2 },
];
/** Names that only a private network gives (RFC 6761, 6762, 8375, and what is used so without one). */
const PRIVATE_NAME = /(?:^|\.)(?:localhost|local|internal|intranet|private|corp|home|lan|localdomain|home\.arpa)$/;

export interface Guard {
  /** Hosts, addresses or CIDRs that may be dialled although they are private. */
  allowPrivate: readonly string[];
}

/**
 * The address to dial for a host that is not configured as an upstream.
 * Every address that the name has must be public, so that no answer of a resolver leads inside. Throws UpstreamFailed.
 */
export async function publicAddress(url: URL, guard: Guard): Promise<string> {
  const host = hostOf(url);
  const addresses = isIP(host) ? [host] : await resolve(host);
  requireAllowed(url, host, addresses, guard);
  const [first] = addresses;
  if (!first) throw new UpstreamFailed(`${url.host} has no address`, { retryable: true });
  return first;
}

/**
 * The same for a host that a forward proxy is to reach, which looks names up by itself: addresses are judged, and names by the
 * addresses that they have here. One that is not known here is left to the proxy, unless only a private network gives such names.
 */
export async function requirePublicName(url: URL, guard: Guard): Promise<void> {
  const host = hostOf(url);
  if (isIP(host)) return requireAllowed(url, host, [host], guard);
  if (guard.allowPrivate.includes(host)) return;
  if (!host.includes(".") || PRIVATE_NAME.test(host))
    throw new UpstreamFailed(
      `refused to dial ${url.host}: it is a name of private networks, and the link to it came from upstream. List it under allow_private if it is meant.`,
    );
  const addresses = await resolve(host).catch(() => []);
  requireAllowed(url, host, addresses, guard);
}

function requireAllowed(url: URL, host: string, addresses: readonly string[], { allowPrivate }: Guard): void {
  const allowed = new Networks(allowPrivate);
  for (const address of addresses) {
    if (isGlobalUnicast(address) || allowPrivate.includes(host) || allowed.has(embeddedIn(address) ?? address))
      continue;
    throw new UpstreamFailed(
      `refused to dial ${url.host}: ${address} is a private address, or one for special use, and the link to it came from upstream. List it under allow_private if it is meant.`,
    );
  }
}

/** Whether an address is one of the public internet, in whatever form it is written. */
export function isGlobalUnicast(address: string): boolean {
  const v4 = embeddedIn(address);
  if (v4 !== undefined) return isGlobalUnicast(v4);
  if (isIP(address) === 4) return !SPECIAL_V4.has(address);
  return isIP(address) === 6 && !address.includes("%") && GLOBAL_V6.has(address) && !SPECIAL_V6.has(address);
}

/** The IPv4 address that an IPv6 one stands for; `undefined` where it is no such. */
function embeddedIn(address: string): string | undefined {
  if (isIP(address) !== 6 || address.includes("%")) return undefined;
  const bytes = bytesOf(address);
  const form = EMBEDDING.find(({ network }) => network.has(address));
  return form && bytes.slice(form.at, form.at + 4).join(".");
}

/** The sixteen bytes of an IPv6 address. */
function bytesOf(address: string): number[] {
  // As the URL standard writes it: hexadecimal, with at most one gap.
  const plain = new URL(`http://[${address}]/`).hostname.slice(1, -1);
  const [head = "", tail] = plain.split("::");
  const words = (text: string) => (text === "" ? [] : text.split(":").map((word) => Number.parseInt(word, 16)));
  const [first, last] = [words(head), words(tail ?? "")];
  const gap = tail === undefined ? [] : Array.from({ length: 8 - first.length - last.length }, () => 0);
  return [...first, ...gap, ...last].flatMap((word) => [word >> 8, word & 0xff]);
}

/** Only the web's schemes: `fetch` would read `file:` and `data:` addresses too. */
export function requireHttp(url: URL): void {
  if (url.protocol === "https:" || url.protocol === "http:") return;
  throw new UpstreamFailed(`refused to dial ${url.protocol}//${url.host}: only http and https are fetched`);
}

function hostOf({ hostname }: URL): string {
  return hostname.replace(/^\[|\]$/g, "").replace(/\.$/, "");
}

async function resolve(host: string): Promise<string[]> {
  try {
    return (await lookup(host, { all: true })).map(({ address }) => address);
  } catch (error) {
    throw new UpstreamFailed(`${host} cannot be resolved: ${messageOf(error)}`, { retryable: true });
  }
}
