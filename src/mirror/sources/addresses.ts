/** From the address of a registry, or of a file in one, to the mount that serves it. */

import type { Origin } from "../../contract/lockfile.ts";
import { withoutSlashes } from "../../lib/text-ends.ts";
import type { Mount } from "../../mounts/mounts.ts";

/** Where below this proxy's own address a URL leads (`/npm/lodash`); `undefined` for addresses of others. */
export type OwnPath = (url: URL) => string | undefined;

/** An address without what says nothing about the place: scheme, credentials, default port, query and slashes at the end. */
interface Plain {
  /** `host/path`. */
  text: string;
  host: string;
  url?: URL;
}

/** How cargo writes the protocol of a registry before its address. */
const PROTOCOL = /^(?:registry|sparse|index)\+/;

export class Addresses {
  readonly #own: OwnPath;
  readonly #bases = new WeakMap<Mount, readonly Plain[]>();

  constructor(own: OwnPath = () => undefined) {
    this.#own = own;
  }

  /**
   * Of the mounts that serve one ecosystem, those that serve an address, the closest first; none where nothing here has it.
   * The address of an ecosystem's public registry means its default mount, whatever upstream that has.
   */
  mountsAt({ kind, address }: Extract<Origin, { address: string }>, serving: readonly Mount[]): readonly Mount[] {
    const place = plain(address);
    if (!place) return [];
    if (kind === "host") return serving.filter((mount) => this.#basesOf(mount).some(({ host }) => host === place.host));
    const found = longest(serving.flatMap((mount) => this.#within(mount, kind, address, place)));
    if (found.length > 0) return found;
    const own = place.url && this.#own(place.url);
    if (own !== undefined) {
      // What is recorded is asked for below the recording's name.
      const path = own.replace(/^\/(?:@|%40)record\/[^/]+(?=\/)/, "");
      return longest(
        serving.filter(({ prefix }) => isBelow(path, prefix)).map((mount) => [mount, mount.prefix.length]),
      );
    }
    const [known] = serving;
    return known && isPublic(known, place) ? serving.filter(isDefault) : [];
  }

  /** The mount, with how much of the address its own is. */
  #within(mount: Mount, kind: Origin["kind"], address: string, place: Plain): [Mount, number][] {
    const { ecosystem, upstreams, allowHosts } = mount;
    // Of a registry, people write the address of its service index.
    const meant = kind === "registry" && place.url ? plain(ecosystem.base?.(address, "default") ?? address) : place;
    const bases = this.#basesOf(mount).filter(({ text }) => isBelow(place.text, text) || isBelow(meant!.text, text));
    const names = place.url ? [] : [...upstreams.keys()].filter((name) => isBelow(place.text, name));
    const lengths = [...bases.map(({ text }) => text), ...names].map((text) => text.length);
    if (lengths.length > 0) return [[mount, Math.max(...lengths)]];
    const isAllowed = kind === "file" && place.url && allowHosts.some((host) => host === place.host);
    return isAllowed ? [[mount, 0]] : [];
  }

  #basesOf(mount: Mount): readonly Plain[] {
    let bases = this.#bases.get(mount);
    if (!bases) {
      const addresses = [...[...mount.upstreams.values()].flat(), ...(mount.addresses ?? [])];
      bases = addresses.flatMap((address) => plain(address) ?? []);
      this.#bases.set(mount, bases);
    }
    return bases;
  }
}

/** Whether a mount is the one that its ecosystem has without configuration. */
export function isDefault({ name, ecosystem }: Mount): boolean {
  return name === (ecosystem.mount ?? `/${ecosystem.id}`).slice(1);
}

/** Whether a mount asks the public registry of its ecosystem. */
export function isPublicMount({ ecosystem, upstreams }: Mount): boolean {
  const known = [ecosystem.upstreams["default"] ?? []].flat().map((url) => plain(url)?.text);
  return (upstreams.get("default") ?? []).some((url) => known.includes(plain(url)?.text));
}

function isPublic({ ecosystem: { upstreams, aliases = {} } }: Mount, place: Plain): boolean {
  const known = [...Object.values(upstreams).flat(), ...Object.keys(aliases)];
  return known.some((address) => isBelow(place.text, plain(address)?.text ?? ""));
}

function longest(found: readonly (readonly [Mount, number])[]): Mount[] {
  const most = Math.max(...found.map(([, length]) => length));
  return found.filter(([, length]) => length === most).map(([mount]) => mount);
}

function isBelow(path: string, base: string): boolean {
  return base !== "" && (path === base || path.startsWith(base.endsWith("/") ? base : `${base}/`));
}

/** `undefined` for what is no address of a registry: a folder, another scheme. */
function plain(address: string): Plain | undefined {
  const bare = address.trim().replace(PROTOCOL, "");
  const isUrl = /^https?:\/\//i.test(bare);
  if (!isUrl && /^[a-z][\w+.-]*:\/\/|^[/\\~]/i.test(bare)) return undefined;
  // Of an address with markers, what is before them.
  const fixed = bare.includes("{") ? bare.slice(0, bare.slice(0, bare.indexOf("{")).lastIndexOf("/") + 1) : bare;
  const whole = isUrl ? fixed : `https://${fixed}`;
  if (!URL.canParse(whole)) return undefined;
  const url = new URL(whole);
  const path = withoutSlashes(decoded(url.pathname));
  // The same port by default for both schemes, since lockfiles and configurations differ in the scheme only.
  const host = url.host.replace(/:(?:80|443)$/, "");
  return { text: host + path, host, ...(isUrl && { url }) };
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}
