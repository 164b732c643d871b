/** A law as it applies to one plugin. */
export interface Law {
  /** What it says, and of what: `/simple/acme/: cut off, it throws rather than state less`. */
  name: string;
  /** Throws where it does not hold; the message tells the place, and expected against found. */
  check(): void | Promise<void>;
}

/** How cases are made up. */
export interface Runs {
  /** The same one makes the same cases. Default: another one each time. */
  seed?: number;
}

/** Throws unless it holds. */
export function must(holds: boolean, otherwise: string): void {
  if (!holds) throw new Error(otherwise);
}

/** Throws unless both are alike in all that they hold. */
export function same(found: unknown, expected: unknown, what: string): void {
  if (Bun.deepEquals(found, expected)) return;
  throw new Error(`${what}: expected ${shown(expected)}, found ${shown(found)}`);
}

/** Throws what a property test found, in one line, with the seed by which it is found again. */
export function always(what: string, test: () => void): void {
  try {
    test();
  } catch (error) {
    const [head = "", ...rest] = String((error as Error).message).split("\n");
    const cause = (error as Error).cause;
    const counterexample = rest.find((line) => line.startsWith("Counterexample"));
    const seed = rest.flatMap((line) => /\bseed: (-?\d+)/.exec(line)?.[1] ?? [])[0];
    const parts = [counterexample ?? head, cause instanceof Error ? cause.message : "", seed ? `(seed ${seed})` : ""];
    throw new Error(`${what}: ${parts.filter(Boolean).join(" ")}`);
  }
}

function shown(value: unknown): string {
  const text = typeof value === "string" ? JSON.stringify(value) : Bun.inspect(value, { depth: 6 });
  return text.replace(/\s+/g, " ").slice(0, 400);
}
