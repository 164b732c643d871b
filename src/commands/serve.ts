import { Recorder } from "../cache/recorder.ts";
import type { Command, Setup } from "../command.ts";
import { Tokens } from "../db/tokens.ts";
import { BadRequest, messageOf } from "../errors.ts";
import { AccessLog } from "../http/access-log.ts";
import { makeApp } from "../http/app.ts";
import { authorize } from "../http/authorize.ts";
import { HealthProbe } from "../http/health.ts";
import { Hosts } from "../http/hosts.ts";
import { Metrics } from "../http/metrics.ts";
import { homePage } from "../http/page.ts";
import { startServer } from "../http/server.ts";
import { statsOf } from "../http/stats.ts";
import { log } from "../log.ts";
import { VERSION } from "../version.ts";
import { keepHouse } from "./housekeeping.ts";
import { makeMirroring } from "./mirroring.ts";
import { offloadTo, openChildren, openRuntime, outsidersOf, type RuntimeOptions } from "./runtime.ts";

/** Milliseconds that a client's request may spend on retries. */
const PATIENCE = 3_000;
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
    pin: false,
    dry: false,
    patience: PATIENCE,
  };
  const pool = openChildren(READERS, { ...options, sources: [] });
  const outsiders = outsidersOf(options);
  const runtime = await openRuntime(options, offloadTo(pool, outsiders));
  const { cache, database, mounts, close } = runtime;
  const mirroring = makeMirroring(config, runtime);
  const tokens = new Tokens(database);
  const recorder = new Recorder(cache.context, runtime.sets);
  const stopping = new AbortController();
  const hosts = new Hosts({ baseUrl: config.base_url, hosts: config.hosts, trustedProxies: config.trusted_proxies });
  const metrics = new Metrics(
    mounts.values(),
    () => cache.context.blobs.totals(),
    () => runtime.store.byState(),
  );
  const accessLog = new AccessLog(config.access_log.path);
  const probe = new HealthProbe(cache, database, config.health.storage_probe_interval);
  const { host: hostname, port } = config.listen;
  const app = makeApp({
    version: VERSION,
    mounts: mounts.values().toArray(),
    metrics,
    health: () => probe.health(),
    stats: () => statsOf(cache, mounts.values(), database.path),
    home: (request) => {
      const { origin } = new URL(request.url);
      const base = hosts.baseOf(request, origin, () => server.requestIP(request)?.address);
      return homePage(mounts.values(), base ?? origin, VERSION, (mount, address) => {
        const apart = outsiders.of(mount);
        return apart ? apart.run("setup", { mount: mount.name, address }) : mount.ecosystem.setup(address);
      });
    },
    mirror: config.mirror_api
      ? {
          api: mirroring.api,
          refuse: (request) => authorize(request, server.requestIP(request)?.address, () => tokens.valid(), "mirror"),
          keepOpen: (request) => server.timeout(request, 0),
          stopping: stopping.signal,
        }
      : undefined,
  });
  const handle = (request: Request) => app.fetch(request);
  const server = listening(() =>
    startServer({
      hostname,
      port,
      cache,
      mounts,
      hosts,
      metrics,
      accessLog,
      app: handle,
      maxRequest: config.mirror.max_upload,
      recording: config.mirror_api
        ? { recorder, refuse: (request, remote) => authorize(request, remote, () => tokens.valid(), "mirror") }
        : undefined,
    }),
  );
  keepHouse(cache, database, config.storage.max_size);
  mirroring.start();
  log.info("listening", {
    url: server.url.href,
    mounts: [...mounts.keys()].join(","),
    offline: config.offline,
    version: VERSION,
  });

  const signal = await stopSignal();
  log.info("stopping; what is being sent is finished first, unless told again", { signal });
  stopping.abort();
  // What does not come back is not waited for as long as at other times.
  isolation.time = Math.min(isolation.time || LAST, LAST);
  const again = stopSignal();
  const left = mirroring.stop();
  const wait = config.shutdown_grace;
  const ended = await Promise.race([server.stop().then(() => "all was sent"), again, Bun.sleep(wait)]);
  if (ended !== "all was sent") log.warn("what is being sent is broken off", { because: ended ?? "the grace is over" });
  await Promise.race([left.then(() => recorder.drain()).then(close), again, Bun.sleep(STORING)]);
  accessLog.flush();
  pool.close();
  outsiders.close();
  return 0;
}

function listening<T>(start: () => T): T {
  try {
    return start();
  } catch (error) {
    throw new BadRequest(`cannot listen: ${messageOf(error)} The setting is listen (--listen, PROXY_LISTEN).`);
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
