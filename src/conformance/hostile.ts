/** Documents as somebody might make them who wants their reader to stall: a real one with one part of it repeated without end. */
import fc from "fast-check";
import { must } from "./law.ts";

/** What patterns and parsers take by the run: spaces, ends of lines, what opens, what parts, and what real documents have. */
const UNITS: readonly string[] = [
  " ",
  "\t",
  "\n",
  " \n",
  "\n\n",
  "\r\n",
  "\u2028",
  "a",
  "0",
  "A-",
  "-1",
  "1.0-",
  "0.",
  ".",
  "/",
  "//",
  "../",
  "a/",
  "\\",
  '\\"',
  '"',
  "'",
  ",",
  ";",
  ":",
  "a: ",
  "- ",
  "  - a\n",
  "=",
  "==",
  ">=1,",
  "~> 1 ",
  " || ",
  " and (",
  "#",
  "# ",
  "%2f",
  "@a",
  "$",
  ["$", "{a}"].join(""),
  "&",
  "&amp;",
  "&a ",
  "*a ",
  "[",
  "[]",
  "]",
  "{",
  '{"a":',
  "[[],",
  "(",
  "<",
  "<a>",
  "<a ",
  "<a/>",
  "</a>",
  "<!--",
  "<![CDATA[",
  "<!DOCTYPE a [",
  "<version>",
  "<a href=",
  "|",
  "|a:1",
  "a b\n",
  "a: b\n",
  "!",
  "!a ",
  "\u0000",
  "\uffff",
  "é",
];

/** Places in a text where a run may stand, of which each parser has some. */
function placesIn(body: string): number[] {
  const after = (text: string, from = 0) => {
    const at = body.indexOf(text, from);
    return at < 0 ? [] : [at + text.length];
  };
  const middle = body.length >> 1;
  return [
    ...new Set([
      0,
      ...after("\n"),
      ...after("\n", middle),
      ...after('"'),
      ...after(': "', middle),
      ...after('"version": "'),
      ...after('"url": "'),
      ...after(": "),
      ...after("<"),
      ...after(">"),
      ...after(">", middle),
      ...after(" ", middle),
      ...after("{"),
      ...after("["),
      middle,
      body.length,
    ]),
  ];
}

/** The text with so many characters of a run at a place. */
function withRun(body: string, place: number, unit: string, characters: number): string {
  const run = unit.repeat(Math.ceil(characters / unit.length));
  return `${body.slice(0, place)}${run}${body.slice(place)}`;
}

/** A document that somebody made: which place of the real one, and what is repeated there. */
interface Made {
  place: number;
  /** A number: so many characters of the document itself, from the place on. */
  unit: string | number;
}

function placeOf(body: string, place: number): number {
  const places = placesIn(body);
  return places[place % places.length]!;
}

function bodyOf(body: string, { place, unit }: Made, characters: number): string {
  // Closed again: what is whole is read to its end.
  if (unit === "[]")
    return withRun(withRun(body, placeOf(body, place), "]", characters / 2), placeOf(body, place), "[", characters / 2);
  const at = placeOf(body, place);
  const text = typeof unit === "string" ? unit : body.slice(at, at + unit);
  return text === "" ? body : withRun(body, typeof unit === "string" ? at : at + text.length, text, characters);
}

/** What a fuzzer takes them from. */
export const made = fc.record({
  place: fc.nat({ max: 31 }),
  unit: fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom(...UNITS) },
    { weight: 2, arbitrary: fc.tuple(fc.constantFrom(...UNITS), fc.constantFrom(...UNITS)).map((two) => two.join("")) },
    { weight: 1, arbitrary: fc.integer({ min: 8, max: 400 }) },
    { weight: 1, arbitrary: fc.string({ minLength: 1, maxLength: 4 }) },
  ),
});

/** Limits of one reading of a document. */
export interface Bound {
  characters: number;
  /** Milliseconds of this thread's processor time, of the best of a few runs: the first one compiles. */
  time: number;
  /** Characters of what it states, or of what is made of it. */
  output: number;
  /** Runs of which the best counts. Default: 3. */
  tries?: number;
  /** Whether a document is none of those that must be read within the bound. */
  isOther?(text: string): boolean;
}

const TRIES = 3;

/** Throws where a reader of documents takes too long for one, gives too much, or throws what is no error. Sizes grow to the wanted one, so
 * that what is worse than quadratic is found before it takes hours. */
export function mustBeBounded(read: (body: string) => number, body: string, one: Made, bound: Bound): void {
  for (let characters = Math.min(1_024, bound.characters); ; characters = Math.min(characters * 8, bound.characters)) {
    const text = bodyOf(body, one, characters);
    if (bound.isOther?.(text)) return;
    let best = Number.POSITIVE_INFINITY;
    for (let tries = 0; tries < (bound.tries ?? TRIES) && best > bound.time; tries++) {
      const [started, at] = [process.threadCpuUsage(), performance.now()];
      const given = outputOf(read, text);
      const { user, system } = process.threadCpuUsage(started);
      // Some systems count processor time in steps of four milliseconds.
      best = Math.min(best, (user + system) / 1_000, performance.now() - at);
      must(given <= bound.output, `of ${text.length} characters it makes ${given}; expected at most ${bound.output}`);
    }
    must(
      best <= bound.time,
      `${text.length} characters, ${JSON.stringify(one)}, take ${Math.round(best)} ms of processor time; expected at most ${bound.time}`,
    );
    if (characters === bound.characters) return;
  }
}

function outputOf(read: (body: string) => number, text: string): number {
  try {
    return read(text);
  } catch (error) {
    must(error instanceof Error, `it throws ${String(error)}, which is no error`);
    return 0;
  }
}
