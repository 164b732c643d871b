import { messageOf, UpstreamFailed } from "../lib/errors.ts";

/** Bytes a second below which a body is taken for stalled. */
export const MINIMUM_RATE = 512;

export interface BodyLimits {
  /** Bytes, after decompression. */
  maximum: number;
  /** The setting that says so, for the message. */
  setting?: string | undefined;
  /** Pass the bytes as sent: some origins label an archive with the coding that it is itself compressed with. */
  raw?: boolean;
  /** Milliseconds; within each such span MINIMUM_RATE must have arrived. 0: no limit. */
  timeout: number;
}

/**
 * The chunks of an answer's body, decompressed when upstream compressed them although asked not to, bounded in size and
 * patience. Throws UpstreamFailed when it stalls, breaks off or grows past the limit.
 */
export async function* chunksOf(response: Response, host: string, limits: BodyLimits): AsyncGenerator<Uint8Array> {
  const source = limits.raw ? response.body : decoded(response);
  if (!source) return;
  const reader = source.getReader();
  let total = 0;
  let windowEnd = performance.now() + limits.timeout;
  let inWindow = 0;
  try {
    for (;;) {
      const { done, value } = await within(
        reader.read(),
        limits.timeout && windowEnd - performance.now(),
        host,
        limits.timeout,
      );
      if (done) return;
      total += value.length;
      inWindow += value.length;
      if (total > limits.maximum)
        throw new UpstreamFailed(
          `${host} sent more than the ${limits.maximum} bytes that are allowed${limits.setting ? ` (${limits.setting})` : ""}; nothing was stored`,
        );
      yield value;
      if (limits.timeout && inWindow >= (MINIMUM_RATE * limits.timeout) / 1_000) {
        windowEnd = performance.now() + limits.timeout;
        inWindow = 0;
      }
    }
  } catch (error) {
    if (error instanceof UpstreamFailed) throw error;
    throw new UpstreamFailed(`${host} broke off after ${total} bytes: ${messageOf(error)}`, { retryable: true });
  } finally {
    // Not awaited: a peer that stalls would hold us here too.
    reader.cancel().catch(() => {});
  }
}

/** Codings over each other that are undone. */
const MOST_CODINGS = 2;
/** RFC 9110 codings; `x-gzip` is gzip. */
const CODINGS: Record<string, "gzip" | "deflate" | "brotli" | "zstd"> = {
  gzip: "gzip",
  "x-gzip": "gzip",
  deflate: "deflate",
  br: "brotli",
  zstd: "zstd",
};

/**
 * The codings that a body has, in the order in which they were applied. Words that name none are left out: an empty header, or what
 * an object store was told at the upload (`aws-chunked`). If the bytes are coded all the same, whoever reads them will say so.
 */
export function codingsOf(headers: Headers): ("gzip" | "deflate" | "brotli" | "zstd")[] {
  const words = headers.get("content-encoding")?.toLowerCase().split(",") ?? [];
  return words.flatMap((word) => CODINGS[word.trim()] ?? []);
}

function decoded({ body, headers }: Response): ReadableStream<Uint8Array> | null {
  const codings = codingsOf(headers).reverse();
  if (codings.length > MOST_CODINGS)
    throw new UpstreamFailed(
      `upstream sent a body with ${codings.length} content codings; at most ${MOST_CODINGS} are undone`,
    );
  return body && codings.reduce((stream, format) => stream.pipeThrough(new DecompressionStream(format)), body);
}

function within<T>(promise: Promise<T>, milliseconds: number, host: string, timeout: number): Promise<T> {
  if (!timeout) return promise;
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(
    () =>
      reject(
        new UpstreamFailed(`${host} sent less than ${MINIMUM_RATE} bytes a second for ${timeout} ms`, {
          retryable: true,
          timeout: true,
        }),
      ),
    Math.max(0, milliseconds),
  );
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}
