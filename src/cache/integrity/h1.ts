import { createHash } from "node:crypto";
import { BlobReader, ZipReader } from "@zip.js/zip.js";
import { UpstreamFailed } from "../../lib/errors.ts";

/** Bytes of a module, as golang.org/x/mod/zip has it (MaxZipFile). */
const LARGEST = 500 * 1024 * 1024;

/**
 * Go's directory hash, golang.org/x/mod/sumdb/dirhash "h1": base64 of the sha256 over `HEX  NAME\n` of every file, sorted by
 * name. A module zip is hashed over its entries; anything else is a lone `go.mod`. Returns the base64 without "h1:".
 * Throws UpstreamFailed when a zip cannot be read.
 */
export async function hashH1(path: string, content: Uint8Array<ArrayBuffer> | string): Promise<string> {
  const blob = typeof content === "string" ? Bun.file(content) : new Blob([content]);
  const magic = new Uint8Array(await blob.slice(0, 2).arrayBuffer());
  const isZip = magic[0] === 0x50 && magic[1] === 0x4b;
  try {
    const files = isZip ? await entriesOf(blob) : [["go.mod", await hexOf(blob.stream())] as const];
    const summary = createHash("sha256");
    for (const [name, hex] of files.toSorted(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b))))
      summary.update(`${hex}  ${name}\n`);
    return summary.digest("base64");
  } catch (error) {
    throw new UpstreamFailed(`${path} is no readable module zip: ${(error as Error).message}`);
  }
}

async function entriesOf(blob: Blob): Promise<(readonly [string, string])[]> {
  let size = 0;
  const write = (hash: ReturnType<typeof createHash>, chunk: Uint8Array) => {
    size += chunk.length;
    if (size > LARGEST) throw new Error(`it has more than ${LARGEST} bytes when it is unpacked, which Go refuses`);
    hash.update(chunk);
  };
  const zip = new ZipReader(new BlobReader(blob), { useWebWorkers: false });
  const files: (readonly [string, string])[] = [];
  for await (const entry of zip.getEntriesGenerator()) {
    if (entry.directory) continue;
    const hash = createHash("sha256");
    await entry.getData(new WritableStream<Uint8Array>({ write: (chunk) => write(hash, chunk) }));
    files.push([entry.filename, hash.digest("hex")]);
  }
  await zip.close();
  return files;
}

async function hexOf(stream: ReadableStream<Uint8Array>): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of stream) hash.update(chunk);
  return hash.digest("hex");
}
