import type { Digest } from "../../src/contract/ecosystem.ts";
import type { Item, Lockfile } from "../../src/contract/lockfile.ts";
import { BadRequest } from "../../src/lib/errors.ts";
import { clip } from "../shared/lockfiles/elsewhere.ts";
import { MODULE } from "./go-directive.ts";

const MOD = "/go.mod";

/**
 * https://go.dev/ref/mod#go-sum-files. A version of which only the go.mod is wanted has the qualifier `type=mod`; one that
 * is wanted whole has the digests of both.
 */
export const goSum: Lockfile = {
  id: "go-sum",
  title: "go.sum",
  recognizes: (name, text) => /^go\.(?:work\.)?sum$/.test(name) || /^\s*\S+ v\S+ h1:/.test(text),
  read(text) {
    const items = new Map<string, { item: Item; digests: Digest[] }>();
    for (const [index, line] of text.split(/\r?\n/).entries()) {
      if (!line.trim()) continue;
      const place = `line ${index + 1}`;
      const [name = "", label = "", sum = "", ...more] = line.trim().split(/\s+/);
      if (!MODULE.test(name) || !/^v\d[\w.+-]*(?:\/go\.mod)?$/.test(label) || !/^h\d+:./.test(sum) || more.length > 0)
        throw new BadRequest(`${place}: expected a module, its version and h1:SUM, found "${clip(line)}"`);
      if (sum.startsWith("h1:") && !/^h1:[A-Za-z\d+/]{43}=$/.test(sum))
        throw new BadRequest(`${place}: "${clip(sum)}" is no whole h1 sum of 44 characters`);
      const isMod = label.endsWith(MOD);
      const version = isMod ? label.slice(0, -MOD.length) : label;
      const key = `${name} ${version}`;
      const item: Item = { purl: { type: "golang", name, version }, place };
      const known = items.get(key) ?? {
        item: { ...item, purl: { ...item.purl, qualifiers: { type: "mod" } } },
        digests: [],
      };
      if (!isMod) known.item = item;
      // The go command ignores sums of algorithms to come.
      if (sum.startsWith("h1:")) known.digests.push(sum as Digest);
      items.set(key, known);
    }
    return Array.from(items.values(), ({ item, digests }) => (digests.length > 0 ? { ...item, digests } : item));
  },
};
