/** The API of mirror jobs in this process: its routes, a store of jobs and a runner, over a cache in front of an upstream. */
import { packageLock } from "../../ecosystems/npm/lockfile-npm.ts";
import { requirementsTxt } from "../../ecosystems/pypi/lockfile-requirements.ts";
import { mirrorApi } from "../../src/app/mirror-api.ts";
import { taker } from "../../src/app/mirror-take.ts";
import { loadConfig } from "../../src/config/load.ts";
import type { Config } from "../../src/config/schema.ts";
import { AccessLog } from "../../src/http/access-log.ts";
import type { MirrorRoutesOptions } from "../../src/http/api/mirror.ts";
import type { Received } from "../../src/http/api/mirror-request.ts";
import { makeApp } from "../../src/http/app.ts";
import { Hosts } from "../../src/http/hosts.ts";
import { Metrics } from "../../src/http/metrics.ts";
import { startServer } from "../../src/http/server.ts";
import { sqliteIndex } from "../../src/index/sqlite/sqlite-index.ts";
import { JobRunner } from "../../src/mirror/job/runner.ts";
import { setUp } from "./files-cache.ts";
import { jobStore, until } from "./job-store.ts";

interface Options {
  config?: Partial<Config>;
  refuse?: MirrorRoutesOptions["refuse"];
}

export const PURL = "pkg:files/file@small";
export const LARGE = "pkg:files/file@large";

/** `pkg:files/file@small` and `@large` can be mirrored. The runner starts when it is told. */
export async function mirrorApiOf({ config: changes = {}, refuse = () => undefined }: Options = {}) {
  const files = await setUp({ pinsWhatItFetches: true });
  const ecosystem = { ...files.mount.ecosystem, lockfiles: [requirementsTxt, packageLock] };
  const all = { ...files, mount: { ...files.mount, ecosystem } };
  const set = jobStore(all);
  const config = { ...loadConfig({ ecosystems: [] }).config, ...changes };
  const openPool = () => ({ ...set.pool, close: () => {} });
  const runner = new JobRunner({
    store: set.store,
    registries: set.registries,
    mounts: set.mounts,
    most: 2,
    poll: 50,
    estimate: () => Promise.reject(new Error("nobody estimates")),
    openPool,
  });
  const index = sqliteIndex(set.database);
  const runtime = { index, store: set.store, sets: index.sets, mounts: set.mounts, cache: all.cache, sources: [] };
  const stopping = new AbortController();
  const takenApart: Received[] = [];
  const apart = (received: Received) => {
    takenApart.push(received);
    return taker(config, runtime)(structuredClone(received));
  };
  const api = mirrorApi({ config, runtime, runner, apart });
  const metrics = new Metrics([all.mount], () => all.cache.context.blobs.totals());
  const app = makeApp({
    version: "1.2.3",
    metrics,
    mounts: [all.mount],
    health: async () => ({ status: "ok", checks: { storage: { status: "ok" }, database: { status: "ok" } } }),
    stats: () => ({}) as never,
    base: () => "",
    below: "",
    setup: () => "",
    mirror: { api, refuse, keepOpen: (request) => server.timeout(request, 0), stopping: stopping.signal },
  });
  const server = startServer({
    at: { hostname: "127.0.0.1", port: 0 },
    cache: all.cache,
    mounts: set.mounts,
    hosts: new Hosts({ hosts: [], trustedProxies: [] }),
    metrics,
    accessLog: new AccessLog(undefined),
    app: (request) => app.fetch(request),
    maxRequest: config.mirror.max_upload,
  });
  const url = `http://127.0.0.1:${server.port}/api/mirror`;
  const ask = async (path = "", init: RequestInit = {}): Promise<Answer> => {
    const response = await fetch(`${url}${path}`, init);
    const text = await response.text();
    return {
      status: response.status,
      headers: response.headers,
      body: (text.startsWith("{") ? JSON.parse(text) : { detail: text }) as Body,
    };
  };
  const json = (body: unknown) =>
    ask("", { method: "POST", body: JSON.stringify(body), headers: { "content-type": "application/json" } });
  return {
    ...all,
    ...set,
    url,
    port: server.port!,
    runner,
    stopping,
    /** Requests that another process would read. */
    takenApart,
    ask,
    /** POSTs a request for a job. */
    json,
    /** Makes a job and returns its id. */
    make: async (body: unknown): Promise<string> => (await json(body)).body.id,
    ended: (id: string) => until(async () => /complete|failed|canceled/.test((await ask(`/${id}`)).body.state), id),
    [Symbol.asyncDispose]: async () => {
      stopping.abort();
      await runner.stop(1_000);
      await server.stop(true);
      await set.database.close();
      await all[Symbol.asyncDispose]();
    },
  };
}

export interface Answer {
  status: number;
  headers: Headers;
  body: Body;
}

/** What tests look at. */
interface Body {
  id: string;
  state: string;
  detail: string;
  errors: { field: string; message: string }[];
  jobs: { id: string; state: string }[];
  failures: { id: number; purl: string }[];
  next: string | number | null;
  progress: Record<string, unknown>;
  asides: { count: number; first: unknown[] };
}
