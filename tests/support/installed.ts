/** Whether what stands installed is what an archive holds. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { BlobReader, type FileEntry, Uint8ArrayWriter, ZipReader } from "@zip.js/zip.js";
import type { Client } from "./clients/client.ts";
import { escaped } from "./registries/golang.ts";

/** Where clients put an archive's file, as patterns below the project; none for what they write anew themselves. */
const PLACES: Record<Client["ecosystem"], (entry: string, name: string) => string[]> = {
  npm: (entry, name) =>
    ["node_modules", "node_modules/.pnpm/node_modules"].map(
      (folder) => `${folder}/${name}/${entry.slice("package/".length)}`,
    ),
  // Installers add to the list of files what they make: compiled files, INSTALLER.
  pypi: (entry) => (entry.endsWith("/RECORD") ? [] : [`.venv/lib/python*/site-packages/${entry}`]),
  cargo: (entry) => [`.home/cargo/registry/src/*/${entry}`],
  // A ! would negate the pattern.
  golang: (entry) => [`.home/modules/${escaped(entry).replaceAll("!", "\\!")}`],
  maven: () => [],
  // What describes the container stays behind; the specification is named in small letters.
  nuget: (entry, name) =>
    entry.startsWith("[")
      ? []
      : [`.home/packages/${name.toLowerCase()}/*/${entry.endsWith(".nuspec") ? entry.toLowerCase() : entry}`],
  gem: (entry, name) => ["gems", "vendor/ruby/*"].map((folder) => `${folder}/gems/${name}-*/${entry}`),
};

/** Names of an archive's files that do not stand in the project as they are in it, and how many do. */
export async function compareInstalled(
  { ecosystem }: Pick<Client, "ecosystem">,
  dir: string,
  name: string,
  archive: { path: string; bytes: Uint8Array<ArrayBuffer> },
): Promise<{ same: number; different: string[] }> {
  if (ecosystem === "maven") {
    const copy = join(dir, "target/dependency", archive.path.slice(archive.path.lastIndexOf("/") + 1));
    const equal = existsSync(copy) && Bun.deepEquals(await Bun.file(copy).bytes(), archive.bytes);
    return { same: equal ? 1 : 0, different: equal ? [] : [copy] };
  }
  const different: string[] = [];
  let same = 0;
  const outer = await unpacked(archive.bytes);
  // Gems have an archive of their files beside what they say of themselves.
  for (const [entry, bytes] of ecosystem === "gem" ? await unpacked(outer.get("data.tar.gz")!) : outer) {
    const places = PLACES[ecosystem](entry, name);
    if (places.length === 0) continue;
    const scans = places.flatMap((place) =>
      Array.from(new Bun.Glob(place).scanSync({ cwd: dir, dot: true, followSymlinks: true })),
    );
    const [found] = scans;
    if (found !== undefined && Bun.deepEquals(await Bun.file(join(dir, found)).bytes(), bytes)) same++;
    else different.push(entry);
  }
  return { same, different };
}

/** The files of a zip, or of a tar, perhaps a gzip'd one. */
async function unpacked(archive: Uint8Array<ArrayBuffer>): Promise<Map<string, Uint8Array<ArrayBuffer>>> {
  if (Buffer.from(archive.subarray(0, 2)).toString() !== "PK") {
    const files = Array.from(await new Bun.Archive(archive).files());
    return new Map(await Promise.all(files.map(async ([name, file]) => [name, await file.bytes()] as const)));
  }
  const entries = await new ZipReader(new BlobReader(new Blob([archive])), { useWebWorkers: false }).getEntries();
  const files = entries.filter((entry): entry is FileEntry => !entry.directory);
  return new Map(
    await Promise.all(files.map(async (file) => [file.filename, await file.getData(new Uint8ArrayWriter())] as const)),
  );
}
