/** Which versions of a package are meant, as people write it. */
import type { ReleaseFilter } from "../../contract/jobs.ts";
import { BadRequest } from "../../lib/errors.ts";
import { parseVers } from "./vers.ts";

/** Reads `all`, `latest`, `latest:N` or a range `vers:TYPE/…`. Throws BadRequest for anything else. */
export function parseVersions(text: string): ReleaseFilter["versions"] {
  if (text === "all") return {};
  const { count = "1" } = /^latest(?::(?<count>[1-9]\d{0,5}))?$/.exec(text)?.groups ?? { count: undefined };
  if (text.startsWith("latest") && /^latest(?::[1-9]\d{0,5})?$/.test(text)) return { latest: Number(count) };
  if (text.startsWith("vers:") && parseVers(text)) return { range: text };
  throw new BadRequest(
    `"${text}" chooses no versions; expected all, latest, latest:N or a range such as vers:npm/>=1.0|<2`,
  );
}

/** Reads a date (`2026-01-31`) or a time (RFC 3339) as milliseconds since 1970. Throws BadRequest for anything else. */
export function parseSince(text: string): number {
  const at = /^\d{4}-\d\d-\d\d(?:T[\d:.]+(?:Z|[+-]\d\d:\d\d))?$/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(at)) throw new BadRequest(`"${text}" is no date; expected 2026-01-31, or 2026-01-31T12:00:00Z`);
  return at;
}
