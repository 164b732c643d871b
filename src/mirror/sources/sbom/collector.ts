import { BadRequest } from "../../../lib/errors.ts";

/**
 * What is kept of an object of a document; all else is passed over, whatever it holds. One shape serves JSON, YAML and XML
 * (an element's attributes and children are fields), so that each format is written down once.
 */
export interface Shape {
  fields: Readonly<Record<string, Field>>;
  /** The field that the text of an XML element goes to. */
  text?: string;
  /** Called where the object ends, nested ones first. What is found is not kept with the object around it. */
  found?: (found: Found, place: () => string) => void;
}

/**
 * `text`: a string. `label`: for people only, so that a number will do. `list`: of objects; with
 * `orOne`, one alone too, as JSON-LD has it. `texts`: a string or a list of them, told where it ends.
 */
export type Field =
  | "text"
  | "label"
  | { list: Shape; orOne?: true }
  | { object: Shape }
  | { texts: (texts: readonly string[]) => void };

/** The fields of an object that the document has. */
export interface Found {
  readonly [field: string]: string | Found | readonly Found[] | undefined;
}

export type Scalar = string | number | boolean | null;

interface Frame {
  /** Absent for a list of texts. */
  shape?: Shape;
  isList: boolean;
  values: Record<string, unknown>;
  kept: unknown[];
  /** The field that is read; undefined where it is passed over. */
  field: Field | undefined;
  key: string;
  count: number;
}

const DEEPEST = 200;
/** Entries of a list within a component, as its hashes are. */
const LONGEST_LIST = 10_000;
const LONGEST_TEXT = 1024 * 1024;
/** Characters of a place that people are told. */
const LONGEST_PLACE = 200;

/** Is told of a document as it passes, part by part, and keeps what its shape names. */
export class Collector {
  readonly #frames: Frame[] = [];
  /** Objects and lists around this place that are passed over. */
  #passed = 0;
  readonly #root: Shape;

  constructor(root: Shape) {
    this.#root = root;
  }

  /** What the shape expects here; undefined where the document is passed over. */
  get expected(): Field | undefined {
    if (this.#passed > 0) return undefined;
    return this.#frames.length === 0 ? { object: this.#root } : this.#frames.at(-1)!.field;
  }

  get shape(): Shape | undefined {
    return this.#passed > 0 ? undefined : this.#frames.at(-1)?.shape;
  }

  key(name: string): void {
    if (this.#passed > 0) return;
    const frame = this.#frames.at(-1)!;
    frame.key = name;
    frame.field = Object.hasOwn(frame.shape!.fields, name) ? frame.shape!.fields[name] : undefined;
    if (frame.field && Object.hasOwn(frame.values, name)) throw this.#fault("is stated twice");
  }

  open(kind: "object" | "list"): void {
    const { expected } = this;
    if (this.#frames.length + this.#passed >= DEEPEST)
      throw this.#fault(`is nested more than ${DEEPEST} levels deep, the most that is read`);
    const parent = this.#frames.at(-1);
    if (parent?.isList) parent.count++;
    if (!expected) {
      this.#passed++;
      return;
    }
    const isList = kind === "list";
    const shape = shapeIn(expected, isList);
    if (shape === undefined) throw this.#fault(`is ${isList ? "a list" : "an object"}, expected ${told(expected)}`);
    if (parent && !parent.isList) parent.values[parent.key] = undefined;
    // Within a list, its field is what each of its entries is.
    const field = !isList ? undefined : shape ? { object: shape } : "text";
    this.#frames.push({ ...(shape && { shape }), isList, values: {}, kept: [], field, key: "", count: 0 });
  }

  close(): void {
    if (this.#passed > 0) {
      this.#passed--;
      return;
    }
    const frame = this.#frames.at(-1)!;
    const value = frame.isList ? frame.kept : frame.values;
    // So that the place is the object's own.
    frame.field = undefined;
    const found = frame.isList ? undefined : frame.shape?.found;
    if (found) found(frame.values as Found, () => this.place());
    this.#frames.pop();
    if (!found) this.#keep(value);
  }

  /** A string, number, boolean or null; null is as if it were not there, as some tools write it. */
  value(value: Scalar): void {
    const parent = this.#frames.at(-1);
    if (parent?.isList && this.#passed === 0) parent.count++;
    const { expected } = this;
    if (!expected || value === null) return;
    if (typeof value === "string" && value.length > LONGEST_TEXT)
      throw this.#fault(`has ${value.length} characters; at most ${LONGEST_TEXT} are read`);
    if (expected === "label") this.#keep(String(value));
    else if (typeof value === "string" && expected === "text") this.#keep(value);
    else if (typeof value === "string" && typeof expected === "object" && "texts" in expected) this.#keep([value]);
    else throw this.#fault(`is a ${typeof value}, expected ${told(expected)}`);
  }

  /** `components[3].hashes[0].content`; `the document` for all of it. */
  place(): string {
    let place = "";
    for (const frame of this.#frames) {
      if (frame.isList) place += `[${Math.max(0, frame.count - 1)}]`;
      else if (frame.key && frame.field) place += `${place && "."}${frame.key}`;
    }
    return place.replace(/^\[/, "the document[") || "the document";
  }

  #keep(value: unknown): void {
    const parent = this.#frames.at(-1);
    if (!parent) return;
    if (!parent.isList) {
      const field = parent.field;
      if (typeof field !== "object") parent.values[parent.key] = value;
      else if ("texts" in field) field.texts(value as string[]);
      else parent.values[parent.key] = "list" in field && !Array.isArray(value) ? [value] : value;
    } else if (parent.kept.length < LONGEST_LIST) parent.kept.push(value);
    // Of ids it is enough to know that there are many.
    else if (typeof value !== "string")
      throw this.#fault(`is after ${LONGEST_LIST} others, the most that are read of such a list`);
  }

  #fault(problem: string): BadRequest {
    const place = this.place();
    // Of what is nested deeply, where it begins and ends.
    const short = place.length > LONGEST_PLACE ? `${place.slice(0, 60)} … ${place.slice(-60)}` : place;
    return new BadRequest(`${short} ${problem}`);
  }
}

/** The shape of what is opened; null for a list of texts; undefined where the field is not such a thing. */
function shapeIn(field: Field, isList: boolean): Shape | null | undefined {
  if (typeof field === "string") return undefined;
  if ("texts" in field) return isList ? null : undefined;
  if ("list" in field) return isList || field.orOne ? field.list : undefined;
  return isList ? undefined : field.object;
}

function told(field: Field): string {
  if (typeof field === "string") return "a string";
  if ("texts" in field) return "a string or a list of strings";
  return "list" in field ? "a list of objects" : "an object";
}
