/** Puts the parts together: configuration → store, database, upstream, mounts, cache. The main thread and every worker have one. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { LRUCache } from "lru-cache";
import { openDisk } from "../blobs/disk/disk.ts";
import { observed } from "../blobs/observed.ts";
import { overlay } from "../blobs/overlay.ts";
import type { Storage } from "../blobs/storage.ts";
import type { Ask } from "../cache/ask.ts";
import { Cache, type Offload } from "../cache/cache.ts";
import type { Context } from "../cache/context.ts";
import type { Source } from "../cache/documents/doc.ts";
import type { Beside } from "../cache/documents/documents.ts";
import { readDocument } from "../cache/documents/reader.ts";
import { blobHasher, type Found, type HashInput } from "../cache/integrity/hash-blobs.ts";
import type { Attested } from "../cache/integrity/signature-policy.ts";
import { refuteHere, type SignatureCheck } from "../cache/integrity/signed-documents.ts";
import { type Apart, answerApart } from "../cache/render/apart.ts";
import type { Lent, Stated } from "../cache/render/heavy.ts";
import type { Rendered } from "../cache/render/view.ts";
import { documentAt, matchIn, type Target } from "../cache/target.ts";
import type { WholeAnswer } from "../cache/transfer/passthrough-request.ts";
import type { PluginSource } from "../config/plugin-source.ts";
import type { Config } from "../config/schema.ts";
import type { Body, Declared, Digest, Ecosystem, MetadataRoute, Path } from "../contract/ecosystem.ts";
import type { Estimate, JobSpec, RegistrySpec, ReleaseTask } from "../contract/jobs.ts";
import { formatPurl, parsePurl, typesOf } from "../contract/purl.ts";
import { readdress } from "../http/readdress.ts";
import { allowed, statusOf } from "../http/respond.ts";
import type { ImmediateIndex, SetReads } from "../index/port.ts";
import type { DocumentRow } from "../index/rows.ts";
import { copyDatabase, type Database, openDatabase } from "../index/sqlite/open.ts";
import { sqliteIndex, withoutNotes } from "../index/sqlite/sqlite-index.ts";
import { symlinkLeases } from "../leases/symlink/symlink-leases.ts";
import { LimitExceeded, messageOf, NotFound } from "../lib/errors.ts";
import { log } from "../lib/log.ts";
import { VERSION } from "../lib/version.ts";
import { JobStore } from "../mirror/job/store.ts";
import { type MirrorTasks, mirrorTasks, type Runner } from "../mirror/job/tasks.ts";
import { Registries } from "../mirror/registry/registries.ts";
import type { FeedTask } from "../mirror/registry/remote-feed.ts";
import { type Mount, makeMount, meaningOf } from "../mounts/mounts.ts";
import { ecosystemsOf } from "../plugins/registry.ts";
import { spawnWorker } from "../spawn.ts";
import { Upstream } from "../upstream/client.ts";
import { Crew } from "../workers/inline-first-pool.ts";
import { Pool, type Tasks as PoolTasks } from "../workers/pool.ts";
import { Child } from "./child.ts";
import { guarded, type Ownership, ownership, type Places, placesOf } from "./places.ts";
import { Divided, Outsiders } from "./plugin-process.ts";
import type { Profile } from "./profile.ts";
import { estimate } from "./registry-estimate.ts";
import { requireUsable, trustOf } from "./trust.ts";

export interface RuntimeOptions {
  config: Config;
  /** Those from outside that were admitted: each thread runs the same bytes. */
  sources: readonly PluginSource[];
  profile: Profile;
  /** Threads that share the rate at which mirrors may fetch. Default: this one alone. */
  share?: number;
}

/** What a client asks. Structured-cloneable. */
type Asked = Omit<Ask, "query"> & { query: string };

/** A document of a mount. `lent`: what is not stored of it. */
interface InQuestion {
  mount: string;
  path: Path;
  lent: readonly Lent[];
}

/** A document in the store. */
interface Placed {
  path: Path;
  row: DocumentRow;
}

/** What a worker can be asked to do. */
export interface Job extends MirrorTasks {
  open(options: RuntimeOptions): Promise<void>;
  read(input: {
    mount: string;
    path: Path;
    content: Uint8Array<ArrayBuffer> | string;
    source: Source;
  }): ReturnType<typeof readDocument>;
  render(input: InQuestion & { variant: string; base: string }): Promise<Rendered>;
  rewrite(input: { mount: string; method: string; path: Path; found: WholeAnswer; base: string }): Promise<Body>;
  derive(input: { mount: string; path: Path; made: Uint8Array | undefined }): Promise<Rendered>;
  state(input: InQuestion): Promise<Stated>;
  declare(input: Omit<InQuestion, "path">): Promise<Declared>;
  agree(input: { mount: string; document: Placed; root: Placed }): Promise<boolean>;
  attested(input: InQuestion & { claim: { digest: Digest; signers: readonly string[] } }): Promise<Attested>;
  refute(input: { mount: string; path: Path; check: SignatureCheck }): Promise<string | undefined>;
  /** All that a client asks of a mount whose plugin runs in another process. */
  answer(input: { mount: string; ask: Asked }): Promise<Apart>;
  setup(input: { mount: string; address: string }): Promise<string>;
  hash(input: HashInput): Promise<Found[]>;
  estimate(input: { spec: JobSpec & { registry: RegistrySpec }; folder: string }): Promise<Estimate>;
  feed(task: FeedTask): Promise<void>;
}

export interface Runtime {
  cache: Cache;
  database: Database;
  places: Places;
  ownership: Ownership;
  index: ImmediateIndex;
  /** Recorded sets. */
  sets: SetReads;
  /** Mirror jobs. */
  store: JobStore;
  /** Registries that are mirrored whole. */
  registries: Registries;
  mounts: ReadonlyMap<string, Mount>;
  /** As those that it was opened with. */
  sources: readonly PluginSource[];
  tasks(): Job;
  /** Waits for what is being stored. */
  close(): Promise<void>;
}

/** A release that is mirrored may lead to so many times the documents that a request may. */
const MIRRORED = 10;

/** Processes for tasks of mirror jobs in a server, where the setting leaves it open: each has a hundred megabytes. */
const PROCESSES = 8;
/** Processes for feeds: more of them at once share some. */
const FEEDS = 10;
/** Milliseconds that a document which took too much is refused at once. */
const REFUSED = 60_000;
/** Milliseconds without work after which a process that reads documents ends. */
const IDLE = 60_000;
/** Milliseconds that who holds on purpose believes in absence: tasks of one moment, but not who tries again, are told the same. */
const ABSENT = 1_000;

export async function openRuntime(options: RuntimeOptions, offload?: Offload): Promise<Runtime> {
  const { config, sources, profile, share = 1 } = options;
  const { scratch, pinsWhatItFetches: isMirror } = profile;
  const absent = profile.createsStore ? "create" : "refuse";
  const ecosystems = await ecosystemsOf(sources);
  const places = placesOf(config);
  const database = scratch ? openCopy(places.database, scratch) : openDatabase(places.database, absent);
  const { isReadOnly } = database;
  const disk = scratch
    ? dryStorage(places.storage, scratch)
    : openDisk(places.storage, {
        waitsForDisk: profile.waitsForDisk,
        answersClients: profile.answersClients,
        absent,
        isReadOnly,
      });
  const owner = ownership(database, disk);
  if (profile.claimsStore && !scratch) await owner.claim();
  const storage = observed(guarded(disk, owner));
  const upstream = new Upstream({
    timeout: config.http_timeout,
    patience: profile.patience,
    credentials: config.credentials,
    allowPrivate: config.allow_private,
    userAgent: `proxy/${VERSION}`,
    // A mirror makes thousands of requests, and no client waits for them.
    adaptive: isMirror,
    rate: isMirror ? config.mirror.rate / share : 0,
  });
  const index = sqliteIndex(database);
  const leases = symlinkLeases(storage.parts, storage.waitsForDisk);
  const context: Context = {
    storage,
    leases,
    upstream,
    ...(isReadOnly ? withoutNotes(index) : index),
    now: Date.now,
    settings: {
      makesUpstreamRequests: profile.makesUpstreamRequests,
      keepsDocuments: profile.keepsDocuments,
      pinsWhatItFetches: isMirror,
      maxDocument: config.metadata_max_size || Number.POSITIVE_INFINITY,
      maxUnpacked: config.metadata_max_unpacked || Number.POSITIVE_INFINITY,
      maxFollowUps: (config.metadata_max_requests || Number.POSITIVE_INFINITY) * (isMirror ? MIRRORED : 1),
      maxArtifact: config.artifact_max_size || Number.POSITIVE_INFINITY,
      staleWhileRevalidate: config.stale_while_revalidate,
      staleIfError: config.stale_if_error,
      negativeTtl: isMirror ? Math.min(config.negative_ttl, ABSENT) : config.negative_ttl,
      cooldown: { ...config.cooldown, packages: spelled(config, ecosystems) },
    },
  };
  const outside = new Set(offload?.answer ? sources.map(({ id }) => id) : []);
  const mounts = new Map(
    mountsOf(config, ecosystems).map((mount) => [
      mount.name,
      outside.has(mount.ecosystem.id) ? { ...mount, isApart: true } : mount,
    ]),
  );
  await requireUsable(mounts.values());
  const cache = new Cache(context, config.memory_cache, offload);
  const isRestated = ({ mount: name, ...pkg }: ReleaseTask, since: number) => {
    const mount = mounts.get(name);
    const indexes = mount ? mount.ecosystem.index(pkg, mount.traits) : [];
    const fetchedAt = (path: Path) =>
      cache.documents.held(mount!, documentAt(mount!, path)?.path ?? path)?.fetchedAt ?? 0;
    return indexes.some((path) => fetchedAt(path) > since);
  };
  const store = new JobStore(index, leases, isRestated);
  const registries = new Registries({
    index,
    store,
    context,
    documents: cache.documents,
    mounts,
  });
  return {
    cache,
    database,
    places,
    ownership: owner,
    index,
    sets: index.sets,
    store,
    registries,
    mounts,
    sources,
    tasks: () => tasksOf(cache, mounts, registries),
    close: async () => {
      await cache.drain();
      // What was stored makes copies of the database old.
      if (profile.claimsStore && !scratch)
        await owner.claim().catch((error: unknown) => log.warn("the store was not told", { error: messageOf(error) }));
      await database.close();
    },
  };
}

/** A dry run is the run without the downloads: documents are recorded as they are in a run, in a copy that ends with the folder. */
function openCopy(path: string, folder: string): Database {
  const copy = join(folder, "proxy.db");
  copyDatabase(path, copy);
  return openDatabase(copy);
}

/** What is held, if anything, and a folder for what is looked at. */
function dryStorage(path: string, folder: string): Storage {
  return overlay(openDisk(existsSync(path) ? path : folder), folder);
}

/** Threads with a runtime of their own, and processes for plugins from outside. `size`: 0 for as many as there are cores. */
export function openPool(size: number, options: RuntimeOptions): Divided {
  return divided(openThreads(size, options), options);
}

/**
 * The same where clients are served: all are processes with limits. A thread of the server that reads what takes too much memory would end
 * the server. Feeds, which take hours, have processes of their own, so that none of them is ended for what another task reads.
 */
export function openLimitedPool(size: number, options: RuntimeOptions): Divided {
  const most = size || Math.min(threads(0), PROCESSES);
  const own = { ...options, sources: [], share: options.share ?? most };
  const [tasks, feeds] = [openChildren(most, own), openChildren(FEEDS, own)];
  const pool: ConstructorParameters<typeof Divided>[0] = {
    run: (name, input) => (name === "feed" ? feeds : tasks).run(name, input),
    close: () => {
      tasks.close();
      feeds.close();
    },
    gone: async () => void (await Promise.all([tasks.gone(), feeds.gone()])),
  };
  return divided(pool, options);
}

function divided(own: ConstructorParameters<typeof Divided>[0], options: RuntimeOptions): Divided {
  const { config, sources } = options;
  let mounts: Promise<ReadonlyMap<string, Mount>> | undefined;
  const read = async () => new Map(mountsOf(config, await ecosystemsOf(sources)).map((mount) => [mount.name, mount]));
  return new Divided(own, outsidersOf(options), () => {
    mounts ??= read();
    return mounts;
  });
}

/** A process for each plugin from outside. */
export function outsidersOf(options: RuntimeOptions): Outsiders {
  return new Outsiders(options.sources, (source) => openChildren(1, { ...options, sources: [source] }));
}

function openThreads(size: number, options: RuntimeOptions): Pool<WorkerTasks> {
  const share = options.share ?? threads(size);
  return new Pool<WorkerTasks>(threads(size), () => {
    const worker = spawnWorker();
    worker.postMessage({ id: -1, name: "open", input: { ...options, share } });
    return worker;
  });
}

/** Processes with a runtime of their own, which end when they take too much, and when there is nothing to do for a while. */
export function openChildren<T extends PoolTasks = WorkerTasks>(size: number, options: RuntimeOptions): Pool<T> {
  const spawn = () => {
    const child = new Child(options.config.isolation);
    // What they make is kept by who asked for it.
    child.postMessage({ id: -1, name: "open", input: { ...options, config: { ...options.config, memory_cache: 0 } } });
    return child;
  };
  return new Pool<T>(size, spawn, { idle: IDLE });
}

/** This thread, and so many more that all are `options.share`. `keeps`: see `CrewOptions`. */
export function openCrew(
  runtime: Runtime,
  options: RuntimeOptions & { share: number },
  keeps?: (name: string, input: unknown) => boolean,
): Divided {
  const others = options.share - 1;
  const pool = openThreads(others || 1, options);
  const crew = new Crew<WorkerTasks>({ own: runtime.tasks(), pool, others, ...(keeps && { keeps }) });
  return divided(crew, options);
}

/** `0`: one for each core. */
export function threads(size: number): number {
  return size || navigator.hardwareConcurrency;
}

export type WorkerTasks = { [K in keyof Job]: Job[K] };

/** Large documents are read and rewritten by a pool. One that took too much is refused for a while without another try. */
export function offloadTo(pool: Pool<WorkerTasks>, outsiders: Outsiders): Required<Offload> {
  const refused = new LRUCache<string, { until: number; error: LimitExceeded }>({ max: 1_000 });
  const once = async <T>({ name }: Mount, path: Path, run: () => Promise<T>): Promise<T> => {
    const key = `${name}${path}`;
    const known = refused.get(key);
    if (known && known.until > performance.now()) throw known.error;
    try {
      return await run();
    } catch (error) {
      if (!(error instanceof LimitExceeded)) throw error;
      const named = new LimitExceeded(`${name}${path} cannot be read: ${error.message}`);
      refused.set(key, { until: performance.now() + REFUSED, error: named });
      log.warn("a document is refused", { mount: name, path, reason: error.message });
      throw named;
    }
  };
  return {
    read: ({ mount, path }, content, source) =>
      once(mount, path, () => pool.run("read", { mount: mount.name, path, content, source })),
    render: ({ mount, path }, variant, base, lent) =>
      once(mount, path, () => pool.run("render", { mount: mount.name, path, variant, base, lent })),
    rewrite: ({ mount, path }, found, { method, base }) =>
      once(mount, path, () => pool.run("rewrite", { mount: mount.name, method, path, found, base })),
    derive: (mount, path, made) => once(mount, path, () => pool.run("derive", { mount: mount.name, path, made })),
    compose: (mount, { query, ...ask }) =>
      once(mount, ask.path, async () => {
        const made = await pool.run("answer", { mount: mount.name, ask: { ...ask, query: String(query) } });
        if (made.kind !== "ready") throw new Error(`${ask.path} is not composed of what is stored`);
        return made.ready;
      }),
    answer: (mount, { query, ...ask }) =>
      once(mount, `${ask.path}?${query}` as Path, () =>
        outsiders.of(mount)!.run("answer", { mount: mount.name, ask: { ...ask, query: String(query) } }),
      ),
    state: ({ mount, path }, lent) => once(mount, path, () => pool.run("state", { mount: mount.name, path, lent })),
    declare: ({ mount, path }, lent) => once(mount, path, () => pool.run("declare", { mount: mount.name, lent })),
    agree: ({ target: { mount, path }, row }, root) =>
      once(mount, path, () =>
        pool.run("agree", {
          mount: mount.name,
          document: { path, row },
          root: { path: root.target.path, row: root.row },
        }),
      ),
    attested: ({ mount, path }, claim, lent) =>
      once(mount, path, () => pool.run("attested", { mount: mount.name, path, claim, lent })),
    refute: ({ mount, path }, check) => once(mount, path, () => pool.run("refute", { mount: mount.name, path, check })),
  };
}

function tasksOf(cache: Cache, mounts: ReadonlyMap<string, Mount>, registries: Registries): Job {
  const mountOf = (name: string) => {
    const mount = mounts.get(name);
    if (!mount) throw new NotFound(`there is no mount ${name}`);
    return mount;
  };
  const target = (mount: string, path: Path) => {
    const found = documentAt(mountOf(mount), path);
    if (!found) throw new NotFound(`${mount} has no document ${path}`);
    return found;
  };
  const rowOf = (document: Target<MetadataRoute>) => {
    const row = cache.documents.held(document.mount, document.path) ?? cache.documents.blank(document);
    if (!row) throw new NotFound(`${document.mount.name}${document.path} is no longer held`);
    return row;
  };
  const inQuestion = ({ mount, path, lent }: InQuestion): Beside => {
    cache.documents.borrow(lent);
    const document = target(mount, path);
    return { target: document, row: lent.find(({ row }) => row.path === document.path)?.row ?? rowOf(document) };
  };
  const tasks: Job = {
    ...mirrorTasks(cache, mountOf),
    estimate: ({ spec, folder }) => {
      const pool: Runner = { run: (name, input) => tasks[name](input as never) as never };
      return estimate(spec, { cache, mounts, folder }, { pool, mounts });
    },
    open: async () => {},
    feed: (task) => registries.feed(task),
    hash: blobHasher(cache.context.storage),
    read: ({ mount, path, content, source }) => readDocument(cache.documents, target(mount, path), content, source),
    answer: ({ mount, ask }) => answerFor(cache, mountOf(mount), { ...ask, query: new URLSearchParams(ask.query) }),
    setup: async ({ mount, address }) => mountOf(mount).ecosystem.setup(address),
    state: async (input) => {
      const { target: document, row } = inQuestion(input);
      return cache.documents.stated(document, row);
    },
    declare: async ({ mount, lent }) => {
      cache.documents.borrow(lent);
      return cache.documents.declaredStored(mountOf(mount));
    },
    agree: ({ mount, document, root }) =>
      cache.documents.agree(
        { target: target(mount, document.path), row: document.row },
        { target: target(mount, root.path), row: root.row },
      ),
    attested: async ({ claim, ...input }) => cache.vouching.attested(inQuestion(input), claim),
    refute: async ({ mount, path, check }) => refuteHere(target(mount, path), check),
    render: async ({ variant, base, ...input }) => {
      const { target: document, row } = inQuestion(input);
      return cache.views.render(document, row, variant, base);
    },
    rewrite: async ({ mount, method, path, found, base }) => {
      const match = matchIn(mountOf(mount), method, path.split("?")[0] as Path);
      if (typeof match === "number" || match.route.kind !== "passthrough")
        throw new NotFound(`${mount} passes no ${method} ${path} on`);
      const { route, params } = match;
      return cache.views.ofAnswer({ mount: mountOf(mount), route, params, path }, found, base);
    },
    derive: async ({ mount, path, made }) => {
      const match = matchIn(mountOf(mount), "GET", path);
      if (typeof match === "number" || match.route.kind !== "derived") throw new NotFound(`${mount} has no ${path}`);
      const { route, params } = match;
      const served = made ?? cache.documents.bytes(rowOf(target(mount, route.of(params))));
      return cache.views.derive({ route, params, path }, served);
    },
  };
  return tasks;
}

/** As the server answers, with what its clients are to be shown where it fails. */
async function answerFor(cache: Cache, mount: Mount, ask: Ask): Promise<Apart> {
  try {
    const added = ask.query.size > 0 ? readdress(mount, ask) : {};
    const answer = await answerApart(cache, mount, ask);
    if (answer.kind === "ready") Object.assign(answer.ready.headers, added);
    else if (answer.kind !== "growing")
      Object.assign(answer.kind === "held" ? answer.row.headers : answer.headers, added);
    return answer;
  } catch (error) {
    const status = statusOf(error);
    if (!(error instanceof Error) || status === 500) throw error;
    const problem = mount.ecosystem.problem?.(status, messageOf(error));
    throw Object.assign(error, { problem, ...(status === 405 && { allow: allowed(mount, ask.path) }) });
  }
}

/** People write `pkg:pypi/zope.interface`; the registry's name of it is `zope-interface`. */
function spelled(config: Config, ecosystems: readonly Ecosystem[]): Record<string, number> {
  const mounts = mountsOf(config, ecosystems);
  const entries = Object.entries(config.cooldown.packages).map(([purl, threshold]) => {
    const given = parsePurl(purl);
    const serving = mounts.filter(({ ecosystem }) => typesOf(ecosystem).includes(given.type));
    let problem: unknown;
    for (const mount of serving)
      try {
        const { ecosystem } = mount;
        const { name } = meaningOf(mount, given);
        return [formatPurl(ecosystem, { name: ecosystem.identity?.(name) ?? name }), threshold] as const;
      } catch (error) {
        problem ??= error;
      }
    if (serving.length > 0) throw problem;
    return [purl, threshold] as const;
  });
  return Object.fromEntries(entries);
}

/** One mount for each plugin at its default place, and those of the configuration, but for those whose plugin was refused. */
export function mountsOf(config: Config, ecosystems: readonly Ecosystem[]): Mount[] {
  const byId = new Map(ecosystems.map((ecosystem) => [ecosystem.id, ecosystem]));
  const names = new Map(ecosystems.map(({ id, mount }) => [(mount ?? `/${id}`).slice(1), id]));
  for (const [name, { ecosystem }] of Object.entries(config.mounts)) names.set(name, ecosystem);
  return Array.from(names).flatMap(([name, id]) => {
    const ecosystem = byId.get(id);
    if (!ecosystem) return [];
    const own = config.mounts[name];
    const ca = own?.ca ?? config.upstream_ca;
    return makeMount(name, ecosystem, {
      upstreams: { ...config.upstreams[id], ...own?.upstreams },
      options: own?.options,
      allowHosts: own?.allow_hosts,
      addresses: own?.addresses,
      packages: own?.packages,
      ttl: own?.metadata_ttl ?? config.metadata_ttl,
      trust: own?.trust && trustOf(name, ecosystem, own.trust),
      proxy: own?.proxy ?? config.upstream_proxy,
      ca: ca === undefined ? undefined : readFileSync(ca, "utf8"),
    });
  });
}
