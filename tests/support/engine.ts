/** A cache over a temporary store, in this process, with a clock that the test moves. */
import { join } from "node:path";
import { openDisk } from "../../src/blobs/disk/disk.ts";
import type { Storage } from "../../src/blobs/storage.ts";
import type { Answer, Ask } from "../../src/cache/ask.ts";
import { Cache, type Offload } from "../../src/cache/cache.ts";
import type { CacheSettings, Context } from "../../src/cache/context.ts";
import type { Path } from "../../src/contract/ecosystem.ts";
import type { ImmediateIndex } from "../../src/index/port.ts";
import { type Database, openDatabase } from "../../src/index/sqlite/open.ts";
import { sqliteIndex } from "../../src/index/sqlite/sqlite-index.ts";
import { type SqliteTables, tablesOf } from "../../src/index/sqlite/tables.ts";
import { symlinkLeases } from "../../src/leases/symlink/symlink-leases.ts";
import { Upstream, type UpstreamSettings } from "../../src/upstream/client.ts";
import { temporaryFolder } from "./temporary-folder.ts";

export interface Engine {
  cache: Cache;
  dir: string;
  database: Database;
  index: ImmediateIndex;
  /** To write single rows. */
  tables: SqliteTables;
  clock: { advance(milliseconds: number): void };
  /** Another cache over the same store, as after a restart. */
  again(settings: Partial<CacheSettings>): Promise<Cache>;
  close(): Promise<void>;
}

/** What stands in the place of the engine's own parts. */
export interface Parts {
  upstream?: Partial<UpstreamSettings>;
  storage?: Partial<Storage>;
  offload?: (cache: () => Cache) => Offload;
  /** Bytes. */
  memory?: number;
  /** A store and database to share with another engine; it is not removed. */
  dir?: string;
}

const refused = () => Promise.reject(new Error("nothing is done elsewhere"));
/** Other processes that do nothing of what they are asked. */
export const NOTHING_ELSEWHERE: Offload = {
  read: refused,
  render: refused,
  derive: refused,
  compose: refused,
  rewrite: refused,
  state: refused,
  declare: refused,
  agree: refused,
  attested: refused,
  refute: refused,
};

const MEMORY = 8 * 1024 * 1024;

export async function engine(
  { now = Date.now(), ...settings }: Partial<CacheSettings> & { now?: number } = {},
  parts: Parts = {},
): Promise<Engine> {
  const folder = await temporaryFolder();
  const dir = parts.dir ?? join(folder.path, "cache");
  let time = now;
  const database = openDatabase(join(dir, "proxy.db"));
  const index = sqliteIndex(database);
  const open = (chosen: Partial<CacheSettings>) => {
    const storage = { ...openDisk(dir), ...parts.storage };
    const context: Context = {
      storage,
      upstream: new Upstream({
        timeout: 2_000,
        patience: 0,
        credentials: [],
        allowPrivate: [],
        userAgent: "test",
        ...parts.upstream,
      }),
      ...index,
      leases: symlinkLeases(storage.parts),
      now: () => time,
      settings: {
        makesUpstreamRequests: true,
        keepsDocuments: true,
        pinsWhatItFetches: false,
        maxDocument: 5_000_000,
        maxUnpacked: 50_000_000,
        maxFollowUps: 200,
        maxArtifact: 50_000_000,
        staleWhileRevalidate: 60_000,
        staleIfError: 30 * 86_400_000,
        negativeTtl: 60_000,
        cooldown: { default: 0, ecosystems: {}, packages: {}, unknown: "withhold" },
        ...chosen,
      },
    };
    const opened: Cache = new Cache(
      context,
      parts.memory ?? MEMORY,
      parts.offload?.(() => opened),
    );
    return opened;
  };
  const cache = open(settings);
  return {
    cache,
    dir,
    database,
    index,
    tables: tablesOf(database),
    clock: {
      advance: (milliseconds) => {
        time += milliseconds;
      },
    },
    again: async (chosen) => open({ ...settings, ...chosen }),
    close: async () => {
      await cache.drain();
      await database.close();
      await folder.remove();
    },
  };
}

/** What a promise fails with; `undefined` when it does not. */
export function failure(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => undefined,
    (error: unknown) => error,
  );
}

/** A GET without anything special. */
export function askFor(path: Path): Ask {
  return { method: "GET", path, query: new URLSearchParams(), accept: null, base: "http://proxy.example" };
}

/** The bytes that a client would be sent; rejects where its answer would be broken off. */
export async function bytesOf({ context }: Cache, answer: Answer): Promise<Uint8Array> {
  if (answer.kind === "ready") return answer.ready.bytes;
  if (answer.kind === "passthrough") return answer.response.bytes();
  const { file } = answer;
  if (file.kind === "held") return Bun.file(context.storage.file(file.row.sha256)).bytes();
  if (file.kind === "whole") return file.bytes;
  const body = file.kind === "growing" ? await file.growing.stream() : (await file.open()).body;
  return new Response(body as ReadableStream<Uint8Array>).bytes();
}
