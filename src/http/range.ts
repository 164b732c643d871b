/** The one range of a request, as offsets: `end` is exclusive. */
export interface Range {
  start: number;
  end: number;
}

/**
 * Reads a `Range` header (RFC 9110 14.2) for a body of known size. `undefined`: send the whole (no range, several, another
 * unit, an `If-Range` that names another representation, or another method than GET); `"unsatisfiable"`: 416.
 */
export function rangeOf(
  { method, headers }: Pick<Request, "method" | "headers">,
  size: number,
  validators: { etag?: string | undefined; lastModified?: string | undefined },
): Range | "unsatisfiable" | undefined {
  const header = headers.get("range");
  if (!header || method !== "GET") return undefined;
  const condition = headers.get("if-range");
  if (condition && condition !== validators.etag && condition !== validators.lastModified) return undefined;
  const match = /^bytes=\s*(\d*)-(\d*)$/i.exec(header.trim());
  if (!match || (!match[1] && !match[2])) return undefined;
  const [, from, to] = match;
  if (!from) {
    const suffix = Math.min(Number(to), size);
    return suffix === 0 ? "unsatisfiable" : { start: size - suffix, end: size };
  }
  const start = Number(from);
  const end = to ? Math.min(Number(to) + 1, size) : size;
  if (start >= size || (to && Number(to) < start)) return to && Number(to) < start ? undefined : "unsatisfiable";
  return { start, end };
}

/** Whether the client has this representation, by `If-None-Match` (weak comparison, RFC 9110 13.1.2), or, where it sends none,
 * by `If-Modified-Since` (13.1.3). */
export function isCurrent(headers: Headers, etag: string, lastModified?: string): boolean {
  const condition = headers.get("if-none-match");
  if (!condition) return lastModified !== undefined && isSince(headers.get("if-modified-since"), lastModified);
  if (condition === etag || condition.trim() === "*") return true;
  return condition.split(",").some((known) => known.trim().replace(/^W\//, "") === etag);
}

function isSince(condition: string | null, lastModified: string): boolean {
  return condition !== null && Date.parse(lastModified) <= Date.parse(condition);
}
