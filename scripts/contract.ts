/** Reads the contract's own files: what is declared there, and what its comments say. They are formatted, so lines tell. */

export interface Declaration {
  name: string;
  /** What its comment says, unwrapped. */
  doc: string;
  /** Its text, without comment and `export`. */
  code: string;
  /** Interfaces that it extends. */
  bases: readonly string[];
  members: readonly Member[];
  isExported: boolean;
}

export interface Member {
  name: string;
  isOptional: boolean;
  isFunction: boolean;
}

/** In the order in which people read them. */
export const CONTRACT_FILES = [
  "src/contract/ecosystem.ts",
  "src/contract/routes.ts",
  "src/contract/facts.ts",
  "src/contract/catalog.ts",
  "src/contract/lockfile.ts",
] as const;

const HEAD = /^(?<exported>export )?(?:interface|type|const) (?<name>\w+)(?:<[^>]*>)?(?: extends (?<bases>[\w, ]+))?/;
const MEMBER = /^ {2}(?:readonly )?(?<name>\w+)(?<optional>\?)?(?<call>[(<]|: \(.*\) =>)?/;

/** Interfaces, types and constants of a file, in its order. */
export function declarationsOf(text: string): Declaration[] {
  const found: Declaration[] = [];
  const lines = text.split("\n");
  let comment: string[] = [];
  for (let i = 0; i < lines.length; i++) {
    const line = lines[i]!;
    if (line.startsWith("/**")) {
      const end = lines.findIndex((each, at) => at >= i && each.endsWith("*/"));
      comment = lines.slice(i, end + 1);
      i = end;
      continue;
    }
    const head = HEAD.exec(line)?.groups;
    if (head) {
      const end = endOf(lines, i);
      const code = lines.slice(i, end + 1);
      found.push({
        name: head.name!,
        doc: proseOf(comment),
        code: code.join("\n").replace(/^export /, ""),
        bases: head.bases?.trim().split(", ") ?? [],
        members: membersOf(code.slice(1)),
        isExported: head.exported !== undefined,
      });
      i = end;
    }
    comment = [];
  }
  return found;
}

/** The line with which a declaration is whole: every bracket is closed, and of a type, which may be of parts, the last. */
function endOf(lines: readonly string[], from: number): number {
  const ending = /^(?:export )?type /.test(lines[from]!) ? /;$/ : /[;}]$/;
  let open = 0;
  for (let i = from; i < lines.length; i++) {
    const code = lines[i]!.replace(/^\s*\*.*|\/\*\*.*|=>/g, "");
    open += (code.match(/[{([]/g) ?? []).length - (code.match(/[})\]]/g) ?? []).length;
    if (open === 0 && ending.test(lines[i]!)) return i;
  }
  return lines.length - 1;
}

/** Those of its own, of an interface. */
function membersOf(lines: readonly string[]): Member[] {
  return lines.flatMap((line) => {
    const found = MEMBER.exec(line)?.groups;
    if (!found) return [];
    return [{ name: found.name!, isOptional: found.optional !== undefined, isFunction: found.call !== undefined }];
  });
}

/** A comment's words, one paragraph a line. */
export function proseOf(comment: readonly string[]): string {
  return comment
    .map((line) => line.replace(/^\s*(?:\/\*\*|\*\/|\*)? ?|\s*\*\/$/g, ""))
    .join("\n")
    .trim()
    .replace(/(?<!\n)\n(?!\n)/g, " ");
}

/** All members of an interface, those of its bases first. */
export function allMembers(all: readonly Declaration[], name: string): Member[] {
  const found = all.find((each) => each.name === name);
  if (!found) throw new Error(`the contract has no ${name}`);
  return [...found.bases.flatMap((base) => allMembers(all, base)), ...found.members];
}

/** Those with which plugin objects are checked. */
const CHECKED = [
  "Ecosystem",
  "VersionScheme",
  "Catalog",
  "Lockfile",
  "ArtifactRoute",
  "MetadataRoute",
  "DerivedRoute",
  "PassthroughRoute",
  "AnswerRoute",
  "DenyRoute",
];

/** src/plugins/contract.generated.ts. */
export async function renderContractKeys(): Promise<string> {
  const texts = await Promise.all(CONTRACT_FILES.map((file) => Bun.file(file).text()));
  const all = texts.flatMap(declarationsOf);
  const tables = CHECKED.map((name) => {
    const members = allMembers(all, name).map(
      ({ name: key, isFunction, isOptional }) =>
        `    ${key}: "${isFunction ? "function" : "value"}${isOptional ? "?" : ""}",\n`,
    );
    return `  ${name}: {\n${members.join("")}  },\n`;
  });
  return `// Written by scripts/generate.ts from the contract's files. Do not edit.

/** What a plugin's objects may have; \`?\`: what they need not. */
export const CONTRACT_KEYS = {
${tables.join("")}} as const;
`;
}
