import type { Release } from "../../src/contract/ecosystem.ts";

/** Of the stored releases, the newest of each package whose name has the text in it: what a search offline can know. */
export async function searchStored(
  stored: AsyncIterable<Release>,
  text: string | null,
  compare: (a: string, b: string) => number,
): Promise<{ name: string; version: string }[]> {
  const wanted = (text ?? "").toLowerCase();
  const newest = new Map<string, string>();
  for await (const { name, version } of stored) {
    const known = newest.get(name);
    if (name.toLowerCase().includes(wanted) && (known === undefined || compare(version, known) > 0)) {
      newest.set(name, version);
    }
  }
  return Array.from(newest, ([name, version]) => ({ name, version }));
}
