import { BadRequest } from "../../src/lib/errors.ts";
import { clip } from "../shared/lockfiles/elsewhere.ts";

/** One directive of a go.mod; one that stands in a block has the block's verb. */
export interface Directive {
  verb: string;
  /** Without quotes. */
  words: string[];
  place: string;
}

/** What module paths are made of. */
export const MODULE = /^[\w.~/-]+$/;

/** A word ends where a comment begins; `=>` is one, and the brackets and commas of `retract` are. */
const WORD = /\s+|\/\/.*|"(?<quoted>(?:[^"\\]|\\.)*)"|`(?<raw>[^`]*)`|(?<bare>[()[\],]|(?:[^\s"`()[\],/]|\/(?!\/))+)/y;

/** https://go.dev/ref/mod#go-mod-file-lexical; throws BadRequest with the line. */
export function* directivesOf(text: string): Generator<Directive> {
  let block: { verb: string; place: string } | undefined;
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    const place = `line ${index + 1}`;
    const words = wordsOf(line, place);
    const [first, ...rest] = words;
    if (first === undefined) continue;
    if (first === ")") {
      if (!block || rest.length > 0) throw new BadRequest(`${place}: unexpected "${clip(line.trim())}"`);
      block = undefined;
    } else if (block) yield { verb: block.verb, words, place };
    else if (rest.length === 1 && rest[0] === "(") block = { verb: first, place };
    else yield { verb: first, words: rest, place };
  }
  if (block) throw new BadRequest(`${block.place}: the block "${clip(block.verb)} (" is not closed`);
}

function wordsOf(line: string, place: string): string[] {
  const words: string[] = [];
  WORD.lastIndex = 0;
  while (WORD.lastIndex < line.length) {
    const at = WORD.lastIndex;
    const match = WORD.exec(line);
    if (!match) throw new BadRequest(`${place}: "${clip(line.slice(at))}" is not closed`);
    const { quoted, raw, bare } = match.groups!;
    const word = quoted?.replace(/\\(.)/g, "$1") ?? raw ?? bare;
    if (word !== undefined) words.push(word);
  }
  return words;
}
