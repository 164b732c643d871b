import type { Doc, Path, View } from "../../src/contract/ecosystem.ts";
import { PLACES } from "./service-index.ts";

const { default: _, ...PARTS } = PLACES;
const PREFIXES = Object.values(PARTS).map((place) => `${place}/`);

/** Members whose address clients ask for, beside that of the package, which is known by its release. What other members name is for people: a project's page, its license. */
const FOLLOWED: ReadonlySet<string> = new Set(["@id", "registration", "catalogEntry", "parent"]);

/** A value of JSON with addresses of this mount in the place of upstream's, wherever they stand. What clients would ask for, and this
 * mount does not have, is left out; all else stays as it is. */
export function linked<T>(value: T, doc: Doc, view: View): T {
  return link(value, doc, view) as T;
}

function link(value: unknown, doc: Doc, view: View): unknown {
  if (typeof value === "string") return /^https?:\/\//.test(value) ? address(value, doc, view) : value;
  if (Array.isArray(value)) return value.map((each) => link(each, doc, view));
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value as Record<string, unknown>);
  return Object.fromEntries(
    entries.flatMap(([key, each]): [string, unknown][] => {
      if (key === "@context") return [[key, each]];
      if (typeof each !== "string" || !FOLLOWED.has(key)) return [[key, link(each, doc, view)]];
      const here = followed(each, doc, view);
      return here === undefined ? [] : [[key, here]];
    }),
  );
}

/** Where clients ask for it; `undefined` where that is none of this mount's documents. */
function followed(url: string, doc: Doc, view: View): string | undefined {
  if (!isAddress(url, doc)) return url;
  const path = documentOf(url, doc);
  return path && `${view.link(path)}${fragmentOf(url)}`;
}

/** Names, too, stand where addresses do, and nobody can ask for them. */
function isAddress(url: string, doc: Doc): boolean {
  return /^https?:/.test(doc.urlOf(url) ?? "");
}

/** What is behind `#` names a part of a document, and stays, as does a query, by which some registries name pages. */
function address(url: string, doc: Doc, view: View): string {
  const path = documentOf(url, doc);
  if (!path || !PREFIXES.some((prefix) => path.startsWith(prefix))) return url;
  return `${view.link(path)}${fragmentOf(url)}`;
}

function fragmentOf(url: string): string {
  const hash = url.indexOf("#");
  return hash < 0 ? "" : url.slice(hash);
}

/** Why what an address names is left out. */
export const NOT_BELOW = "its address lies below none of this mount's upstreams";

/** The path of a document of this mount, with the query that belongs to it. */
export function documentOf(url: string, doc: Doc): Path | undefined {
  const path = doc.pathOf(url);
  const search = path && url.includes("?") ? new URL(doc.urlOf(url)!).search : "";
  return path && `${path}${search}`;
}
