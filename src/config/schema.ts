/** The configuration: every key, what it may be, its default and its meaning. Flags, environment and docs follow from it. */
import { z } from "zod";
import { FORMATS, LEVELS } from "../lib/log.ts";
import { cooldownSection } from "./cooldown.ts";
import { isolationSection } from "./isolation.ts";
import { mirrorSection } from "./mirror.ts";
import { mirrorsSection } from "./mirrors.ts";
import { mountSection } from "./mounts.ts";
import { pluginKeys } from "./plugins.ts";
import { databaseSection, storageSection } from "./storage.ts";
import { credentialsOf, upstreamSection, upstreamsOf } from "./upstreams.ts";
import {
  bool,
  duration,
  host,
  hostOrNetwork,
  ignored,
  list,
  listen,
  mirrorApi,
  network,
  oneOf,
  size,
  text,
  webUrl,
  whole,
} from "./values.ts";

const NO_BUILD_CACHE = "this version has no Gradle build cache";

/** The keys as files have them. `ecosystems`: the ids that this executable knows. */
export function settingsSchema(ecosystems: readonly string[]) {
  return z.strictObject({
    listen: listen().prefault(":8080").meta({
      flag: "listen",
      description: "Where to listen: `:PORT`, `HOST:PORT` or `PORT`; port 0 takes a free one.",
    }),
    socket: text("a file").optional().meta({
      flag: "socket",
      description:
        "Unix socket, made with mode 0600, at which the user of the server needs no token (`curl --unix-socket`). Not for reverse proxies.",
    }),
    base_url: webUrl().optional().meta({
      flag: "base-url",
      description:
        "How clients reach the proxy; links in documents start with it. Unset: with the Host of each request.",
    }),
    ui_base_url: webUrl()
      .optional()
      .meta({ env: "PROXY_UI_URL", description: "How people reach the pages, where that differs from `base_url`." }),
    hosts: list(host()).prefault([]).meta({
      description:
        "Hosts by which clients may address the proxy, beside that of `base_url`; others are refused. Empty: any.",
    }),
    trusted_proxies: list(network())
      .prefault([])
      .meta({ description: "Reverse proxies whose `X-Forwarded-*` headers are believed." }),
    storage: storageSection,
    database: databaseSection,
    log: z
      .strictObject({
        level: oneOf(LEVELS)
          .prefault("info")
          .meta({ flag: "log-level", description: "`debug`, `info`, `warn` or `error`." }),
        format: oneOf(FORMATS).prefault("text").meta({ flag: "log-format", description: "`text` or `json`." }),
      })
      .prefault({}),
    access_log: z
      .strictObject({
        trust_forwarded_for: ignored("`trusted_proxies` says whose headers are believed"),
        path: text("a file").optional().meta({
          flag: "access-log",
          description:
            "File to which a JSON line is added for each request of a client and each to an upstream; `-`: standard output. Unset: none.",
        }),
      })
      .prefault({}),
    http_timeout: duration()
      .prefault("30s")
      .meta({ description: "How long an upstream may take to answer, and may pause while it sends. 0: no limit." }),
    upstream: upstreamSection(ecosystems),
    upstream_proxy: webUrl().optional().meta({
      secret: true,
      description:
        "HTTP proxy through which upstreams, and what they redirect to, are reached; default: that of `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY`. It looks names up by itself: names that this machine knows too are checked like any other, the rest is up to it.",
    }),
    upstream_ca: text("a file").optional().meta({
      description: "PEM file of the certificate authorities that upstreams are checked with. Unset: the built-in ones.",
    }),
    allow_private: list(hostOrNetwork()).prefault([]).meta({
      description:
        "Hosts, addresses and networks that a redirect or a link in a document may lead to although they are private.",
    }),
    mounts: mountSection(ecosystems),
    ...pluginKeys,
    cache_metadata: bool()
      .prefault(true)
      .meta({ description: "Whether documents are kept. false: each request asks upstream." }),
    metadata_ttl: duration()
      .prefault("5m")
      .meta({ description: "How long a document is served without asking upstream whether it changed." }),
    metadata_max_size: size().prefault("100MB").meta({ description: "Largest document that is read. 0: no limit." }),
    metadata_max_unpacked: size().prefault("512MB").meta({
      description: "Largest document that is read of those that are compressed files, unpacked. 0: no limit.",
    }),
    metadata_max_requests: whole(0).prefault(200).meta({
      description:
        "Further documents that may be fetched for one request of a client; for a release that is mirrored ten times as many. 0: no limit.",
    }),
    artifact_max_size: size()
      .prefault("10GB")
      .meta({ description: "Largest artifact that is fetched, where its index does not state its size. 0: no limit." }),
    stale_while_revalidate: duration()
      .prefault("1m")
      .meta({ description: "How long after `metadata_ttl` a document is still sent at once while upstream is asked." }),
    stale_if_error: duration()
      .prefault("30d")
      .meta({ description: "How long after `metadata_ttl` a document is sent when upstream fails." }),
    negative_ttl: duration()
      .prefault("60s")
      .meta({ description: "How long upstream's word that something does not exist is believed." }),
    memory_cache: size().prefault("64MB").meta({ description: "Memory for answers that are asked for often." }),
    offline: bool()
      .prefault(false)
      .meta({ flag: "offline", description: "Make no upstream requests. List and serve only what is stored." }),
    concurrency: whole(1)
      .prefault(4)
      .meta({ flag: "concurrency", description: "Downloads at a time in a mirror job." }),
    workers: whole(0).prefault(0).meta({
      flag: "workers",
      description:
        "Threads of a mirror job, at most; in a server, processes with the limits of `isolation`. 0: one for each core, in a server eight at most.",
    }),
    mirror: mirrorSection,
    mirrors: mirrorsSection(),
    cooldown: cooldownSection(ecosystems),
    isolation: isolationSection,
    health: z
      .strictObject({
        storage_probe_interval: duration()
          .prefault("30s")
          .meta({ description: "How long an answer of `/health` about the store holds. 0: it is tried each time." }),
      })
      .prefault({}),
    shutdown_grace: duration()
      .prefault("30s")
      .meta({ description: "How long answers that are being sent may take to finish when the proxy is stopped." }),
    mirror_api: mirrorApi().prefault(true).meta({
      description:
        "Whether there are the API of mirror jobs and recording. `true`: with a token (`proxy token create`, `proxy token local`) or over `socket`; `open`: without, where something before the server keeps strangers away; `false`: not.",
    }),
    url_proxy: ignored("this version serves no files by their addresses; packages come through mounts"),
    gradle: z
      .strictObject({
        build_cache: z
          .strictObject({
            read_only: ignored(NO_BUILD_CACHE),
            max_upload_size: ignored(NO_BUILD_CACHE),
            max_age: ignored(NO_BUILD_CACHE),
            max_size: ignored(NO_BUILD_CACHE),
            sweep_interval: ignored(NO_BUILD_CACHE),
          })
          .prefault({}),
      })
      .prefault({}),
  });
}

export function configSchema(ecosystems: readonly string[]) {
  return settingsSchema(ecosystems).transform(
    ({ upstream, storage, database, gradle: _gradle, url_proxy: _urlProxy, ...settings }) => ({
      ...settings,
      storage: {
        path: storage.url ?? storage.path,
        max_size: storage.max_size,
        scrub_rate: storage.scrub_rate,
        scrub_interval: storage.scrub_interval,
      },
      database: { path: database.path },
      allow_private: [
        ...settings.allow_private,
        ...upstream.allow_private_hosts,
        ...(upstream.allow_loopback ? ["127.0.0.0/8", "::1"] : []),
      ],
      /** Ecosystem id → name of an upstream → URL: what the operator set for the default mounts. */
      upstreams: upstreamsOf(upstream),
      credentials: credentialsOf(upstream.auth),
    }),
  );
}

/** Paths as given, durations in milliseconds, sizes in bytes; 0 where a limit is off. */
export type Config = z.infer<ReturnType<typeof configSchema>>;
