/** The indexes of an APT repository: `Packages` and `Sources`. */
import type { Digest, FileFacts, LeftOut, Path, ReleaseFacts, Requirement } from "../../src/contract/ecosystem.ts";
import { isPlain } from "../../src/contract/plain.ts";
import { type Fields, fieldsOf, paragraphsOf } from "../shared/deb822.ts";
import { labelOf, leaveOut } from "../shared/entries.ts";

/** Bytes in which the first paragraph of an index ends. */
const HEAD = 64 * 1024;
/** Odd paragraphs that are told of one index. */
const TOLD = 100;
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

/** Packages to install; those of one name, and those that provide it, where only these are asked for. */
export function binariesOf(bytes: Uint8Array, name?: string): Stanzas {
  const texts = name === undefined ? undefined : [...named(bytes, name), ...provided(bytes, name)];
  return stanzas(bytes, texts, binaryOf);
}

/** Packages of sources. */
export function sourcesOf(bytes: Uint8Array, name?: string): Stanzas {
  return stanzas(bytes, name === undefined ? undefined : named(bytes, name), sourceOf);
}

/** `leftOut` is what was met so far of paragraphs that are none. */
interface Stanzas {
  releases: Generator<ReleaseFacts>;
  leftOut: LeftOut[];
}

/** One paragraph that is none is left out; where all of an index are, it is none, and that throws. */
function stanzas(
  bytes: Uint8Array,
  texts: readonly string[] | undefined,
  read: (fields: Fields) => ReleaseFacts,
): Stanzas {
  const leftOut: LeftOut[] = [];
  const leave = (text: string, error: unknown) => {
    if (leftOut.length < TOLD) leftOut.push(leaveOut(text, error));
  };
  function* releases(): Generator<ReleaseFacts> {
    let found = 0;
    const odd = (text: string) => leave(text, new Error("the paragraph has no fields"));
    for (const fields of paragraphsOf(bytes, texts, odd)) {
      let release: ReleaseFacts;
      try {
        release = read(fields);
      } catch (error) {
        leave(fields["Package"] ?? JSON.stringify(fields), error);
        continue;
      }
      found++;
      yield release;
    }
    const [first] = leftOut;
    if (found === 0 && first && texts === undefined) throw new Error(`${first.reason}: ${first.entry}`);
  }
  return { releases: releases(), leftOut };
}

function binaryOf(fields: Fields): ReleaseFacts {
  const { Package, Version, Architecture = "all", Filename } = fields;
  const digest = digestOf(fields);
  if (!Package || !Version || !Filename || !digest) throw incomplete();
  const file: FileFacts = {
    path: pathOf(Filename),
    digest,
    size: Number(fields["Size"]),
    // What is of all architectures is so for each.
    ...(Architecture !== "all" && { qualifiers: { arch: Architecture } }),
  };
  return {
    name: labelOf(Package, "Package"),
    version: Version,
    files: [file],
    provides: providesOf(fields["Provides"]),
    // Read only where it is asked for: of tens of thousands few are.
    get requires() {
      return requirementsOf(fields);
    },
  };
}

function sourceOf(fields: Fields): ReleaseFacts {
  const { Package, Version, Directory } = fields;
  const [list, algorithm] = LISTS.find(([field]) => fields[field] !== undefined) ?? [];
  if (!Package || !Version || Directory === undefined || !list) throw incomplete();
  const lines = fields[list]!.matchAll(/^[ \t]*([0-9a-f]{32,128})[ \t]+(\d+)[ \t]+(\S+)$/gm);
  const files = Array.from(
    lines,
    ([, hex, size, file]): FileFacts => ({
      path: pathOf(`${Directory}/${file!}`),
      digest: `${algorithm}:${hex!}`,
      size: Number(size),
      qualifiers: { arch: "source" },
    }),
  );
  return { name: labelOf(Package, "Package"), version: Version, files };
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

/** The lines that name a package, as they are spelled. */
function named(bytes: Uint8Array, name: string): string[] {
  return [`: ${name}\n`, `:${name}\n`].flatMap((text) =>
    Array.from(linesWith(bytes, text))
      .filter((line) => /^package:/i.test(line))
      .map((line) => `\n${line}\n`),
  );
}

/** The lines in which a name is provided. */
function provided(bytes: Uint8Array, name: string): string[] {
  const lines = ["rovides:", "ROVIDES:"].flatMap((text) => [...linesWith(bytes, text)]);
  const isOf = (line: string) =>
    /^provides:/i.test(line) && line.includes(name) && providesOf(line.slice(9)).some((each) => each.name === name);
  return lines.filter(isOf).map((line) => `\n${line}`);
}

/** Each line in which a text stands, once. */
function linesWith(bytes: Uint8Array, text: string): Set<string> {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const lines = new Set<string>();
  for (let at = buffer.indexOf(text); at >= 0; at = buffer.indexOf(text, at + text.length)) {
    const end = buffer.indexOf("\n", at);
    lines.add(buffer.toString("utf8", buffer.lastIndexOf("\n", at) + 1, end < 0 ? buffer.length : end));
  }
  return lines;
}

function digestOf({ SHA512, SHA256, SHA1, MD5sum }: Fields): Digest | undefined {
  const hex = (SHA256 || SHA512 || SHA1 || MD5sum)?.trim().toLowerCase();
  if (hex === undefined) return undefined;
  const algorithm = SHA256 ? "sha256" : SHA512 ? "sha512" : SHA1 ? "sha1" : "md5";
  if (!/^[\da-f]{32,128}$/.test(hex)) throw new Error(`its ${algorithm} is ${JSON.stringify(hex)}`);
  return `${algorithm}:${hex}`;
}

/** `pool/main/g/gcc/libgcc_12+deb_amd64.deb`, `./x.deb` → as it is asked for. Throws where it is in no folder of the archive. */
function pathOf(name: string): Path {
  const path: Path = `/${encodeURI(name.replaceAll(/(^|\/)(?:\.?\/)+/g, "$1"))}`;
  if (!isPlain(path)) throw new Error(`its file ${JSON.stringify(name)} is in no folder of the archive`);
  return path;
}

function incomplete(): Error {
  return new Error("the paragraph names no package, version, file or digest");
}
