/** A whole NuGet feed, with its catalog in small pages, whose items stand in no order. */
import { type Content, json, type Tree } from "../tree.ts";
import { makeNuget } from "./nuget.ts";
import type { Whole } from "./whole.ts";

export interface NugetLies {
  /** Lists of versions are those of the last state, so many times. */
  lags?: number;
  /** The last page lacks its newest change, so many times. */
  isBehind?: number;
  /** Times that the catalog began anew, each time at an earlier date. */
  resets?: number;
}

interface Commit {
  at: number;
  index: number;
  version: string;
  isGone: boolean;
}

const CATALOG = "/v3/catalog0";
const PAGE = 15;

export function wholeNuget(whole: Whole, base: string, lies: NugetLies = {}): Tree {
  const made = new Map<number, Map<string, Map<string, Content>>>();
  let commits: Commit[] = [];
  const told = new Map<number, readonly string[]>();
  let resets = -1;
  let seen = 0;

  const versionsOf = (index: number) => (whole.isGone(index) ? [] : Object.keys(whole.packageOf(index).versions));
  const commit = (index: number) => {
    const [before, now] = [told.get(index) ?? [], versionsOf(index)];
    told.set(index, now);
    const at = commits.length + 1;
    const news = now.filter((version) => !before.includes(version)).map((version) => ({ version, isGone: false }));
    const gone = before.filter((version) => !now.includes(version)).map((version) => ({ version, isGone: true }));
    commits.push(...[...news, ...gone].map((each) => ({ ...each, at, index })));
  };
  const update = () => {
    if (resets !== (lies.resets ?? 0)) {
      resets = lies.resets ?? 0;
      commits = [];
      told.clear();
      for (const index of whole.indexes()) commit(index);
      seen = whole.log.length;
    }
    for (const { index } of whole.log.slice(seen)) commit(index);
    seen = whole.log.length;
  };
  // Hundredths of a second, without the zeros at their end.
  const stamp = (at: number) =>
    new Date(Date.UTC(2026, 0, 20 - resets) + at * 10).toISOString().replace(/(?:\.0+|(\.\d*?)0+)Z$/, "$1Z");
  const pages = () => {
    update();
    const count = Math.max(1, Math.ceil(commits.length / PAGE));
    return Array.from({ length: count }, (_, at) => commits.slice(at * PAGE, (at + 1) * PAGE));
  };
  const page = (number: number) => {
    const all = pages();
    let items = all[number] ?? [];
    if (number === all.length - 1 && (lies.isBehind ?? 0) > 0) {
      lies.isBehind!--;
      items = items.slice(0, -1);
    }
    const listed = items.map(({ at, index, version, isGone }) => ({
      "@id": `${base}${CATALOG}/data/2026.01.01.00.00.00/${whole.nameOf(index)}.${version}.json`,
      "@type": isGone ? "nuget:PackageDelete" : "nuget:PackageDetails",
      commitTimeStamp: stamp(at),
      "nuget:id": whole.nameOf(index),
      "nuget:version": version,
    }));
    return json({ count: items.length, items: listed.reverse() });
  };
  const index = () => {
    const items = pages().map((each, number) => ({
      "@id": `${base}${CATALOG}/page${number}.json`,
      commitTimeStamp: stamp(each.at(-1)?.at ?? 0),
      count: each.length,
    }));
    return json({ count: items.length, items: items.reverse() });
  };
  const treesOf = (number: number) => {
    const all = made.get(number) ?? new Map<string, Map<string, Content>>();
    made.set(number, all);
    const revision = whole.revisionOf(number);
    if (!all.has(revision)) all.set(revision, makeNuget([whole.packageOf(number)], base));
    return [...all.values()];
  };
  return {
    get(key) {
      if (key === `${CATALOG}/index.json`) return index;
      const number = new RegExp(`^${CATALOG}/page(\\d+)\\.json$`).exec(key)?.[1];
      if (number !== undefined) return () => page(Number(number));
      if (/^\/(?:v3\/)?index\.json$|\/vulnerabilities\//.test(key)) return makeNuget([], base).get(key);
      const name =
        /(?:flatcontainer|semver2)\/([^/]+)\/|\/data\/[^/]+\/([^/]+?)\.\d/.exec(key)?.slice(1).find(Boolean) ?? "";
      const at = whole.indexOf(name);
      if (at < 0 || whole.isGone(at)) return undefined;
      const trees = treesOf(at);
      const isLate = key.endsWith("/index.json") && (lies.lags ?? 0) > 0 && trees.length > 1;
      if (isLate) lies.lags!--;
      return trees.at(isLate ? -2 : -1)!.get(key);
    },
  };
}
