/** The indexes of an APT repository: `Packages` and `Sources`. */
import type { Digest, FileFacts, Path, ReleaseFacts, Requirement } from "../ecosystem.ts";
import { type Fields, fieldsOf, paragraphsOf } from "./deb822.ts";

/** Bytes in which the first paragraph of an index ends. */
const HEAD = 64 * 1024;
/** What a list of files of sources is called, by the strength of its digests. */
const LISTS = [
  ["Checksums-Sha512", "sha512"],
  ["Checksums-Sha256", "sha256"],
  ["Checksums-Sha1", "sha1"],
  ["Files", "md5"],
] as const;

/** What a document without a name is, by its first paragraph. */
export function kindOf(bytes: Uint8Array): "Packages" | "Sources" | "Index" | "SHA256SUMS" | undefined {
  const head = new TextDecoder().decode(bytes.subarray(0, HEAD));
  if (/^[0-9a-f]{64} {2}\.\//.test(head)) return "SHA256SUMS";
  const fields = fieldsOf(head.split("\n\n", 1)[0]!);
  if (fields["SHA256-Current"] !== undefined) return "Index";
  if (fields["Package"] === undefined) return undefined;
  if (fields["Filename"] !== undefined) return "Packages";
  return fields["Directory"] === undefined ? undefined : "Sources";
}

/** Packages to install; those of one name, and those that provide it, where only these are asked for. Throws where a paragraph is none. */
export function* binariesOf(bytes: Uint8Array, name?: string): Generator<ReleaseFacts> {
  for (const fields of paragraphsOf(
    bytes,
    name === undefined ? undefined : [`\nPackage: ${name}\n`, ...provided(bytes, name)],
  )) {
    const { Package, Version, Architecture = "all", Filename } = fields;
    const digest = digestOf(fields);
    if (!Package || !Version || !Filename || !digest) throw incomplete(fields);
    const file: FileFacts = {
      path: pathOf(Filename),
      digest,
      size: Number(fields["Size"]),
      // What is of all architectures is so for each.
      ...(Architecture !== "all" && { qualifiers: { arch: Architecture } }),
    };
    yield {
      name: Package,
      version: Version,
      files: [file],
      provides: providesOf(fields["Provides"]),
      // Read only where it is asked for: of tens of thousands few are.
      get requires() {
        return requirementsOf(fields);
      },
    };
  }
}

/** Packages of sources. */
export function* sourcesOf(bytes: Uint8Array, name?: string): Generator<ReleaseFacts> {
  for (const fields of paragraphsOf(bytes, name === undefined ? undefined : [`\nPackage: ${name}\n`])) {
    const { Package, Version, Directory } = fields;
    const [list, algorithm] = LISTS.find(([field]) => fields[field] !== undefined) ?? [];
    if (!Package || !Version || Directory === undefined || !list) throw incomplete(fields);
    const lines = fields[list]!.matchAll(/^\s*([0-9a-f]{32,128})\s+(\d+)\s+(\S+)$/gm);
    const files = Array.from(
      lines,
      ([, hex, size, file]): FileFacts => ({
        path: pathOf(`${Directory}/${file!}`),
        digest: `${algorithm}:${hex!}`,
        size: Number(size),
        qualifiers: { arch: "source" },
      }),
    );
    yield { name: Package, version: Version, files };
  }
}

/** `default-mta | mail-transport-agent, libc6 (>= 2.36)`, of what has to be there and of what clients take along by default. */
export function requirementsOf(fields: Fields): Requirement[] {
  return [
    ...["Pre-Depends", "Depends"].flatMap((field) => relationsOf(fields[field])),
    ...relationsOf(fields["Recommends"]).map((each) => ({ ...each, weak: true })),
  ];
}

function relationsOf(text = ""): Requirement[] {
  return text.split(",").flatMap((relation) => {
    const [first, ...others] = relation.split("|").flatMap((each) => {
      const [, name, range = ""] = /^\s*([a-z0-9][a-z0-9+.-]*)(?::[\w-]+)?\s*(?:\(([^)]*)\))?/i.exec(each) ?? [];
      return name ? [{ name, range: range.trim() }] : [];
    });
    if (!first) return [];
    return [{ ...first, ...(others.length > 0 && { anyOf: others }) }];
  });
}

function providesOf(text: string | undefined): { name: string; version?: string }[] {
  return relationsOf(text).map(({ name, range }) => {
    const version = range.replace(/^=\s*/, "");
    return { name, ...(version && { version }) };
  });
}

/** The lines in which a name is provided. */
function provided(bytes: Uint8Array, name: string): Set<string> {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const lines = new Set<string>();
  const field = "\nProvides:";
  for (let at = buffer.indexOf(field); at >= 0; at = buffer.indexOf(field, at + field.length)) {
    const end = buffer.indexOf("\n", at + 1);
    const line = buffer.toString("utf8", at, end < 0 ? buffer.length : end);
    if (line.includes(name) && providesOf(line.slice(field.length)).some((each) => each.name === name)) lines.add(line);
  }
  return lines;
}

function digestOf(fields: Fields): Digest | undefined {
  const { SHA512, SHA256, SHA1, MD5sum } = fields;
  if (SHA256) return `sha256:${SHA256}`;
  if (SHA512) return `sha512:${SHA512}`;
  if (SHA1) return `sha1:${SHA1}`;
  return MD5sum ? `md5:${MD5sum}` : undefined;
}

/** `pool/main/g/gcc/libgcc_12+deb_amd64.deb`, `./x.deb` → as it is asked for. */
function pathOf(name: string): Path {
  return `/${encodeURI(name.replaceAll(/(^|\/)(?:\.?\/)+/g, "$1"))}`;
}

function incomplete(fields: Fields): Error {
  return new Error(
    `a paragraph of it names no package, version, file or digest: ${JSON.stringify(fields).slice(0, 100)}`,
  );
}
