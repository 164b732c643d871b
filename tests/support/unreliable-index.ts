/** An index over a network, as far as callers can tell: each read and command takes its time, and may fail. */
import type { Index } from "../../src/index/port.ts";

/** `before`: what happens before each call. */
export function unreliableIndex(index: Index, before: () => Promise<void>): Index {
  const later = <T extends object>(reads: T): T =>
    new Proxy(reads, {
      get: (target, name) => {
        const value: unknown = Reflect.get(target, name);
        if (typeof value !== "function") return value;
        return (...input: unknown[]) => {
          const pages = name === "paths" || name === "releases" || name === "unverified";
          const call = () => (value as (...all: unknown[]) => unknown).apply(target, input);
          return pages ? paged(before, call as () => Iterable<unknown>) : before().then(call);
        };
      },
    });
  return {
    artifacts: later(index.artifacts),
    blobs: later(index.blobs),
    catalogs: later(index.catalogs),
    dates: later(index.dates),
    documents: later(index.documents),
    jobs: later(index.jobs),
    listed: later(index.listed),
    mirrored: later(index.mirrored),
    pins: later(index.pins),
    sets: later(index.sets),
    tasks: later(index.tasks),
    tokens: later(index.tokens),
    commit: async (name, input) => {
      await before();
      // As it comes over a wire.
      return structuredClone(await index.commit(name, structuredClone(input)));
    },
    drain: () => index.drain(),
  };
}

async function* paged(before: () => Promise<void>, read: () => Iterable<unknown>): AsyncGenerator<unknown> {
  await before();
  yield* read();
}
