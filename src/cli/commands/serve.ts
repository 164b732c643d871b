import { lstatSync, rmSync } from "node:fs";
import { scrubInBackground } from "../../app/background-scrub.ts";
import { keepHouse } from "../../app/housekeeping.ts";
import { keepLocalToken } from "../../app/local-token.ts";
import { makeMirroring } from "../../app/mirroring.ts";
import { remarkOn } from "../../app/places.ts";
import { profileOf } from "../../app/profile.ts";
import {
  offloadTo,
  openChildren,
  openRuntime,
  outsidersOf,
  type Runtime,
  type RuntimeOptions,
} from "../../app/runtime.ts";
import { Recorder } from "../../cache/recorder.ts";
import type { Config } from "../../config/schema.ts";
import { hash } from "../../contract/digest.ts";
import { AccessLog } from "../../http/access-log.ts";
import { makeApp } from "../../http/app.ts";
import { Access, SCOPES } from "../../http/authorize.ts";
import { HealthProbe } from "../../http/health.ts";
import { Hosts } from "../../http/hosts.ts";
import { Metrics } from "../../http/metrics.ts";
import { pathOf } from "../../http/page.ts";
import { type ServerOptions, startServer } from "../../http/server.ts";
import { statsOf } from "../../http/stats.ts";
import type { ImmediateIndex } from "../../index/port.ts";
import { BadRequest, messageOf } from "../../lib/errors.ts";
import { log } from "../../lib/log.ts";
import { VERSION } from "../../lib/version.ts";
import { severalRegistries } from "../../mounts/mounts.ts";
import type { Command, Setup } from "../command.ts";

const WIDENS =
  "an upstream has several registries: for a package that an earlier one lacks (404, 410), and only then, the next is asked, which so learns its name; give private packages a mount of their own";
/** Milliseconds that downloads for nobody may take when the server stops; the next one goes on with what they left. */
const STORING = 2_000;
/** Milliseconds of processor time that a document may take once the server stops. */
const LAST = 2_000;
/** Who presses Ctrl-C, and who stops services. */
const STOP = ["SIGINT", "SIGTERM"] as const;
/** Processes for large documents. */
const READERS = 2;

export const serveCommand: Command = {
  name: "serve",
  describe: "Serve the mounts over HTTP (the default command)",
  action: async ({ load }) => serve(await load()),
};

/** Serves until it is told to stop; then what is being sent and stored is finished. Returns the exit code. */
async function serve({ config, sources }: Setup): Promise<number> {
  const isolation = { ...config.isolation };
  const options: RuntimeOptions = {
    config: { ...config, isolation },
    sources,
    profile: profileOf("serve", config),
  };
  const pool = openChildren(READERS, { ...options, sources: [] });
  const outsiders = outsidersOf(options);
  const runtime = await openRuntime(options, offloadTo(pool, outsiders));
  const { cache, database, mounts, places, close } = runtime;
  tellPlaces(runtime);
  const mirroring = makeMirroring(config, runtime);
  const access = accessOf(config, runtime.index.tokens);
  const recorder = new Recorder(cache.context);
  const stopping = new AbortController();
  const hosts = new Hosts({ baseUrl: config.base_url, hosts: config.hosts, trustedProxies: config.trusted_proxies });
  const metrics = new Metrics(
    mounts.values(),
    () => cache.context.blobs.totals(),
    () => runtime.store.byState(),
  );
  const accessLog = new AccessLog(config.access_log.path);
  const probe = new HealthProbe(cache, database, config.health.storage_probe_interval);
  const app = makeApp({
    version: VERSION,
    mounts: mounts.values().toArray(),
    metrics,
    health: () => probe.health(),
    stats: () => statsOf(cache, mounts.values(), database.path),
    base: (request) => {
      const { origin } = new URL(request.url);
      return hosts.baseOf(request, origin, () => server.requestIP(request)?.address) ?? origin;
    },
    below: config.base_url ? pathOf(config.base_url) : "",
    setup: (mount, address) => {
      const apart = outsiders.of(mount);
      return apart ? apart.run("setup", { mount: mount.name, address }) : mount.ecosystem.setup(address);
    },
    mirror: access && {
      api: mirroring.api,
      refuse: (request) => access.refuse(request, "mirror"),
      keepOpen: (request) => (access.isAdmitted(request) && socket ? socket : server).timeout(request, 0),
      stopping: stopping.signal,
    },
  });
  const common = { cache, mounts, metrics, accessLog, maxRequest: config.mirror.max_upload };
  const { host: hostname, port } = config.listen;
  const server = listening("listen (--listen, PROXY_LISTEN)", {
    ...common,
    at: { hostname, port },
    hosts,
    app: (request) => app.fetch(request),
    recording: access && { recorder, refuse: (request) => access.refuse(request, "mirror") },
  });
  if (config.socket !== undefined) await removeStale(config.socket);
  const socket =
    config.socket === undefined
      ? undefined
      : listening("socket (--socket, PROXY_SOCKET)", {
          ...common,
          at: { unix: config.socket },
          // Whoever opens it names whatever host comes to mind.
          hosts: new Hosts({ hosts: [], trustedProxies: [] }),
          app: (request) => app.fetch(access?.admit(request) ?? request),
          recording: access && { recorder, refuse: () => undefined },
        });
  keepHouse(runtime, config.storage.max_size);
  void scrubInBackground(runtime, config.storage, stopping.signal);
  if (!database.isReadOnly) mirroring.start();
  log.info("listening", {
    url: server.url.href,
    socket: config.socket,
    mounts: [...mounts.keys()].join(","),
    store: places.storage,
    database: database.path,
    offline: config.offline,
    version: VERSION,
  });
  for (const [level, message] of exposureOf(config)) log[level](message);

  for (const warning of severalRegistries(mounts.values())) log.warn(WIDENS, warning);

  // Of a terminal that is closed, and of whoever moved the access log away.
  process.on("SIGHUP", () => {
    accessLog.flush();
    log.info("the access log is written anew; settings are read at the start only", { signal: "SIGHUP" });
  });
  const signal = await stopSignal();
  log.info("stopping; what is being sent is finished first, unless told again", { signal });
  stopping.abort();
  // What does not come back is not waited for as long as at other times.
  isolation.time = Math.min(isolation.time || LAST, LAST);
  const again = stopSignal();
  const left = mirroring.stop();
  const wait = config.shutdown_grace;
  const ended = await Promise.race([
    Promise.all([server.stop(), socket?.stop()]).then(() => "all was sent"),
    again,
    Bun.sleep(wait),
  ]);
  if (ended !== "all was sent") log.warn("what is being sent is broken off", { because: ended ?? "the grace is over" });
  await Promise.race([left.then(() => recorder.drain()).then(close), again, Bun.sleep(STORING)]);
  accessLog.flush();
  pool.close();
  outsiders.close();
  return 0;
}

/** Where the database is, if that may surprise, and why nothing is removed, if it is not. */
function tellPlaces({ places, ownership, cache: { context } }: Runtime): void {
  if (places.because !== "inside the store" && places.because !== "database.path")
    log.info("the database is not inside the store", { database: places.database, because: places.because });
  if (context.storage.isReadOnly)
    return log.warn("the store is read-only: nothing is stored", { store: places.storage });
  const objection = ownership.objection();
  if (objection !== undefined) log.warn(remarkOn(objection));
}

/** `undefined`: there is neither an API nor recording. */
function accessOf({ mirror_api, storage }: Config, tokens: ImmediateIndex["tokens"]): Access | undefined {
  if (mirror_api === false) return undefined;
  const own = keepLocalToken(storage.path);
  const local = own === undefined ? [] : [{ hash: hash("sha256", own), scopes: SCOPES }];
  return new Access({ tokens: () => [...local, ...tokens.valid()], isOpen: mirror_api === "open" });
}

/** What an operator should know of who can reach this server. */
function exposureOf({ listen, mirror_api, credentials }: Config): ["info" | "warn", string][] {
  const told: ["info" | "warn", string][] = [];
  const isEverywhere = listen.host === undefined || listen.host === "0.0.0.0" || listen.host === "::";
  if (isEverywhere)
    told.push(
      credentials.length > 0
        ? [
            "warn",
            "listening on all interfaces without authentication: whoever reaches this machine can fetch all packages, also those that upstream.auth gives access to",
          ]
        : [
            "info",
            "listening on all interfaces without authentication: whoever reaches this machine can fetch packages",
          ],
    );
  if (mirror_api === "open")
    told.push([
      "warn",
      "the mirror API and recording are open (mirror_api): whoever reaches this server can have it fetch, hold and cancel; protect it where requests come from",
    ]);
  return told;
}

function listening(setting: string, options: ServerOptions) {
  try {
    return startServer(options);
  } catch (error) {
    throw new BadRequest(`cannot listen: ${messageOf(error)} The setting is ${setting}.`);
  }
}

/** Removes the socket that a server left when it was killed. One at which somebody listens stays, and so does any other file. */
async function removeStale(path: string): Promise<void> {
  if (!lstatSync(path, { throwIfNoEntry: false })?.isSocket()) return;
  try {
    const found = await Bun.connect({ unix: path, socket: { data: () => {} } });
    found.end();
  } catch {
    rmSync(path, { force: true });
  }
}

/** The next signal to stop. */
function stopSignal(): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  const stopped = (signal: string) => {
    for (const name of STOP) process.off(name, stopped);
    resolve(signal);
  };
  for (const name of STOP) process.on(name, stopped);
  return promise;
}
