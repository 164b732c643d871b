/** The index of a chart repository: https://helm.sh/docs/topics/chart_repository/ */
import type { Digest, Doc, Facts, FileFacts, Path, Release, ReleaseFacts, View } from "../ecosystem.ts";
import {
  COLLECTION_STYLE,
  type MappingNode,
  type Node,
  readTree,
  textAt,
  textsAt,
  valueAt,
  withValue,
  writeTree,
} from "./yaml-tree.ts";

/** A version of a chart. */
interface Entry {
  release: Release;
  node: MappingNode;
  /** None: it is in no place that can be served here (`oci://`, or nowhere). */
  file: { path: Path; url: string } | undefined;
}

export function helmFacts(doc: Doc): Facts {
  return { releases: chartsIn(doc, readIndex(doc)).flatMap(({ entries }) => entries.map(stated)) };
}

/** All of it stays as it stands, but for what is withheld and for where charts are. */
export function helmIndex(doc: Doc, view: View): string {
  const root = readIndex(doc);
  const charts = valueAt(root, "entries");
  if (charts?.kind !== "mapping") return writeTree(root);
  const shown = chartsIn(doc, root).flatMap(({ key, list, entries }) => {
    const items = entries
      .filter(({ release, file }) => view.admits(release, file?.path))
      .map(({ node, file }) => (file ? withUrl(node, view.link(file.path)) : node));
    // A chart of which nothing was there stays as it was.
    if (entries.length === 0) return view.offline ? [] : [{ key, value: list }];
    return items.length > 0 && list.kind === "sequence" ? [{ key, value: { ...list, items } }] : [];
  });
  // An empty block would read as no value at all.
  const style = shown.length > 0 ? charts.style : COLLECTION_STYLE.FLOW;
  return writeTree(withValue(root, "entries", { ...charts, style, items: shown }));
}

function stated({ release, node, file }: Entry): ReleaseFacts {
  const created = new Date(textAt(node, "created"));
  return {
    ...release,
    ...(!Number.isNaN(created.getTime()) && { publishedAt: created }),
    ...(textAt(node, "deprecated") === "true" && { state: "deprecated" as const }),
    files: file ? filesOf(file, digestOf(node)) : [],
  };
}

/** The chart, and its provenance beside it, which few have. */
function filesOf({ path, url }: { path: Path; url: string }, digest: Digest | undefined): FileFacts[] {
  return [
    { path, url, ...(digest && { digest }) },
    { path: `${path}.prov`, url: `${url}.prov`, optional: true, beside: path },
  ];
}

/** Some have none, some an empty one, some name the algorithm. */
function digestOf(node: MappingNode): Digest | undefined {
  const [, hex] = /^(?:sha256:)?([\da-f]{64})$/i.exec(textAt(node, "digest").trim()) ?? [];
  return hex === undefined ? undefined : `sha256:${hex.toLowerCase()}`;
}

function chartsIn(doc: Doc, root: MappingNode): { key: Node; list: Node; entries: Entry[] }[] {
  const charts = valueAt(root, "entries");
  if (charts?.kind !== "mapping") return [];
  return charts.items.map(({ key, value: list }) => {
    const nodes = list.kind === "sequence" ? list.items.filter((each) => each.kind === "mapping") : [];
    const name = key.kind === "scalar" ? key.value : "";
    return { key, list, entries: nodes.map((node) => entryOf(doc, name, node)) };
  });
}

function entryOf(doc: Doc, chart: string, node: MappingNode): Entry {
  const { repo = "" } = doc.params;
  const release = { name: `${repo}/${chart}`, version: textAt(node, "version") };
  const url = textsAt(node, "urls").find(({ value }) => /^(?:https?:\/\/|(?![a-z][a-z\d+.-]*:))./i.test(value))?.value;
  return { release, node, file: url === undefined ? undefined : { path: pathOf(doc, release, url), url } };
}

/** Below the repository as it lies there; what lies elsewhere, or has a query, gets a place of its own. */
function pathOf(doc: Doc, { name, version }: Release, url: string): Path {
  const { repo = "" } = doc.params;
  const own = url.includes("?") ? undefined : doc.pathOf(url);
  if (own?.startsWith(`/${encodeURIComponent(repo)}/`) && /\.(?:tgz|tar\.gz)$/.test(own)) return own;
  const chart = encodeURIComponent(name.slice(repo.length + 1));
  const label = encodeURIComponent(version);
  return `/${encodeURIComponent(repo)}/-/${chart}/${label}/${chart}-${label}.tgz`;
}

function withUrl(node: MappingNode, url: string): MappingNode {
  const urls = valueAt(node, "urls");
  const [first] = textsAt(node, "urls");
  // Clients take the first one.
  return urls?.kind === "sequence" && first
    ? withValue(node, "urls", { ...urls, items: [{ ...first, value: url }] })
    : node;
}

function readIndex(doc: Doc): MappingNode {
  const root = readTree(doc.text());
  if (textAt(root, "apiVersion") === "" || valueAt(root, "entries") === undefined)
    throw new Error(`${doc.path} is no index of charts: it has no apiVersion or no entries`);
  return root;
}
