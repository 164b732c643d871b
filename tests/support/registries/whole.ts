/** A registry of any size whose packages are made when they are asked for: what they are follows from their number alone. */
import { PUBLISHED, type Release } from "./package.ts";

export interface WholeOptions {
  /** Packages at first. */
  size: number;
  /** Versions of each at first. Default 1. */
  versions?: number;
  /** Bytes of filler in each artifact. Default: none. */
  bytes?: number;
  /** How the package of a number is called. Default: `whole-0000042`. */
  nameOf?: (index: number) => string;
}

/** A line of its log. */
export interface Change {
  seq: number;
  index: number;
  isGone: boolean;
}

interface State {
  versions: number;
  /** How often it changed. */
  changes: number;
  serial: number;
  isGone: boolean;
}

const DIGITS = 7;

export class Whole {
  /** Packages that there ever were; the last ones are the newest. */
  size: number;
  readonly log: Change[] = [];
  readonly #options: Required<Pick<WholeOptions, "versions" | "nameOf">> & WholeOptions;
  readonly #changed = new Map<number, State>();
  /** Where the sequence numbers begin. */
  #seq: number;

  constructor(options: WholeOptions) {
    this.#options = { versions: 1, nameOf: (index) => `whole-${digits(index)}`, ...options };
    this.size = options.size;
    this.#seq = 1_000;
  }

  get seq(): number {
    return this.#seq;
  }

  /** Packages that it began with. */
  get begun(): number {
    return this.#options.size;
  }

  /** The number of its last change, which only grows. */
  serialOf(index: number): number {
    return this.#state(index).serial;
  }

  nameOf(index: number): string {
    return this.#options.nameOf(index);
  }

  /** -1 where a name is none of a package that was ever there. */
  indexOf(name: string): number {
    const index = Number(/(\d+)$/.exec(name)?.[1] ?? -1);
    return index < this.size && this.nameOf(index) === name ? index : -1;
  }

  /** A string that changes with it: `3-0000042`. */
  revisionOf(index: number): string {
    return `${this.#state(index).changes + 1}-${digits(index)}`;
  }

  isGone(index: number): boolean {
    return this.#state(index).isGone;
  }

  /** As generators of registries take it. */
  packageOf(index: number): { name: string; versions: Record<string, Release> } {
    const { versions } = this.#state(index);
    const release: Release = { publishedAt: PUBLISHED, ...(this.#options.bytes && { size: this.#options.bytes }) };
    const all = Array.from({ length: versions }, (_, minor): [string, Release] => [`1.${minor}.0`, release]);
    return { name: this.nameOf(index), versions: Object.fromEntries(all) };
  }

  /** Those that are there, in the order of their numbers, from one on. */
  *indexes(from = 0): Generator<number> {
    for (let index = from; index < this.size; index++) if (!this.isGone(index)) yield index;
  }

  count(): number {
    let gone = 0;
    for (const { isGone } of this.#changed.values()) gone += Number(isGone);
    return this.size - gone;
  }

  /** A new version of it; one that was gone is back. */
  publish(index: number): void {
    const { versions } = this.#state(index);
    this.#change(index, { versions: versions + 1, isGone: false });
  }

  remove(index: number): void {
    this.#change(index, { isGone: true });
  }

  /** A new package. Returns its number. */
  add(): number {
    this.size++;
    this.#change(this.size - 1, {});
    return this.size - 1;
  }

  /** The log begins anew, at smaller numbers, and forgets what was in it. */
  reset(): void {
    this.log.length = 0;
    this.#seq = 1;
  }

  #state(index: number): State {
    return this.#changed.get(index) ?? { versions: this.#options.versions, changes: 0, serial: 1_000, isGone: false };
  }

  #change(index: number, set: Partial<State>): void {
    const state = this.#state(index);
    this.#changed.set(index, { ...state, ...set, changes: state.changes + 1, serial: ++this.#seq });
    this.log.push({ seq: this.#seq, index, isGone: set.isGone ?? false });
  }
}

export function digits(index: number): string {
  return String(index).padStart(DIGITS, "0");
}
