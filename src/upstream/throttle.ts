/** Bytes that are passed at once: a body that shares a low rate with many others still moves every few seconds. */
const SLICE = 16 * 1024;

/** Bounds the bytes that arrive in a second, over all bodies together. They wait in turn, so that none of them starves. */
export class Throttle {
  readonly #rate: number;
  /** When the next byte may pass, in the time of `performance.now()`. */
  #next = 0;

  /** `rate`: bytes a second. */
  constructor(rate: number) {
    this.#rate = rate;
  }

  /** The same answer, whose body comes no faster. */
  limit(response: Response): Response {
    const { body, status, statusText, headers } = response;
    if (!body) return response;
    return new Response(this.#limited(body), { status, statusText, headers });
  }

  #limited(body: ReadableStream<Uint8Array>): ReadableStream<Uint8Array> {
    const reader = body.getReader();
    let rest: Uint8Array = new Uint8Array();
    return new ReadableStream<Uint8Array>(
      {
        pull: async (controller) => {
          if (rest.length === 0) {
            const { value, done } = await reader.read();
            if (done) return controller.close();
            rest = value;
          }
          const slice = rest.subarray(0, SLICE);
          rest = rest.subarray(SLICE);
          await this.#pass(slice.length);
          controller.enqueue(slice);
        },
        cancel: (reason) => reader.cancel(reason),
      },
      { highWaterMark: 0 },
    );
  }

  async #pass(bytes: number): Promise<void> {
    const now = performance.now();
    const start = Math.max(this.#next, now);
    this.#next = start + (bytes / this.#rate) * 1_000;
    if (start > now) await Bun.sleep(start - now);
  }
}
