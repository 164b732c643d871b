/** A whole chart repository, below a folder of its own. */
import type { Tree } from "../tree.ts";
import { makeHelm } from "./helm.ts";
import type { Whole } from "./whole.ts";

export const CHARTS = "/charts-of-all";

export function wholeHelm(whole: Whole): Tree {
  let [tree, changes] = [makeHelm([]), -1];
  return {
    get(key) {
      if (!key.startsWith(`${CHARTS}/`)) return undefined;
      if (changes !== whole.log.length) tree = makeHelm(Array.from(whole.indexes(), (index) => whole.packageOf(index)));
      changes = whole.log.length;
      return tree.get(key.slice(CHARTS.length));
    },
  };
}
