import { emit } from "../contract/events.ts";

/** One fetch for many waiters of a thread: who asks for a key that is under way gets its result. */
export class Flight<T> {
  readonly #under = new Map<string, Promise<T>>();

  run(mount: string, key: string, start: () => Promise<T>): Promise<T> {
    const running = this.#under.get(key);
    if (running) {
      emit("waited", { mount });
      return running;
    }
    const promise = start().finally(() => this.#under.delete(key));
    this.#under.set(key, promise);
    return promise;
  }
}
