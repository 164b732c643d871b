import type { Doc, Path, View } from "../../src/contract/ecosystem.ts";
import { PLACES } from "./service-index.ts";

const { default: _, ...PARTS } = PLACES;
const PREFIXES = Object.values(PARTS).map((place) => `${place}/`);

/** A value of JSON with addresses of this mount in the place of upstream's, wherever they stand; all else stays as it is. */
export function linked<T>(value: T, doc: Doc, view: View): T {
  return link(value, doc, view) as T;
}

function link(value: unknown, doc: Doc, view: View): unknown {
  if (typeof value === "string") return /^https?:\/\//.test(value) ? address(value, doc, view) : value;
  if (Array.isArray(value)) return value.map((each) => link(each, doc, view));
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value as Record<string, unknown>);
  return Object.fromEntries(
    entries.map(([key, each]) => [key, key === "@context" ? each : link(each, doc, view)] as const),
  );
}

/** What is behind `#` names a part of a document, and stays, as does a query, by which some registries name pages. */
function address(url: string, doc: Doc, view: View): string {
  const path = documentOf(url, doc);
  if (!path || !PREFIXES.some((prefix) => path.startsWith(prefix))) return url;
  const hash = url.indexOf("#");
  return `${view.link(path)}${hash < 0 ? "" : url.slice(hash)}`;
}

/** The path of a document of this mount, with the query that belongs to it. */
export function documentOf(url: string, doc: Doc): Path | undefined {
  const path = doc.pathOf(url);
  const search = path && url.includes("?") ? new URL(doc.urlOf(url)!).search : "";
  return path && `${path}${search}`;
}
