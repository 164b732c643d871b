import type { Release } from "../../src/contract/ecosystem.ts";

/** Of the releases held, the newest of each package whose name has the text in it: what a search offline can know. */
export function searchHeld(
  held: Iterable<Release>,
  text: string | null,
  compare: (a: string, b: string) => number,
): { name: string; version: string }[] {
  const wanted = (text ?? "").toLowerCase();
  const newest = new Map<string, string>();
  for (const { name, version } of held) {
    const known = newest.get(name);
    if (name.toLowerCase().includes(wanted) && (known === undefined || compare(version, known) > 0)) {
      newest.set(name, version);
    }
  }
  return Array.from(newest, ([name, version]) => ({ name, version }));
}
