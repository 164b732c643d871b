import { NotFound, UpstreamFailed } from "../../src/lib/errors.ts";

/** Lists that have nothing to do with each other: one that cannot be read keeps nobody from reading the others, and is told of in the end. */
export class Unread {
  readonly #failures = new Map<string, Error>();

  /** `undefined` where it cannot be read. `list`: its name, for people. */
  async attempt<T>(list: string, read: () => Promise<T>): Promise<T | undefined> {
    try {
      return await read();
    } catch (error) {
      this.#failures.set(list, error as Error);
      return undefined;
    }
  }

  /** Throws UpstreamFailed, with the name of each and why, where any could not be read: to be called behind the last one. */
  tell(): void {
    if (this.#failures.size === 0) return;
    const all = Array.from(this.#failures, ([list, { message }]) => `${list}: ${message}`);
    const retryable = this.#failures.values().every(mayPass);
    throw new UpstreamFailed(`${all.join("; ")} (what it had before stays; the others were read)`, { retryable });
  }
}

function mayPass(error: Error): boolean {
  return !(error instanceof NotFound) && !(error instanceof UpstreamFailed && !error.retryable);
}
