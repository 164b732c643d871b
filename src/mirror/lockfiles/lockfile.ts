import type { Entry } from "../sources/source.ts";
export function readLockfile(_name: string, _bytes: Uint8Array): Iterable<Entry> {
  return [];
}
