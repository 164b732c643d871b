import type { Entry } from "../source.ts";
export async function* readSbom(_name: string, _bytes: AsyncIterable<Uint8Array>): AsyncIterable<Entry> {}
