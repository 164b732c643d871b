/** Recordings: what a client was answered with is pinned, and remembered as a set under the recording's name. */
import { LRUCache } from "lru-cache";
import type { Path } from "../contract/ecosystem.ts";
import { messageOf } from "../lib/errors.ts";
import { log } from "../lib/log.ts";
import type { Mount } from "../mounts/mounts.ts";
import type { Context } from "./context.ts";
import { documentAt, matchIn, targetOf } from "./target.ts";

/** Names of recordings, as they stand in a path. */
export const SET_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

interface Note {
  set: string;
  mount: string;
  path: Path;
  /** After this, milliseconds since 1970, it will not be stored any more. */
  until: number;
}

/** Milliseconds in which notes gather before they are written. */
const GATHER = 100;
/** Milliseconds that an answer may take to be stored after it was sent. */
const STORING = 60_000;

export class Recorder {
  readonly #context: Context;
  readonly #known = new LRUCache<string, true>({ max: 100_000 });
  #notes: Note[] = [];
  #isRunning = false;

  constructor(context: Context) {
    this.#context = context;
  }

  /** A path was answered; it is recorded once it is held. `answered`: the path under which it is held, if that is known. Costs nothing
   * the second time. */
  note(set: string, mount: Mount, asked: Path, answered?: Path): void {
    const path = mount.isApart ? answered : heldAs(mount, asked);
    if (path === undefined) return;
    const key = `${set} ${mount.name} ${path}`;
    if (this.#known.has(key)) return;
    this.#known.set(key, true);
    this.#notes.push({ set, mount: mount.name, path, until: this.#context.now() + STORING });
    if (this.#isRunning) return;
    this.#isRunning = true;
    void this.#run();
  }

  /** Resolves when all that is held by now is written. */
  async drain(): Promise<void> {
    await this.#write();
  }

  async #run(): Promise<void> {
    while (this.#notes.length > 0) {
      await Bun.sleep(GATHER);
      await this.#write();
    }
    this.#isRunning = false;
  }

  async #write(): Promise<void> {
    const { commit, artifacts, documents, now } = this.#context;
    const notes = this.#notes;
    this.#notes = [];
    const isHeld = ({ mount, path }: Note) => artifacts.find(mount, path) ?? documents.find(mount, path);
    const held = notes.filter(isHeld);
    const waiting = notes.filter((note) => !held.includes(note) && note.until > now());
    this.#notes.unshift(...waiting);
    // What was answered but not kept may be asked for again, and kept then.
    for (const { set, mount, path } of notes.filter((note) => !held.includes(note) && !waiting.includes(note)))
      this.#known.delete(`${set} ${mount} ${path}`);
    if (held.length === 0) return;
    try {
      await commit("recordSets", { at: now(), entries: held.map(({ set, mount, path }) => ({ set, mount, path })) });
    } catch (error) {
      log.error("a recording could not be written", { error: messageOf(error) });
      for (const { set, mount, path } of held) this.#known.delete(`${set} ${mount} ${path}`);
    }
  }
}

/** The path under which what answers a request is held: its own, or the document's that it is derived from. */
function heldAs(mount: Mount, path: Path): Path | undefined {
  const match = matchIn(mount, "GET", path);
  if (typeof match === "number") return undefined;
  const { route, params } = match;
  if (route.kind === "derived") return documentAt(mount, route.of(params))?.path;
  if (route.kind !== "artifact" && route.kind !== "metadata") return undefined;
  return targetOf(mount, route, params, path).path;
}
