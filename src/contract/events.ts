/**
 * What happened, told by the lower layers to whoever counts or logs it (metrics, access log, a mirror's progress).
 * Nothing in the program depends on anyone listening.
 */
import type { FeedState } from "./jobs.ts";
import type { SignatureKind } from "./signatures.ts";

export interface Events {
  /** A request was answered from what is held (`stale`: although upstream could not be asked), or had to be fetched. */
  served: { mount: string; outcome: "hit" | "miss" | "stale" };
  /** A request joined a fetch that was under way. */
  waited: { mount: string };
  /** Upstream answered, or did not (`status` absent). */
  upstream: { mount: string; method: string; url: string; status?: number; milliseconds: number; error?: string };
  /** A mirror job could not get something, and tries again at `until` (milliseconds since 1970). */
  postponed: { mount: string; reason: string; until: number };
  /** The feed of a registry that is mirrored whole has come so far. */
  feeding: { mount: string; state: FeedState };
  /** Bytes arrived from upstream. */
  fetched: { mount: string; bytes: number };
  /** Bytes were not those promised. */
  mismatch: { mount: string; path: string; expected: string; found: string };
  /** Upstream has a new generation under a root: it was published, or is not whole and the one before it stays served (`kept`). */
  generation: { mount: string; path: string; state: "published" | "kept" };
  /** A signature was wrong, or missing where there must be one. */
  untrusted: { mount: string; path: string; kind: SignatureKind; reason: string };
  /** The store worked, or failed. */
  stored: { operation: "place" | "remove" | "probe"; milliseconds: number; error?: string };
  /** An upstream host failed so often that it is left alone for a while (`open`), or is asked again. */
  breaker: { host: string; state: "open" | "closed" };
}

type Listener<K extends keyof Events> = (event: Events[K]) => void;
const listeners: { [K in keyof Events]?: Listener<K>[] } = {};

export function on<K extends keyof Events>(name: K, listener: Listener<K>): void {
  const list: Listener<K>[] = listeners[name] ?? [];
  list.push(listener);
  (listeners as Record<K, Listener<K>[]>)[name] = list;
}

export function emit<K extends keyof Events>(name: K, event: Events[K]): void {
  for (const listener of listeners[name] ?? []) listener(event);
}
