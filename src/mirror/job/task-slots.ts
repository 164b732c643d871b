/**
 * So much work at a time, and a wait for the next of it to end. One promise for all that is under way: a race of all of them,
 * again for each that ends, would keep the remains of thousands of races until the slowest has ended.
 */
export class Lanes {
  readonly #most: number;
  #busy = 0;
  #failure: { error: unknown } | undefined;
  #wake = () => {};

  constructor(most: number) {
    this.#most = most;
  }

  get busy(): number {
    return this.#busy;
  }

  get free(): number {
    return this.#most - this.#busy;
  }

  start(work: Promise<void>): void {
    this.#busy++;
    const ended = () => {
      this.#busy--;
      this.#wake();
    };
    work.then(ended, (error: unknown) => {
      this.#failure ??= { error };
      ended();
    });
  }

  /** Until something has ended, or so many milliseconds are over; for one who waits at a time. Rejects with what some of it rejected with. */
  async next(milliseconds?: number): Promise<void> {
    if (!this.#failure) {
      const { promise, resolve } = Promise.withResolvers<void>();
      const timer = milliseconds === undefined ? undefined : setTimeout(resolve, milliseconds);
      this.#wake = resolve;
      await promise;
      clearTimeout(timer);
    }
    if (this.#failure) throw this.#failure.error;
  }

  /** Until all has ended, well or not. */
  async settled(): Promise<void> {
    while (this.#busy > 0) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#wake = resolve;
      await promise;
    }
  }

  /** Until all has ended. */
  async drain(): Promise<void> {
    while (this.#busy > 0) await this.next();
  }
}
