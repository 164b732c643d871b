import { hostname as machine } from "node:os";
import type { Config } from "../config/schema.ts";
import { parsePurl } from "../contract/purl.ts";
import { messageOf } from "../lib/errors.ts";
import { withoutSlashes } from "../lib/text-ends.ts";
import type { OwnPath } from "../mirror/sources/addresses.ts";
import { Targets } from "../mirror/sources/targets.ts";
import type { Mount } from "../mounts/mounts.ts";

/** Finds the mounts of package URLs in an installation. `preferred`: the name of a mount. */
export function targetsFor(config: Config, mounts: Iterable<Mount>, preferred?: string): Targets {
  return new Targets(mounts, { own: ownPath(config), preferred });
}

/** Why no mount here has what a package URL names; `undefined` where one may have it. */
export function purlProblem(targets: Targets, purl: string): string | undefined {
  try {
    targets.of(parsePurl(purl), purl);
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}

/**
 * Makes the function that tells addresses of this proxy from others. Its own are below `base_url`, at one of the `hosts`, at this
 * machine on the port that it listens on, and at any host on that port where it accepts requests for any host.
 */
export function ownPath({ base_url, hosts, listen }: Pick<Config, "base_url" | "hosts" | "listen">): OwnPath {
  const base = base_url === undefined ? undefined : new URL(base_url);
  const folder = withoutSlashes(base?.pathname ?? "");
  const isLocal = ({ hostname }: URL) =>
    /^(?:localhost|127(?:\.\d+){3}|\[::1\])$/.test(hostname) || hostname === machine().toLowerCase();
  return (url) => {
    const isHere = url.port === String(listen.port) && (isLocal(url) || (base === undefined && hosts.length === 0));
    if (url.host !== base?.host && !hosts.includes(url.hostname) && !hosts.includes(url.host) && !isHere)
      return undefined;
    const { pathname } = url;
    return folder !== "" && pathname.startsWith(`${folder}/`) ? pathname.slice(folder.length) : pathname;
  };
}
