import { Readable } from "node:stream";
import { createGunzip } from "node:zlib";

/** As it is read; of several members, all. Throws where it is no whole gzip. */
export async function* gunzip(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const source = Readable.from(chunks, { objectMode: false });
  const unzip = createGunzip({ chunkSize: 256 * 1024 });
  source.once("error", (error) => unzip.destroy(error));
  source.pipe(unzip);
  try {
    for await (const chunk of unzip) yield chunk as Uint8Array;
  } finally {
    source.destroy();
    unzip.destroy();
  }
}

/** Bytes that are all here, as a gzip. */
export function gzip(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  return Bun.gzipSync(bytes);
}
