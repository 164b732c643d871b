/** Writes npm packages as files: documents like those of the registry, tarballs of any bytes (nobody unpacks them). */
import { createWriteStream } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { finished } from "node:stream/promises";

export interface PackageSpec {
  name: string;
  /** Bytes of each version's tarball. */
  sizes: readonly number[];
  /** Bytes that the document has at least. */
  document?: number;
}

/** Paths at the registry. */
export interface Written {
  document: string;
  tarballs: readonly string[];
}

const MB = 1024 * 1024;
const noise = crypto.getRandomValues(new Uint8Array(64 * 1024));

/** `base`: the registry's address, for the links in the document. */
export async function writePackage(folder: string, base: string, spec: PackageSpec): Promise<Written> {
  const { name, sizes, document = 0 } = spec;
  await mkdir(join(folder, name, "-"), { recursive: true });
  const tarballs = sizes.map((_, at) => `/${name}/-/${name}-1.0.${at}.tgz`);
  const padding = Math.ceil(document / sizes.length);
  const versions: Record<string, object> = {};
  for (const [at, size] of sizes.entries()) {
    const integrity = await writeTarball(join(folder, tarballs[at]!), size, `${name}@${at}`);
    const manifest = { name, version: `1.0.${at}`, dist: { tarball: base + tarballs[at], integrity } };
    versions[manifest.version] = { ...manifest, scripts: scripts(padding - JSON.stringify(manifest).length) };
  }
  const time = Object.fromEntries(Object.keys(versions).map((version) => [version, "2020-01-01T00:00:00.000Z"]));
  const latest = Object.keys(versions).at(-1);
  await Bun.write(join(folder, name, "index.json"), JSON.stringify({ name, "dist-tags": { latest }, versions, time }));
  return { document: `/${name}`, tarballs };
}

/** Text that compresses about as manifests do. */
function scripts(bytes: number): Record<string, string> {
  const lines: Record<string, string> = {};
  for (let at = 0; at * 64 < bytes; at++) lines[`task-${at}`] = `node ./scripts/run-${Bun.hash(`${bytes} ${at}`)}.js`;
  return lines;
}

/** Returns what npm calls its integrity. */
async function writeTarball(file: string, size: number, seed: string): Promise<string> {
  const hasher = new Bun.CryptoHasher("sha512");
  const out = createWriteStream(file);
  const first = Buffer.from(seed);
  for (let left = size; left > 0; ) {
    const source = left === size ? Buffer.concat([first, noise]) : left > MB ? block : noise;
    const chunk = source.subarray(0, left);
    left -= chunk.length;
    hasher.update(chunk);
    if (!out.write(chunk)) await new Promise<void>((drained) => out.once("drain", () => drained()));
  }
  out.end();
  await finished(out);
  return `sha512-${hasher.digest("base64")}`;
}

const block = Buffer.concat(Array.from({ length: MB / noise.length }, () => noise));
