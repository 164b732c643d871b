/** A whole npm registry, with its replication under `/-replication`. */
import { LRUCache } from "lru-cache";
import { type Content, json, type Request, type Tree } from "../tree.ts";
import { makeNpm } from "./npm.ts";
import type { Whole } from "./whole.ts";

export interface NpmLies {
  /** The list ends after so many packages. */
  listEnds?: number;
  /** The feed sends the same page again and again. */
  isStuck?: boolean;
  /** Documents are those of the last revision, so many times. */
  lags?: number;
}

/** What the registry and its replication are configured as. */
export const REPLICATION = "/-replication";

export function wholeNpm(whole: Whole, base: string, lies: NpmLies = {}): Tree {
  const made = new LRUCache<string, Map<string, Content>>({ max: 200 });
  return {
    get(key) {
      if (key === `${REPLICATION}/`) return json({ update_seq: whole.seq, doc_count: whole.count() });
      if (key === `${REPLICATION}/_all_docs`) return (request) => allDocs(whole, request, lies);
      if (key === `${REPLICATION}/_changes`) return (request) => changes(whole, request, lies);
      if (key === "/-/npm/v1/keys") return json({ keys: [] });
      const name = /^\/((?:@[^/]+\/)?[^/]+)/.exec(key)?.[1] ?? "";
      const index = whole.indexOf(name);
      if (index < 0) return undefined;
      if (whole.isGone(index))
        return key === `/${name}` ? json({ _id: name, name, time: { unpublished: {} } }) : undefined;
      const rev = whole.revisionOf(index);
      const revision = `${index} ${rev}`;
      const tree = made.get(revision) ?? makeNpm([{ ...whole.packageOf(index), rev }], base);
      made.set(revision, tree);
      const before = made.get(`${index} ${rev.replace(/^\d+/, (count) => `${Number(count) - 1}`)}`);
      if (key !== `/${name}` || !before || (lies.lags ?? 0) <= 0) return tree.get(key);
      lies.lags!--;
      return before.get(key);
    },
  };
}

function allDocs(whole: Whole, { query }: Request, { listEnds = Number.POSITIVE_INFINITY }: NpmLies) {
  const start = query.get("startkey");
  const from = start === null ? 0 : whole.indexOf(JSON.parse(start) as string);
  const limit = Math.min(Number(query.get("limit") ?? 1_000), 10_000);
  const rows: object[] = [];
  for (const index of whole.indexes(from)) {
    if (rows.length >= limit || index >= listEnds) break;
    const name = whole.nameOf(index);
    rows.push({ id: name, key: name, value: { rev: whole.revisionOf(index) } });
  }
  return json({ total_rows: whole.count(), offset: from, rows });
}

function changes(whole: Whole, { query }: Request, { isStuck }: NpmLies) {
  const since = Number(query.get("since") ?? 0);
  const limit = Number(query.get("limit") ?? 1_000);
  const found = whole.log.filter(({ seq }) => seq > since).slice(0, limit);
  const results = found.map(({ seq, index, isGone }) => ({
    seq,
    id: whole.nameOf(index),
    changes: [{ rev: whole.revisionOf(index) }],
    ...(isGone && { deleted: true }),
  }));
  return json({ results, last_seq: isStuck ? since : (found.at(-1)?.seq ?? whole.seq) });
}
