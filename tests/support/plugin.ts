/** Documents and views as the engine hands them to plugins: the conformance kit's own. */
import { NOTHING_STORED } from "../../src/conformance/setting.ts";
import type { Body, Path, Release, StoredContent } from "../../src/contract/ecosystem.ts";

export { mountOf, NOTHING_STORED, read, view } from "../../src/conformance/setting.ts";

/** A mount of which these are stored. */
export function storing({
  releases = [],
  documents = [],
  read = NOTHING_STORED.read,
}: {
  releases?: readonly Release[];
  documents?: readonly Path[];
  read?: StoredContent["read"];
}): StoredContent {
  return { releases: () => each(releases), documents: () => each(documents), read };
}

async function* each<T>(all: readonly T[]): AsyncGenerator<T> {
  yield* all;
}

/** The object that a body of JSON is. */
export function bodyOf(body: Body | undefined): unknown {
  const text = typeof body === "object" && "body" in body ? body.body : body;
  return JSON.parse(typeof text === "string" ? text : new TextDecoder().decode(text));
}
