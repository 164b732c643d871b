import type { Digest, Facts, Path } from "../../contract/ecosystem.ts";
import { decodedPath } from "../../contract/path.ts";
import { addressOf } from "../../contract/plain.ts";
import type { FactsPage } from "../../index/rows.ts";

/** What a document states of one file. */
export interface FileFact {
  path: Path;
  name: string;
  version: string;
  digest?: Digest;
  size?: number;
  /** Where it is said to be, in their order. */
  urls?: readonly string[];
  /** Milliseconds since 1970, and only where policy may trust it. */
  publishedAt?: number;
  /** Of a document that is held by its content: where. */
  at?: readonly Path[];
}

/** As stored: `[key, name, version, digest, size, url, publishedAt, at, path]`, absent ones null. Documents have no name. The key is
 * the decoded path; the path follows where its document spells it otherwise. */
type Entry = [
  string,
  string,
  string,
  Digest | null,
  number | null,
  string | readonly string[] | null,
  number | null,
  (readonly Path[] | null)?,
  Path?,
];

/** Characters of a page; a look-up reads and decodes one. */
const PAGE = 48 * 1024;

/** The facts of a document as pages sorted by path. `base`: where it came from, for relative URLs in it. */
export function pagesOf({ releases = [], documents = [] }: Facts, base: string): FactsPage[] {
  const entries: Entry[] = [];
  for (const { path, digest, size, at } of documents)
    entries.push(spelled(path, ["", "", digest, size ?? null, null, null, at ?? null]));
  for (const { name, version, publishedAt, dateTrust, files = [] } of releases) {
    const at = publishedAt && dateTrust !== "author" ? publishedAt.getTime() : null;
    for (const { path, digest, size, url } of files)
      entries.push(spelled(path, [name, version, digest ?? null, size ?? null, placesOf(url, base), at]));
  }
  entries.sort(([a], [b]) => (a < b ? -1 : Number(a > b)));
  const pages: FactsPage[] = [];
  let page: string[] = [];
  let first: string | undefined;
  let length = 0;
  const flush = () => {
    if (first !== undefined) pages.push({ first, page: `[${page.join(",")}]` });
    [page, first, length] = [[], undefined, 0];
  };
  let last: string | undefined;
  for (const entry of entries) {
    // Two statements about one path must stay in one page, or the second would be out of reach.
    if (length > PAGE && entry[0] !== last) flush();
    const text = JSON.stringify(entry);
    first ??= entry[0];
    page.push(text);
    length += text.length;
    last = entry[0];
  }
  flush();
  return pages;
}

/** One address as a text. */
function placesOf(url: string | readonly string[] | undefined, base: string): string | readonly string[] | null {
  if (url === undefined) return null;
  const all = typeof url === "string" ? [url] : url;
  const [first, ...more] = all.flatMap((each) => addressOf(each, base)?.href ?? []);
  return first === undefined ? null : more.length > 0 ? [first, ...more] : first;
}

type Statement = Entry extends [string, ...infer Rest] ? Rest : never;

function spelled(path: Path, [name, version, digest, size, url, at, copies]: Statement): Entry {
  const key = decodedPath(path);
  if (key === path)
    return copies === undefined
      ? [key, name, version, digest, size, url, at]
      : [key, name, version, digest, size, url, at, copies];
  return [key, name, version, digest, size, url, at, copies ?? null, path];
}

/** What a page says of a path, if it says anything. Pages of earlier versions of this program have paths as they were spelled. */
export function factIn(page: string, path: Path): FileFact | undefined {
  const key = decodedPath(path);
  // Most pages say nothing of a path, and reading one costs more than a look whether its name stands there.
  if (!page.includes(JSON.stringify(key)) && (key === path || !page.includes(JSON.stringify(path)))) return undefined;
  const entries = JSON.parse(page) as Entry[];
  const entry = entries.find(([known]) => known === key) ?? entries.find(([known]) => known === path);
  return entry && factOf(entry);
}

/** All that a page says. */
export function factsIn(page: string): FileFact[] {
  return (JSON.parse(page) as Entry[]).map(factOf);
}

function factOf([key, name, version, digest, size, url, publishedAt, at, path]: Entry): FileFact {
  return {
    path: path ?? (key as Path),
    name,
    version,
    ...(digest !== null && { digest }),
    ...(size !== null && { size }),
    ...(url !== null && { urls: typeof url === "string" ? [url] : url }),
    ...(publishedAt !== null && Number.isFinite(publishedAt) && { publishedAt }),
    ...(at && { at }),
  };
}
