/**
 * No pattern of the program takes more than linear time: one that tries its places anew (`\s+$`, `<[^>]*>`) makes a hostile
 * document of 100 kB cost minutes. Each is judged by recheck, which takes seconds for some; what it found safe is listed in
 * `patterns.txt`, so that only new ones are judged. `PATTERNS=all bun test tests/patterns.test.ts` judges all and writes the list.
 */
import { expect, test } from "bun:test";
import { join } from "node:path";
import { parseSync } from "oxc-parser";
import { check } from "recheck";

const ROOT = join(import.meta.dir, "..");
const LIST = join(import.meta.dir, "patterns.txt");
const isAll = process.env["PATTERNS"] === "all";

/** More than linear, or not to be judged, and why that harms nobody: what they are given is short, or was written by the operator. */
const HARMLESS: Readonly<Record<string, string>> = {
  "/^PROXY_(?:\\w+_)?(?:SERVICE_HOST|SERVICE_PORT(?:_\\w+)?|PORT(?:_\\d+_(?:TCP|UDP|SCTP)(?:_(?:PROTO|PORT|ADDR))?)?|NAME|ENV_\\w+)$/":
    "the name of an environment variable",
  "/([\\d.]+)([a-z]+)/g": "a duration of the configuration",
  "/ *, */": "a list of the configuration",
  "/\\/(?:\\.?\\/)*$/g": "a suite of the configuration",
  "/^\\/sumdb\\/(.+?)\\/(?:lookup\\/.+|tile\\/8\\/(\\d+)\\/(.+)\\.p\\/\\d+)$/": "a path, of at most 2,048 characters",
  "/\\/~\\/(?:d|\\d+)\\/(?:%40|@)[^/]+(?:%2f|\\/)[^/]+\\/.+\\d/i": "the first 2,048 characters of an address",
  "/(?:[\\r\\n]|--hash[= ]\\S+)$/": "the last 4,096 characters of a text",
  "/(https:\\/\\/[\\w.-]+\\.example[^\\s\"'<>?\\\\]*)\\?[^\\s\"'<>\\\\#]*/g": "what a plugin's author records",
  "/[\\w.+-]+@[\\w-]+(?:\\.[\\w-]+)+/g": "what a plugin's author records",
  "/^-+|-+$/g": "names of files that a plugin's author records",
};

interface Found {
  file: string;
  line: number;
  source: string;
  flags: string;
}

/** The patterns in a text, wherever they stand. */
function patternsIn(file: string, text: string): Found[] {
  const found: Found[] = [];
  const look = (node: unknown): void => {
    if (typeof node !== "object" || node === null) return;
    const { regex, start } = node as { regex?: { pattern: string; flags: string }; start?: number };
    if (regex?.pattern !== undefined)
      found.push({ file, line: text.slice(0, start).split("\n").length, source: regex.pattern, flags: regex.flags });
    for (const each of Object.values(node)) look(each);
  };
  look(parseSync(file, text).program);
  return found;
}

const spelled = ({ source, flags }: Found) => `/${source}/${flags}`;

const files = Array.from(new Bun.Glob("{src,ecosystems}/**/*.ts").scanSync(ROOT))
  .filter((file) => !/\.generated\.ts$|\.d\.ts$/.test(file))
  .sort();
const all: Found[] = [];
for (const file of files) all.push(...patternsIn(file, await Bun.file(join(ROOT, file)).text()));
const listed = new Set(isAll ? [] : (await Bun.file(LIST).text()).split("\n"));

/** Why it is not safe; nothing where it is. */
async function danger(found: Found): Promise<string | undefined> {
  const { status, ...rest } = await check(found.source, found.flags, { timeout: 20_000 });
  if (status === "safe") return undefined;
  const why = "complexity" in rest && rest.complexity ? `${rest.complexity.summary}` : "it cannot be judged";
  const attack = "attack" in rest && rest.attack ? `, as with ${rest.attack.pattern.slice(0, 120)}` : "";
  return `${found.file}:${found.line}: ${spelled(found)}: ${why}${attack}`;
}

test(
  "every pattern takes time linear in what it is given",
  async () => {
    const distinct = new Map(all.map((found) => [spelled(found), found]));
    const unknown = Array.from(distinct.values()).filter(
      (found) => !listed.has(spelled(found)) && !(spelled(found) in HARMLESS),
    );
    const dangers: string[] = [];
    for (const found of unknown) {
      const why = await danger(found);
      if (why) dangers.push(why);
      else listed.add(spelled(found));
    }
    if (isAll)
      await Bun.write(
        LIST,
        Array.from(distinct.keys(), (each) => each)
          .filter((each) => listed.has(each))
          .sort()
          .join("\n"),
      );
    expect(dangers).toEqual([]);
  },
  isAll ? 1_200_000 : 60_000,
);

test("no exception is kept for a pattern that is gone", () => {
  const known = new Set(all.map(spelled));
  expect(Object.keys(HARMLESS).filter((pattern) => !known.has(pattern))).toEqual([]);
});
