/** Lists of the OCI distribution specification, by pages: tags, repositories, referrers. */

import type { Body, Digest, Doc, Path, ReleaseFacts, StoredContent, View } from "../../src/contract/ecosystem.ts";
import type { LeftOut } from "../../src/contract/facts.ts";
import { type Entries, leaveOut, readEntries } from "../shared/entries.ts";
import { json } from "../shared/json.ts";
import { nextLink } from "../shared/link-header.ts";
import { type Descriptor, digestOf, INDEX, manifestPath, readManifest, referrersTag, TAG } from "./manifests.ts";

const TAGGED = /^\/(?<name>.+)\/manifests\/(?<tag>[^/:]+)$/;

/** Throws where it is no list of tags. */
export function tagsIn(doc: Doc, name: string): Entries<ReleaseFacts> {
  const { tags } = doc.json<{ tags?: unknown }>();
  if (tags !== null && !Array.isArray(tags)) throw new Error(`${doc.path} is no list of tags`);
  return readEntries((tags ?? []) as unknown[], (tag) => {
    if (typeof tag !== "string" || !TAG.test(tag)) throw new Error("it is no tag");
    return { name, version: tag, ...(tag === "latest" && { tags: [tag] }) };
  });
}

export function shownTags(doc: Doc, view: View, name: string): Body {
  const shown = tagsIn(doc, name).found.filter((release) => view.admits(release, manifestPath(name, release.version)));
  return linked(doc, view, { name, tags: shown.map(({ version }) => version) }, "application/json");
}

/** No one refers to it. */
export const NO_REFERRERS = JSON.stringify({ schemaVersion: 2, mediaType: INDEX, manifests: [] });

/** With those of the tag by which registries without such lists tell of them. */
export function shownReferrers(doc: Doc, view: View, name: string): Body {
  const index = readManifest(doc).manifest;
  const tagged = taggedReferrers(doc, name, doc.params.digest as Digest);
  const all = new Map([...tagged, ...(index.manifests ?? [])].map((each) => [each.digest, each]));
  const manifests = Array.from(all.values()).filter(({ digest: version }) =>
    view.admits({ name, version }, manifestPath(name, version)),
  );
  return linked(doc, view, { ...index, manifests }, INDEX);
}

/** What the tag lists that refers to a manifest. Some registries read the tag as the digest that it is made of, or have a tag of that
 * name for something else: what is stored and refers to another manifest, or to none, is left out. */
function taggedReferrers(doc: Doc, name: string, subject: Digest): Descriptor[] {
  const list = doc.stored(manifestPath(name, referrersTag(subject)));
  if (!list || digestOf(list) === subject) return [];
  return (readManifest(list).manifest.manifests ?? []).filter(({ digest }) => {
    const manifest = doc.stored(manifestPath(name, digest));
    return manifest === undefined || readManifest(manifest).manifest.subject?.digest === subject;
  });
}

/** The list of the tag, and the manifests that it names. */
export function taggedReferrerPaths(doc: Doc, name: string): Path[] {
  const path = manifestPath(name, referrersTag(doc.params.digest as Digest));
  const list = doc.stored(path);
  const { manifests = [] } = list ? readManifest(list).manifest : {};
  return [path, ...manifests.map(({ digest }) => manifestPath(name, digest))];
}

/** What upstream names as the next page (RFC 8288), as a page of this document. What is none of its pages has no address here, and is
 * left out: its query alone would lead to another page. */
export function nextOf(doc: Doc): { follow: Path[]; leftOut: LeftOut[] } {
  const target = nextLink(doc.header("link") ?? "");
  if (target === undefined) return { follow: [], leftOut: [] };
  const own = doc.path.split("?")[0] as Path;
  const url = doc.urlOf(target);
  const { pathname, search } = new URL(url ?? "https://none.example");
  if (url === undefined || !isSameList(pathname, own))
    return { follow: [], leftOut: [leaveOut(`Link: <${target}>; rel="next"`, `it leads to no page of ${own}`)] };
  // A page that leads to itself would be asked for without end.
  return { follow: search && `${own}${search}` !== doc.path ? [`${own}${search}`] : [], leftOut: [] };
}

/** Some registries tell their own path of a list, with more or fewer folders before it than they were asked by. */
function isSameList(pathname: string, own: Path): boolean {
  const theirs = decoded(pathname).replace(/^.*\/v2(?=\/)/, "");
  const ours = decoded(own.replace(/^\/upstream\/[^/]+/, ""));
  return theirs.endsWith(ours) || ours.endsWith(theirs);
}

/** As it stands where it is not encoded as addresses are. */
function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

/** The tags that are stored. */
export async function storedTags(
  name: string,
  query: URLSearchParams,
  view: View,
  stored: StoredContent,
): Promise<Body> {
  const manifests = stored.documents(`/${name}/manifests/`);
  const tags = await Array.fromAsync(manifests, (path) => TAGGED.exec(path)?.groups?.tag ?? "");
  return paged(tags, query, view, `/${name}/tags/list`, (page) => ({ name, tags: page }));
}

/** The repositories of which tags are stored: no registry says what it has. */
export async function storedRepositories(query: URLSearchParams, view: View, stored: StoredContent): Promise<Body> {
  const names = await Array.fromAsync(stored.documents("/"), (path) => TAGGED.exec(path)?.groups?.name ?? "");
  return paged(names, query, view, "/_catalog", (repositories) => ({ repositories }));
}

function linked(doc: Doc, view: View, body: object, mediaType: string): Body {
  const [next] = nextOf(doc).follow;
  return { body: JSON.stringify(body), mediaType, headers: next ? linkTo(view.link(next)) : {} };
}

/** In their order, after `last` and at most `n` of them. */
function paged(
  names: readonly string[],
  query: URLSearchParams,
  view: View,
  path: Path,
  body: (page: string[]) => object,
): Body {
  const [last, n] = [query.get("last") ?? "", Number.parseInt(query.get("n") ?? "", 10)];
  const rest = [...new Set(names)].filter((name) => name > last).sort((a, b) => (a < b ? -1 : 1));
  const page = rest.slice(0, n >= 0 ? n : undefined);
  const end = page.at(-1);
  if (end === undefined || page.length === rest.length) return json(body(page));
  return json(body(page), linkTo(view.link(`${path}?${new URLSearchParams({ n: String(n), last: end })}`)));
}

function linkTo(url: string): Record<string, string> {
  return { link: `<${url}>; rel="next"` };
}
