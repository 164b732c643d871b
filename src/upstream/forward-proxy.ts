/** The forward proxy by which an address is reached: of the configuration, else of the environment, for every hop alike. */
import { isIP } from "node:net";
import { messageOf, UpstreamFailed } from "../lib/errors.ts";
import { Networks } from "../lib/networks.ts";
import type { Dialer } from "../mounts/mounts.ts";

export interface ForwardProxy {
  url: string;
  /** Who named it: a setting or a variable. */
  setting: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** `undefined`: the address is dialled directly. `NO_PROXY` holds for what the environment names. */
export function proxyFor(
  { proxy }: Pick<Dialer, "proxy">,
  url: URL,
  environment: Environment = process.env,
): ForwardProxy | undefined {
  if (proxy) return { url: proxy, setting: "upstream_proxy" };
  const name = url.protocol === "https:" ? "HTTPS_PROXY" : "HTTP_PROXY";
  const setting = [name.toLowerCase(), name].find((each) => environment[each]);
  if (setting === undefined || isExcepted(url, environment["no_proxy"] || environment["NO_PROXY"] || ""))
    return undefined;
  const value = environment[setting]!;
  const address = /^[a-z]+:\/\//i.test(value) ? value : `http://${value}`;
  if (!URL.canParse(address))
    throw new UpstreamFailed(`${setting} names no proxy: expected a URL, such as http://proxy.example:3128`);
  return { url: address, setting };
}

/** Names with what lies below them (with or without a dot before), addresses, networks, each perhaps with a port; `*`: all. */
function isExcepted({ hostname, host, port, protocol }: URL, list: string): boolean {
  const name = hostname.toLowerCase().replace(/^\[|\]$/g, "");
  const place = port === "" ? `${host}:${protocol === "https:" ? "443" : "80"}` : host;
  return list
    .split(/[\s,]+/)
    .filter((entry) => entry !== "")
    .some((entry) => {
      if (entry === "*") return true;
      if (isIP(name) && new Networks([entry]).has(name)) return true;
      const [, known = "", own] = /^\*?\.?(.*?)(:\d+)?$/.exec(entry.toLowerCase()) ?? [];
      return (
        known !== "" && (name === known || name.endsWith(`.${known}`)) && (own === undefined || place.endsWith(own))
      );
    });
}

/** Errors of a connection that could not be made. */
const UNREACHABLE = new Set(["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "EHOSTUNREACH", "ENETUNREACH", "ETIMEDOUT"]);

/** Whether no connection could be made, to the proxy or to the host. */
export function isUnreachable(error: unknown): boolean {
  return error instanceof Error && "code" in error && UNREACHABLE.has(String(error.code));
}

/** What a failure on the way to a host means where a proxy was to reach it. */
export function describeFailure(host: string, proxy: ForwardProxy | undefined, error: unknown): string {
  const reason = messageOf(error);
  if (!proxy) return `${host} cannot be reached: ${reason}`;
  const name = `the proxy ${new URL(proxy.url).host} (${proxy.setting})`;
  if (error instanceof Error && "code" in error && error.code === "ERR_PROXY_TUNNEL")
    return `${host} cannot be reached: ${name} refuses: ${reason}`;
  if (isUnreachable(error)) return `${host} cannot be reached: ${name} does not answer: ${reason}`;
  return `${host} cannot be reached through ${name}: ${reason}`;
}
