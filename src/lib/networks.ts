import { BlockList, isIP } from "node:net";

/** A set of IP addresses: single ones and networks in CIDR notation, of both families. What is neither is left out. */
export class Networks {
  readonly #list = new BlockList();

  constructor(entries: Iterable<string>) {
    for (const entry of entries) {
      const [address = "", prefix] = entry.split("/");
      if (isIP(address) === 0) continue;
      if (prefix === undefined) this.#list.addAddress(address, familyOf(address));
      else this.#list.addSubnet(address, Number(prefix), familyOf(address));
    }
  }

  /** IPv4 addresses that are mapped into IPv6 (`::ffff:10.0.0.1`) count as what they are. */
  has(address: string): boolean {
    const plain = address.replace(/^::ffff:(?=\d+\.\d+\.\d+\.\d+$)/i, "");
    return this.#list.check(plain, familyOf(plain));
  }
}

function familyOf(address: string): "ipv4" | "ipv6" {
  return isIP(address) === 6 ? "ipv6" : "ipv4";
}
