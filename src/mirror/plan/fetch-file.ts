import { readFileSync, statSync } from "node:fs";
import { BlobReader, type FileEntry, ZipReader } from "@zip.js/zip.js";
import type { Cache } from "../../cache/cache.ts";
import { ALONE, makeDoc } from "../../cache/documents/doc.ts";
import type { FileFact } from "../../cache/documents/facts.ts";
import type { Staged } from "../../cache/generations/pending-pointers.ts";
import { hashH1 } from "../../cache/integrity/h1.ts";
import { pinFor } from "../../cache/pins.ts";
import { matchIn, type Target, targetOf } from "../../cache/target.ts";
import type {
  ArtifactRoute,
  Digest,
  FileFacts,
  MetadataRoute,
  Path,
  ReleaseFacts,
  Requirement,
} from "../../contract/ecosystem.ts";
import type { ArtifactRow } from "../../index/rows.ts";

import { NotFound, UpstreamFailed } from "../../lib/errors.ts";
import type { Mount } from "../../mounts/mounts.ts";
import { algorithmOf } from "./choice.ts";
import { walk } from "./walk.ts";

/** What holding one path came to. */
export interface Held {
  path: Path;
  /** Of the file. */
  size: number;
  sha256: string;
  /** Bytes that had to be fetched; 0 when it was held. */
  bytes: number;
  /** Whether it was not held: it is now, unless it was only looked at. */
  fetched: boolean;
  /** Dependencies that the file itself declares (a POM, a wheel's metadata). */
  requires: Requirement[];
  /** Whether that is all it needs, what its requirements require too. */
  requiresAll?: boolean;
  /** Further files of the same release that it names (the jar of a POM). */
  files: FileFacts[];
  /** Pointers that were met on the way, to be published when all that they name is held. */
  staged?: Staged[];
  /** Whether it has one of the expected digests; absent where none was expected. */
  matches?: boolean;
  /** Whether nothing states its digest; only of files that are read again, to verify. */
  isUnverified?: boolean;
  /** Upstream said that it has no such file, when it was asked for its size. */
  isAbsent?: boolean;
  /** Whether it states what is required, and was only looked at. */
  isUnread?: boolean;
}

export interface HoldOptions {
  /** Any of these will do. */
  expected?: readonly Digest[] | undefined;
  /** Whether to look inside archives for what they require. */
  inside?: boolean;
  /** Whether what is held is read, and its bytes compared with its digest. */
  rehash?: boolean | undefined;
  /** What its index says of it, where that was just read. */
  fact?: FileFact | undefined;
  /** Whether upstream is asked where pointers lead by now, and for files whose digest nothing states, though what is held is fresh. */
  refresh?: boolean;
  /** Of what is only looked at: whether upstream is asked for the size of a file, where its index states none. */
  sized?: boolean;
  /** Whether it is only looked at: nothing is fetched but, to look inside, documents. */
  plansOnly?: boolean | undefined;
}

/** Holds one path, whatever it is, on purpose: it will not be evicted. Throws what fetching throws. */
export async function hold(cache: Cache, mount: Mount, path: Path, options: HoldOptions = {}): Promise<Held> {
  const match = matchIn(mount, "GET", path);
  if (typeof match === "number" || (match.route.kind !== "artifact" && match.route.kind !== "metadata"))
    throw new NotFound(`${mount.name} has no ${path}`);
  const { route, params } = match;
  if (options.plansOnly && (route.kind === "artifact" || !options.inside)) {
    const at = targetOf(mount, route, params, path);
    const size = options.fact?.size ?? 0;
    const isUnread = options.inside && route.kind === "artifact" && route.inside !== undefined;
    const row = cache.artifacts.held(at);
    const isReplaced =
      row && route.kind === "artifact" && (await isContradicted(cache, { ...at, route, params }, row, options));
    if (isReplaced || (!row && !cache.documents.held(mount, at.path)))
      return {
        path,
        size,
        ...(route.kind === "artifact" &&
          options.sized &&
          (await sizeOf(cache, at as Target<ArtifactRoute>, options.fact))),
        sha256: "",
        bytes: 0,
        fetched: true,
        requires: [],
        files: [],
        ...(isUnread && { isUnread }),
      };
  }
  return route.kind === "artifact"
    ? holdArtifact(cache, targetOf(mount, route, params, path), options)
    : holdDocument(cache, targetOf(mount, route, params, path), options);
}

async function sizeOf(
  cache: Cache,
  target: Target<ArtifactRoute>,
  fact: FileFact | undefined,
): Promise<Pick<Held, "isAbsent"> & { size?: number }> {
  try {
    const size = await cache.artifacts.sizeOf(target, fact);
    return size === undefined ? {} : { size };
  } catch (error) {
    if (error instanceof NotFound) return { isAbsent: true };
    throw error;
  }
}

/** Whether its index states another digest than the stored file has. */
async function isContradicted(
  cache: Cache,
  target: Target<ArtifactRoute>,
  row: ArtifactRow,
  { fact }: HoldOptions,
): Promise<boolean> {
  return (await cache.artifacts.judge(target, row, fact)).kind === "contradicted";
}

async function holdArtifact(cache: Cache, target: Target<ArtifactRoute>, options: HoldOptions): Promise<Held> {
  const { mount, path } = target;
  const { storage } = cache.context;
  const { row, fetched } = await cache.artifacts.hold(target, options);
  if (!row)
    throw new NotFound(
      `${path} could not be stored: the disk of the store has no room for it, or upstream states neither its length nor its digest`,
    );
  if (await pinFor(cache.context, mount, row)) {
    // A server may have evicted it just before.
    if (!cache.artifacts.held(target)) return holdArtifact(cache, target, options);
  }
  const file = storage.file(row.sha256);
  if (options.rehash) await requireWhole(path, row.sha256, file);
  const compared = await matching(path, row.sha256, file, options);
  const isUnverified =
    options.rehash &&
    !compared.matches &&
    (await cache.artifacts.judge(target, row, options.fact)).kind === "unverified";
  return {
    path,
    size: row.size,
    sha256: row.sha256,
    bytes: fetched ? row.size : 0,
    fetched,
    requires: options.inside ? (await inside(target, file)).flatMap(({ requires = [] }) => requires) : [],
    files: [],
    ...compared,
    ...(isUnverified && { isUnverified }),
  };
}

async function holdDocument(cache: Cache, target: Target<MetadataRoute>, options: HoldOptions): Promise<Held> {
  const { mount, path, route, params } = target;
  const refresh = (options.refresh && route.pointer) ?? false;
  const walked = await walk(cache, mount, path, { tolerant: false, refresh });
  const row = walked.row ?? cache.documents.held(mount, path);
  const own = route.release?.(params);
  const related = walked.releases.filter(({ name }) => name === own?.name);
  const stated = related.filter(({ version }) => version === own?.version);
  const leads = route.pointer || route.freshness === "immutable";
  const sha256 = row?.sha256 ?? "";
  if (row && options.rehash) await requireWhole(path, sha256, cache.context.storage.file(sha256));
  return {
    path,
    size: row?.size ?? 0,
    sha256,
    bytes: walked.bytes,
    fetched: walked.bytes > 0,
    requires: stated.flatMap(({ requires = [] }) => requires),
    ...(stated.some(({ requiresAll }) => requiresAll) && { requiresAll: true }),
    ...(walked.staged.length > 0 && { staged: walked.staged }),
    files: leads ? related.flatMap(filesOf) : [],
    ...(row && (await matching(path, sha256, cache.context.storage.file(sha256), options))),
  };
}

function filesOf({ files = [], marker }: ReleaseFacts): FileFacts[] {
  return files.map((file) => ({ ...(marker !== undefined && { marker }), ...file }));
}

/** What a stored archive's own member states. Throws UpstreamFailed where that is too large. */
export async function inside(target: Target<ArtifactRoute>, file: string): Promise<ReleaseFacts[]> {
  const { route, path } = target;
  if (!route.inside) return [];
  const zip = new ZipReader(new BlobReader(Bun.file(file)), { useWebWorkers: false });
  try {
    for await (const entry of zip.getEntriesGenerator()) {
      if (entry.directory || !route.inside.member.test(entry.filename)) continue;
      const bytes = await unpacked(entry, path);
      const doc = makeDoc(target, bytes, { mediaType: "", url: path }, ALONE);
      return [...(route.inside.parse(doc).releases ?? [])];
    }
    return [];
  } finally {
    await zip.close();
  }
}

/** Bytes of a member that states what a release requires. */
const MEMBER = 16 * 1024 * 1024;

/** Throws UpstreamFailed where it is larger than it says, or than what is read: a megabyte may hold gigabytes of the same. */
async function unpacked(entry: FileEntry, path: Path): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  const refuse = () => {
    throw new UpstreamFailed(
      `${path}: its member ${entry.filename} has more than ${MEMBER} bytes when it is unpacked, which is the most that is read`,
    );
  };
  if (entry.uncompressedSize > MEMBER) refuse();
  const sink = new WritableStream<Uint8Array>({
    write(chunk) {
      size += chunk.length;
      if (size > MEMBER) refuse();
      chunks.push(chunk);
    },
  });
  await entry.getData(sink);
  return Buffer.concat(chunks);
}

async function matching(
  path: Path,
  sha256: string,
  file: string,
  { expected = [] }: HoldOptions,
): Promise<{ matches?: boolean }> {
  if (expected.length === 0) return {};
  for (const algorithm of new Set(expected.map(algorithmOf))) {
    const found = algorithm === "sha256" ? sha256 : await digestOf(algorithm, path, file);
    if (expected.includes(`${algorithm}:${found}` as Digest)) return { matches: true };
  }
  return { matches: false };
}

async function requireWhole(path: Path, sha256: string, file: string): Promise<void> {
  const found = await digestOf("sha256", path, file);
  // No DigestMismatch: upstream is not to blame, and trying again is of no use.
  if (found !== sha256)
    throw new NotFound(
      `${path} is not held whole: expected sha256:${sha256}, found sha256:${found}; proxy verify, without sources, repairs it`,
    );
}

/** Bytes of a file that is read at once. */
const AT_ONCE = 1024 * 1024;

async function digestOf(algorithm: string, path: Path, file: string): Promise<string> {
  if (algorithm === "h1") return hashH1(path, file);
  const hasher = new Bun.CryptoHasher(algorithm as "sha512");
  // A stream costs more than it takes to read a small file.
  if (statSync(file).size <= AT_ONCE) return hasher.update(readFileSync(file)).digest("hex");
  for await (const chunk of Bun.file(file).stream()) hasher.update(chunk);
  return hasher.digest("hex");
}
