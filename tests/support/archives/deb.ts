/** Binary packages of Debian: an ar archive of a version, a control archive and the files (deb(5)). */
import type { Files } from "./files.ts";
import { tarGz } from "./tar.ts";

export function deb(control: string, files: Files): Uint8Array<ArrayBuffer> {
  const folders = new Set(Object.keys(files).flatMap(foldersOf));
  const paths = Object.fromEntries([
    ...Array.from(folders, (folder) => [`./${folder}/`, ""] as const),
    ...Object.entries(files).map(([path, content]) => [`./${path}`, content] as const),
  ]);
  return Buffer.concat([
    Buffer.from("!<arch>\n"),
    member("debian-binary", Buffer.from("2.0\n")),
    member("control.tar.gz", tarGz({ "./control": control })),
    member("data.tar.gz", tarGz(paths)),
  ]);
}

/** `usr/share/x` → `usr`, `usr/share`. */
function foldersOf(path: string): string[] {
  const segments = path.split("/").slice(0, -1);
  return segments.map((_, index) => segments.slice(0, index + 1).join("/"));
}

/** Name, time, owner, group, mode, size; each begins at an even byte. */
function member(name: string, content: Uint8Array): Buffer {
  const fields = [name.padEnd(16), "1700000000".padEnd(12), "0".padEnd(6), "0".padEnd(6), "100644".padEnd(8)];
  const header = `${fields.join("")}${String(content.length).padEnd(10)}\`\n`;
  return Buffer.concat([Buffer.from(header), content, Buffer.alloc(content.length % 2, "\n")]);
}
