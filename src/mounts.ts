import type { Ecosystem, Path } from "./ecosystem.ts";

/** Whom a request is for: what its operator trusts and how it is dialled. */
export interface Dialer {
  name: string;
  /** Origins (`https://host:port`) that the operator configured. */
  trusted: ReadonlySet<string>;
  /** An HTTP proxy, and the PEM of a private certificate authority. */
  proxy?: string | undefined;
  ca?: string | undefined;
}

/** An ecosystem at a URL path, with its upstreams. */
export interface Mount extends Dialer {
  /** `/npm`. */
  readonly prefix: Path;
  readonly ecosystem: Ecosystem;
  /** Base URLs by name, without a trailing slash; whole addresses with `{markers}` among them. */
  readonly upstreams: ReadonlyMap<string, readonly string[]>;
  /** Hosts beside the upstreams' own from which URLs found in documents may be fetched. */
  readonly allowHosts: readonly string[];
  /** Milliseconds that documents stay fresh where their route does not say. */
  readonly ttl: number;
}

export interface MountSettings {
  upstreams?: Readonly<Record<string, string | readonly string[]>> | undefined;
  allowHosts?: readonly string[] | undefined;
  ttl: number;
  proxy?: string | undefined;
  ca?: string | undefined;
}

/** A plugin at a path; what the settings leave open is the plugin's default. */
export function makeMount(name: string, ecosystem: Ecosystem, settings: MountSettings): Mount {
  const given = settings.upstreams ?? {};
  // The public registry's other hosts belong to the public registry: names of a private one must not leak to them, nor may
  // they stand in for it.
  const all = Object.entries(given.default ? given : { ...ecosystem.upstreams, ...given });
  const upstreams = new Map(all.map(([key, urls]) => [key, [urls].flat().map((url) => url.replace(/\/+$/, ""))]));
  return {
    name,
    prefix: `/${name}`,
    ecosystem,
    upstreams,
    trusted: new Set([...upstreams.values()].flat().map((url) => new URL(url.replaceAll(/[{}]/g, "")).origin)),
    allowHosts: settings.allowHosts ?? [],
    ttl: settings.ttl,
    proxy: settings.proxy,
    ca: settings.ca,
  };
}

/** Where a mount serves a URL: its path below the first upstream that it lies under. */
export function pathOf({ upstreams }: Pick<Mount, "upstreams">, url: string, base: string): Path | undefined {
  if (!URL.canParse(url, base)) return undefined;
  const { origin, pathname } = new URL(url, base);
  for (const upstream of [...upstreams.values()].flat()) {
    if (upstream.includes("{")) continue;
    const root = new URL(upstream);
    const prefix = root.pathname === "/" ? "" : root.pathname;
    if (root.origin === origin && pathname.startsWith(`${prefix}/`)) return pathname.slice(prefix.length) as Path;
  }
  return undefined;
}

/** Whether a URL that a document names may be fetched for a mount. */
export function mayFetch({ trusted, allowHosts }: Pick<Mount, "trusted" | "allowHosts">, url: string): boolean {
  if (!URL.canParse(url)) return false;
  const { origin, host, hostname } = new URL(url);
  return trusted.has(origin) || allowHosts.includes(host) || allowHosts.includes(hostname);
}
