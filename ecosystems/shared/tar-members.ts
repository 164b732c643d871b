/** The members of a tar archive that is never in memory whole (POSIX ustar, with the long names of GNU and pax). */
import { Readable } from "node:stream";

export interface Member {
  name: string;
  size: number;
  /** Its bytes; what is not taken is passed over. To be read before the next member. */
  chunks(): AsyncIterable<Uint8Array>;
}

/** An archive ends with blocks of zeros. */
const BLOCK = 512;

/** Its regular files. Throws SyntaxError where it is no whole tar. */
export async function* membersOf(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Member> {
  // Few starts read an archive.
  const { extract } = await import("tar-stream");
  const archive = extract();
  const seen = { zeros: 0, failed: undefined as { reason: unknown } | undefined };
  const source = Readable.from(watched(bytes, seen));
  source.on("error", (reason) => {
    seen.failed ??= { reason };
    archive.destroy(reason);
  });
  source.pipe(archive);
  try {
    for await (const entry of archive) {
      const { name, size, type } = entry.header;
      if (type === "file" || type === "contiguous-file")
        yield { name, size, chunks: () => entry as AsyncIterable<Uint8Array> };
      entry.resume();
    }
  } catch (error) {
    if (seen.failed) throw seen.failed.reason;
    throw new SyntaxError(`it is no whole tar archive: ${error instanceof Error ? error.message : String(error)}`);
  } finally {
    source.destroy();
  }
  // The library takes an archive that is cut off between two members for a whole one.
  if (seen.zeros < BLOCK) throw new SyntaxError("it is no whole tar archive: its end is not marked");
}

/** The same bytes, of which the zeros at the end are counted. */
async function* watched(bytes: AsyncIterable<Uint8Array>, seen: { zeros: number }): AsyncGenerator<Uint8Array> {
  for await (const chunk of bytes) {
    const last = chunk.findLastIndex((byte) => byte !== 0);
    seen.zeros = last < 0 ? seen.zeros + chunk.length : chunk.length - 1 - last;
    yield chunk;
  }
}
