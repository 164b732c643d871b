/** A whole Go module mirror, with its index of versions under `/-index`. */
import { type Request, type Tree, text } from "../tree.ts";
import { makeGolang } from "./golang.ts";
import type { Whole } from "./whole.ts";

export const INDEX = "/-index";
/** Several versions are seen at one moment. */
const AT_ONCE = 3;
const BEGAN = Date.parse("2019-04-10T19:08:52Z");

export function wholeGolang(whole: Whole): Tree {
  return {
    get(key) {
      if (key === `${INDEX}/index`) return (request) => index(whole, request);
      const module = /^\/(.+)\/@(?:v\/|latest$)/.exec(key)?.[1];
      const found = module === undefined ? -1 : whole.indexOf(module);
      return found < 0 ? undefined : makeGolang([goPackage(whole, found)]).get(key);
    },
  };
}

function goPackage(whole: Whole, index: number) {
  const { name, versions } = whole.packageOf(index);
  return {
    name,
    versions: Object.fromEntries(Object.entries(versions).map(([version, release]) => [`v${version}`, release])),
  };
}

function index(whole: Whole, { query }: Request) {
  const since = query.get("since") ?? "";
  const limit = Number(query.get("limit") ?? 2_000);
  const lines: string[] = [];
  let at = 0;
  const add = (number: number, version: string) => {
    const Timestamp = new Date(BEGAN + Math.floor(at++ / AT_ONCE)).toISOString();
    if (Timestamp >= since && lines.length < limit)
      lines.push(`${JSON.stringify({ Path: whole.nameOf(number), Version: version, Timestamp })}\n`);
  };
  const begin = whole.begun;
  for (let number = 0; number < begin; number++) add(number, "v1.0.0");
  const published = new Map<number, number>();
  for (const { index: number } of whole.log) {
    const minor = number < begin ? (published.get(number) ?? 0) + 1 : (published.get(number) ?? -1) + 1;
    published.set(number, minor);
    add(number, `v1.${minor}.0`);
  }
  return text(lines.join(""), "application/x-ndjson");
}
