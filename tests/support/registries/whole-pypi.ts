/** A whole Python package index, with a serial for each project. */
import { LRUCache } from "lru-cache";
import { type Content, json, type Tree, text } from "../tree.ts";
import { makePypi } from "./pypi.ts";
import type { Whole } from "./whole.ts";

export interface PypiLies {
  /** Documents are older than the list says, so many times. */
  lags?: number;
  /** The root is HTML, without serials. */
  isHtml?: boolean;
}

const JSON_TYPE = "application/vnd.pypi.simple.v1+json";

export function wholePypi(whole: Whole, base: string, lies: PypiLies = {}): Tree {
  const made = new LRUCache<string, Map<string, Content>>({ max: 200 });
  const files = new Map<string, number>();
  const treeOf = (index: number, serial = whole.serialOf(index)) => {
    const key = `${index} ${whole.revisionOf(index)} ${serial}`;
    const tree = made.get(key) ?? makePypi([whole.packageOf(index)], base, { serial });
    made.set(key, tree);
    for (const path of tree.keys()) if (path.startsWith("/packages/")) files.set(path, index);
    return tree;
  };
  return {
    get(key) {
      if (key === "/simple/") return () => root(whole, lies);
      const page = /^\/simple\/([^/]+)\/$/.exec(key)?.[1];
      const index = page === undefined ? (files.get(key) ?? -1) : whole.indexOf(page);
      if (index < 0 || whole.isGone(index)) return undefined;
      if (page === undefined || (lies.lags ?? 0) <= 0) return treeOf(index).get(key);
      lies.lags!--;
      return treeOf(index, 1).get(key);
    },
  };
}

function root(whole: Whole, { isHtml }: PypiLies) {
  const all = Array.from(whole.indexes());
  if (isHtml) {
    const anchors = all.map((index) => `<a href="/simple/${whole.nameOf(index)}/">${whole.nameOf(index)}</a><br>\n`);
    return text(`<!DOCTYPE html>\n<html><body>\n${anchors.join("")}</body></html>\n`, "text/html");
  }
  const projects = all.map((index) => ({ name: whole.nameOf(index), "_last-serial": whole.serialOf(index) }));
  const headers = { "content-type": JSON_TYPE, "x-pypi-last-serial": String(whole.seq) };
  return json({ meta: { "api-version": "1.4", "_last-serial": whole.seq }, projects }, headers);
}
