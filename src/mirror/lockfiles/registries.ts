import type { Entry, Item } from "../sources/source.ts";
import { withoutCredentials } from "./elsewhere.ts";

export interface Sourced {
  item: Item;
  /** Address or name of the registry that the lockfile has it from. */
  registry: string;
}

/**
 * A lockfile says which registries its packages are from, and a mount has one: the one that most are from (the first of
 * equals). What is from another is set aside.
 */
export function* ofOneRegistry(all: readonly Sourced[]): Iterable<Entry> {
  const counts = new Map<string, number>();
  for (const { registry } of all) counts.set(plain(registry), (counts.get(plain(registry)) ?? 0) + 1);
  const most = Math.max(...counts.values());
  const [chosen] = Array.from(counts).find(([, count]) => count === most) ?? [];
  for (const { item, registry } of all) {
    const { name, version } = item.purl;
    if (plain(registry) === chosen) yield item;
    else
      yield { what: `${name}@${version}`, reason: `is from ${plain(registry)}, not from ${chosen}`, place: item.place };
  }
}

function plain(registry: string): string {
  return withoutCredentials(registry).replace(/\/+$/, "");
}
