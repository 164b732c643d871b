/** All that a mirror or a check is to be about, from wherever it is named. */

import type { PathTask, Task } from "../../contract/jobs.ts";
import { type Aside, type Entry, isItem } from "../../contract/lockfile.ts";
import type { Purl } from "../../contract/purl.ts";
import type { MaybePromise, Paged } from "../../index/port.ts";
import { BadRequest } from "../../lib/errors.ts";
import { formatSize } from "../../lib/sizes.ts";
import { decode } from "./decode.ts";
import { readImages } from "./images.ts";
import { readLockfile } from "./lockfiles.ts";
import { readSbom } from "./sbom/sbom.ts";
import type { Targets } from "./targets.ts";

/** A file, or what stands for one. */
export interface Input {
  /** For messages. */
  name: string;
  bytes: () => AsyncIterable<Uint8Array>;
}

export interface Sources {
  purls: readonly string[];
  /** A package URL a line; what follows ` #`, and lines that begin with `#`, are for people. */
  lists: readonly Input[];
  sboms: readonly Input[];
  lockfiles: readonly Input[];
  /** References of images: lists, compose files, Kubernetes manifests. */
  images: readonly Input[];
  /** Names of recordings. */
  sets: readonly string[];
}

/** Bytes of a list of package URLs, or of a lockfile. */
const LONGEST = 64_000_000;

export interface ReadOptions {
  targets: Targets;
  sets: { has(name: string): MaybePromise<boolean>; paths(name: string): Paged<PathTask> };
  /** Whether a malformed package URL or hash in an SBOM is a fault, rather than an aside. Default: it is an aside. */
  isStrict?: boolean;
  /** Told of what a source names and no registry has. */
  aside: (aside: Aside) => void;
}

/** Reads sources to their end. Throws BadRequest, with the place, for what cannot be read: nothing may be done before the end. */
export async function* tasksOf(sources: Sources, options: ReadOptions): AsyncGenerator<Task> {
  const { targets, sets } = options;
  const lines: (readonly [string, string])[] = sources.purls.map((text) => ["", text]);
  for (const list of sources.lists) for await (const line of linesOf(list)) lines.push(line);
  yield* targets.ofAll(lines);
  const { isStrict = false } = options;
  for (const { name, bytes } of sources.sboms)
    yield* itemsOf(named(name, readSbom(name, bytes(), { isStrict, lockfiles: targets.lockfiles })), options);
  for (const input of sources.lockfiles)
    yield* itemsOf(readLockfile(input.name, await whole(input), targets.lockfiles), options);
  for (const input of sources.images) yield* itemsOf(readImages(input.name, await whole(input)), options);
  for (const name of sources.sets) {
    if (!(await sets.has(name)))
      throw new BadRequest(`there is no set ${name}; proxy sets lists those that were recorded`);
    for await (const { mount, path } of sets.paths(name)) yield { mount, path };
  }
}

async function* named(name: string, entries: AsyncIterable<Entry>): AsyncGenerator<Entry> {
  for await (const entry of entries) yield { ...entry, place: `${name}: ${entry.place}` };
}

async function* itemsOf(entries: AsyncIterable<Entry> | Iterable<Entry>, options: ReadOptions): AsyncGenerator<Task> {
  const { targets, aside } = options;
  for await (const entry of entries) {
    const builtIn = isItem(entry) ? targets.builtIn(entry.purl) : undefined;
    if (!isItem(entry)) aside(entry);
    else if (builtIn !== undefined) aside({ what: entry.purl.name, reason: builtIn, place: entry.place, isOwn: true });
    else if (!targets.serves(entry.purl)) {
      const { purl, place } = entry;
      aside({ what: `pkg:${purl.type}/${purl.name}`, reason: `no ecosystem serves the type "${purl.type}"`, place });
    } else {
      const { purl, place, from, digests = [] } = entry;
      const target = targets.from(purl, from);
      if (typeof target === "string") aside({ what: labelOf(purl), reason: target, place });
      else yield { ...target, ...(digests.length > 0 && { digests }) };
    }
  }
}

function labelOf({ type, name, version }: Purl): string {
  return `pkg:${type}/${name}${version === undefined ? "" : `@${version}`}`;
}

async function* linesOf(list: Input): AsyncGenerator<readonly [string, string]> {
  let at = 0;
  let found = 0;
  for (const line of decode(list.name, await whole(list)).split(/\r?\n/)) {
    at++;
    const text = line.replace(/(^|\s)#.*/s, "").trim();
    if (!text) continue;
    found++;
    yield [`${list.name}: line ${at}: `, text];
  }
  // Whatever was to write the list failed, more often than not; "all is held" would hide it.
  if (found === 0) throw new BadRequest(`${list.name} names nothing; expected package URLs, one a line`);
}

async function whole({ name, bytes }: Input): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of bytes()) {
    size += chunk.length;
    if (size > LONGEST)
      throw new BadRequest(`${name}: more than ${formatSize(LONGEST)}, the most that is read of such a file`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
