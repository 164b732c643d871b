/** Which hosts are run by one owner, by the public suffix list. */
import { isIP } from "node:net";
import { parse } from "tldts";
import { edgeChild, edgeLength, edgeStart, labelText, nodeFlags, rulesRoot } from "tldts/src/data/trie.ts";

/** The flag of a suffix below which a company lets others have names (`github.io`), in the list's own trie. */
const PRIVATE = 2;

/**
 * Whether two hosts are one, or of one registrable domain (`registry.acme.example` and `auth.acme.example`) below which nobody
 * else has names: `*.github.io` and `*.amazonaws.com` belong to as many owners as there are names.
 */
export function areOfOneOwner(a: string, b: string): boolean {
  const [left, right] = [plain(a), plain(b)];
  if (left === right) return true;
  if (isIP(left) || isIP(right)) return false;
  const [one, other] = [left, right].map((host) => parse(host, { allowPrivateDomains: true }));
  if (one!.isPrivate || other!.isPrivate || one!.domain === null || one!.domain !== other!.domain) return false;
  return !hasTenants(one!.domain);
}

/** Without the dot of the root, and the brackets of an IPv6 address. */
function plain(host: string): string {
  return host
    .toLowerCase()
    .replace(/\.$/, "")
    .replace(/^\[(.*)\]$/, "$1");
}

/** Whether the list has suffixes of many owners below a domain that is none itself. */
function hasTenants(domain: string): boolean {
  let node: number | undefined = rulesRoot;
  for (const label of domain.split(".").reverse()) {
    node = childOf(node, label);
    if (node === undefined) return false;
  }
  const open = [node];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (nodeFlags[next]! & PRIVATE) return true;
    for (let edge = edgeStart[next]!; edge < edgeStart[next + 1]!; edge++) open.push(edgeChild[edge]!);
  }
  return false;
}

function childOf(node: number, label: string): number | undefined {
  for (let edge = edgeStart[node]!; edge < edgeStart[node + 1]!; edge++)
    if (edgeLength[edge] === label.length && labelText.startsWith(label, offsets()[edge])) return edgeChild[edge];
  return undefined;
}

let known: Uint32Array | undefined;

/** Where the label of each edge begins in `labelText`. */
function offsets(): Uint32Array {
  if (known) return known;
  const found = new Uint32Array(edgeLength.length);
  for (let edge = 1; edge < found.length; edge++) found[edge] = found[edge - 1]! + edgeLength[edge - 1]!;
  known = found;
  return found;
}
