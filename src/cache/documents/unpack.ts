/** Unpacks documents that are compressed files, told by their first bytes. For whole ones that are to be read: xz takes seconds. */
import Bunzip from "seek-bzip";
import { XzReadableStream } from "xz-decompress";
import { UpstreamFailed } from "../../lib/errors.ts";

/** Bytes that a document of a registry's list may have when it is unpacked, where no setting says. */
const UNPACKED = 512 * 1024 * 1024;

type Bytes = Uint8Array<ArrayBuffer>;

interface Sink {
  /** Throws TooLarge. */
  write(chunk: Uint8Array): void;
}

const FORMATS: readonly { name: string; magic: string; unpack: (bytes: Bytes, sink: Sink) => Promise<void> }[] = [
  { name: "gzip", magic: "1f8b", unpack: (bytes, sink) => drain(through(bytes, "gzip"), sink) },
  { name: "xz", magic: "fd377a585a00", unpack: (bytes, sink) => drain(new XzReadableStream(streamOf(bytes)), sink) },
  { name: "zstd", magic: "28b52ffd", unpack: (bytes, sink) => drain(through(bytes, "zstd"), sink) },
  { name: "bzip2", magic: "425a68", unpack: bzip2 },
];

class TooLarge extends Error {}

/** Whether bytes begin as one of the formats does. */
export function isPacked(start: Uint8Array): boolean {
  const head = start.subarray(0, 6).toHex();
  return FORMATS.some(({ magic }) => head.startsWith(magic));
}

/** The bytes themselves where they are in none of the formats. Throws UpstreamFailed for what is cut off, damaged or too large. */
export async function unpack(bytes: Bytes, path: string, most?: number): Promise<Bytes> {
  const head = bytes.subarray(0, 6).toHex();
  const format = FORMATS.find(({ magic }) => head.startsWith(magic));
  if (!format) return bytes;
  const sink = bounded(most ?? UNPACKED);
  try {
    await format.unpack(bytes, sink);
    return sink.end();
  } catch (error) {
    throw new UpstreamFailed(
      error instanceof TooLarge
        ? `${path} has more than ${most ?? UNPACKED} bytes when it is unpacked, the most that is read${most === undefined ? "" : " (metadata_max_unpacked)"}`
        : `${path} is no whole ${format.name} file: it is cut off or damaged`,
    );
  }
}

function streamOf(bytes: Bytes): ReadableStream<Uint8Array<ArrayBuffer>> {
  return new Blob([bytes]).stream();
}

function through(bytes: Bytes, format: "gzip" | "zstd"): ReadableStream<Uint8Array> {
  return streamOf(bytes).pipeThrough(new DecompressionStream(format));
}

async function drain(stream: ReadableStream<Uint8Array>, sink: Sink): Promise<void> {
  for await (const chunk of stream) sink.write(chunk);
}

/** WASM readers of bzip2 are a fifth faster at best, and must be told the size of what they unpack. */
async function bzip2(bytes: Bytes, sink: Sink): Promise<void> {
  // It takes a stream of its own kind, which is given a byte at a time.
  const page = new Uint8Array(64 * 1024);
  let filled = 0;
  const flush = () => {
    sink.write(page.slice(0, filled));
    filled = 0;
  };
  const output = {
    writeByte: (byte: number) => {
      page[filled++] = byte;
      if (filled === page.length) flush();
    },
  };
  Bunzip.decode(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length), output, true);
  flush();
}

function bounded(most: number): Sink & { end(): Bytes } {
  const sink = new Bun.ArrayBufferSink();
  sink.start({ asUint8Array: true });
  let size = 0;
  return {
    write(chunk) {
      size += chunk.length;
      if (size > most) throw new TooLarge();
      sink.write(chunk);
    },
    end: () => sink.end() as Bytes,
  };
}
