import type { Ask } from "../cache/ask.ts";
import { type Mount, upstreamAt } from "../mounts/mounts.ts";

/** A request that names its upstream in the query, as if its path did; the headers that its answer has then. */
export function readdress(mount: Mount, ask: Ask): Readonly<Record<string, string>> {
  const found = mount.ecosystem.readdress?.(ask.path, ask.query, (place) => upstreamAt(mount, place));
  if (!found) return {};
  ask.path = found.path;
  return found.headers;
}

export function withHeaders(response: Response, headers: Readonly<Record<string, string>>): Response {
  for (const [name, value] of Object.entries(headers)) response.headers.set(name, value);
  return response;
}
