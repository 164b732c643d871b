/** The index of a chart repository: https://helm.sh/docs/topics/chart_repository/ */
import { digestOfText } from "../../src/contract/digest.ts";
import type {
  Digest,
  Doc,
  Facts,
  FileFacts,
  LeftOut,
  Path,
  Release,
  ReleaseFacts,
  View,
} from "../../src/contract/ecosystem.ts";
import { labelOf, leaveOut } from "../shared/entries.ts";
import {
  COLLECTION_STYLE,
  type MappingNode,
  type Node,
  readTree,
  textAt,
  textsAt,
  valueAt,
  withValue,
} from "./yaml-tree.ts";
import { writeYaml } from "./yaml-writer.ts";

/** A version of a chart. */
interface Entry {
  release: Release;
  node: MappingNode;
  /** None: it is in no place that can be served here (`oci://`, or nowhere). */
  file: { path: Path; url: string } | undefined;
}

export function helmFacts(doc: Doc): Facts {
  const charts = chartsIn(doc, readIndex(doc));
  return {
    releases: charts.flatMap(({ entries }) => entries.map(stated)),
    leftOut: charts.flatMap(({ leftOut }) => leftOut),
  };
}

/** All of it stays as it stands, but for what is withheld and for where charts are. */
export function helmIndex(doc: Doc, view: View): string {
  const root = readIndex(doc);
  const charts = valueAt(root, "entries");
  if (charts?.kind !== "mapping") return writeYaml(root);
  const shown = chartsIn(doc, root).flatMap(({ key, list, entries, leftOut }) => {
    const items = entries
      .filter(({ release, file }) => view.admits(release, file?.path))
      .map(({ node, file }) => (file ? withUrl(node, view.link(file.path)) : node));
    // A chart of which nothing was there stays as it was.
    if (entries.length === 0 && leftOut.length === 0) return view.offline ? [] : [{ key, value: list }];
    return items.length > 0 && list.kind === "sequence" ? [{ key, value: { ...list, items } }] : [];
  });
  // An empty block would read as no value at all.
  const style = shown.length > 0 ? charts.style : COLLECTION_STYLE.FLOW;
  return writeYaml(withValue(root, "entries", { ...charts, style, items: shown }));
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
  return digestOfText("sha256", textAt(node, "digest"));
}

interface Chart {
  key: Node;
  list: Node;
  entries: Entry[];
  leftOut: LeftOut[];
}

/** helm skips an entry that it cannot read, whatever else its chart has. */
function chartsIn(doc: Doc, root: MappingNode): Chart[] {
  const charts = valueAt(root, "entries");
  if (charts?.kind !== "mapping") return [];
  return charts.items.map(({ key, value: list }) => {
    const chart: Chart = { key, list, entries: [], leftOut: [] };
    const name = key.kind === "scalar" ? key.value : "";
    for (const [at, node] of list.kind === "sequence" ? list.items.entries() : [])
      try {
        chart.entries.push(entryOf(doc, name, node));
      } catch (error) {
        chart.leftOut.push(leaveOut(`${name} (entry ${at + 1})`, error));
      }
    // What is no list of entries is nothing to helm; an empty one is.
    if (list.kind === "mapping") chart.leftOut.push(leaveOut(name, new Error("it is no list of versions")));
    return chart;
  });
}

function entryOf(doc: Doc, chart: string, node: Node): Entry {
  const { repo = "" } = doc.params;
  if (node.kind !== "mapping") throw new Error("it is no mapping");
  const release = { name: `${repo}/${labelOf(chart, "name")}`, version: labelOf(textAt(node, "version"), "version") };
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
