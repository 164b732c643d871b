/** A whole registry of gems, whose list grows by a line for each change. */
import { type Content, type Tree, text } from "../tree.ts";
import { makeGem } from "./gem.ts";
import { hex } from "./package.ts";
import type { Whole } from "./whole.ts";

export interface GemLies {
  /** Infos are those of the last state, so many times. */
  lags?: number;
  /** Times that the list was written anew. */
  rebuilt?: number;
}

const INFO = "/info/";

export function wholeGem(whole: Whole, lies: GemLies = {}): Tree {
  const made = new Map<number, Map<string, Map<string, Content>>>();
  /** Gems by number, with the labels that the list has of each. */
  const listed = new Map<number, readonly string[]>();
  let lines: string[] | undefined;
  let rebuilt = 0;
  let seen = 0;

  const labelsOf = (index: number) => (whole.isGone(index) ? [] : Object.keys(whole.packageOf(index).versions));
  const treesOf = (index: number) => {
    const all = made.get(index) ?? new Map<string, Map<string, Content>>();
    made.set(index, all);
    const revision = whole.revisionOf(index);
    if (!all.has(revision)) all.set(revision, makeGem([whole.packageOf(index)]));
    return [...all.values()];
  };
  const infoOf = (index: number) =>
    treesOf(index)
      .at(-1)!
      .get(`${INFO}${whole.nameOf(index)}`) as { body: string };
  const line = (index: number) => {
    const [before, now] = [listed.get(index) ?? [], labelsOf(index)];
    listed.set(index, now);
    const changes = [
      ...now.filter((label) => !before.includes(label)),
      ...before.filter((label) => !now.includes(label)).map((label) => `-${label}`),
    ];
    const info = whole.isGone(index) ? "---\n" : infoOf(index).body;
    return `${whole.nameOf(index)} ${changes.join(",")} ${hex("md5", info)}\n`;
  };
  const versions = () => {
    if (!lines || rebuilt !== (lies.rebuilt ?? 0)) {
      rebuilt = lies.rebuilt ?? 0;
      listed.clear();
      lines = Array.from(whole.indexes(), line);
      seen = whole.log.length;
    }
    for (const { index } of whole.log.slice(seen)) lines.push(line(index));
    seen = whole.log.length;
    return text(`created_at: 2026-01-0${rebuilt + 1}T00:00:00Z\n---\n${lines.join("")}`);
  };
  return {
    get(key) {
      if (key === "/versions") return versions;
      if (key === "/names")
        return text(`---\n${Array.from(whole.indexes(), (index) => `${whole.nameOf(index)}\n`).join("")}`);
      const name = /^\/info\/(.+)$|^\/gems\/(.+)-[^-]+\.gem$/.exec(key)?.slice(1).find(Boolean) ?? "";
      const index = whole.indexOf(name);
      if (index < 0 || whole.isGone(index)) return undefined;
      const trees = treesOf(index);
      const isLate = key.startsWith(INFO) && (lies.lags ?? 0) > 0 && trees.length > 1;
      if (isLate) lies.lags!--;
      return trees.at(isLate ? -2 : -1)!.get(key);
    },
  };
}
