/**
 * Writes trees of YAML in one pass. js-yaml's own writer tries each scalar with several patterns, at two microseconds a
 * character: a scalar of 64 KB took 160 ms.
 */
import {
  COLLECTION_STYLE,
  type MappingNode,
  type Node,
  SCALAR_STYLE,
  type ScalarNode,
  type SequenceNode,
} from "js-yaml";

/** Where a node stands. */
interface Place {
  /** Spaces before its further lines. */
  indent: number;
  /** Within brackets. */
  isFlow: boolean;
  isKey: boolean;
}

/** Characters that a key may have without a `?` before it (YAML 1.2.2, 7.4.2). */
const LONGEST_KEY = 1_000;
/** What no scalar has without quotes: lines, what cannot be printed, what ends or opens something else; all are found without looking back. */
const QUOTED =
  /[\u0000-\u001f\u007f-\u00a0\u2028\u2029\ufeff\ufffe\uffff]|:(?![^\s,[\]{}])|\s#|^(?:[\s,[\]{}#&*!|>'"%@`]|[?:-](?![\w.~/])|---|\.\.\.)|\s$/;
const QUOTED_IN_FLOW = /[,[\]{}]/;
const ESCAPED = /["\\\u0000-\u001f\u007f-\u00a0\u2028\u2029\ufeff\ufffe\uffff]/g;
const UNPRINTABLE = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/;

/** The document of a tree without aliases. */
export function writeYaml(root: MappingNode): string {
  const place: Place = { indent: 0, isFlow: false, isKey: false };
  return `${isBlock(root, place) && !root.tagged ? mappingLines(root, place).join("\n") : written(root, place)}\n`;
}

/** What stands behind a `:` or a `-` and a space. */
function written(node: Node, place: Place): string {
  if (node.kind === "alias") throw new Error(`the alias *${node.anchor} is to be replaced before`);
  const tag = node.tagged ? `${node.tag} ` : "";
  if (node.kind === "scalar") return tag + scalar(node, place);
  if (isBlock(node, place)) return `${tag.trimEnd()}\n${lines(node, place)}`;
  const inside = { ...place, isFlow: true, isKey: false };
  if (node.kind === "sequence") return `${tag}[${node.items.map((item) => written(item, inside) || "~").join(", ")}]`;
  return `${tag}{${node.items.map((pair) => pairOf(pair, inside)).join(", ")}}`;
}

function isBlock(node: MappingNode | SequenceNode, { isFlow, isKey }: Place): boolean {
  return !isFlow && !isKey && node.style === COLLECTION_STYLE.BLOCK && node.items.length > 0;
}

function lines(node: MappingNode | SequenceNode, place: Place): string {
  const pad = " ".repeat(place.indent);
  const all = node.kind === "mapping" ? mappingLines(node, place) : node.items.map((item) => entry("-", item, place));
  return all.map((line) => pad + line).join("\n");
}

/** Without the spaces before the first line of each. */
function mappingLines(node: MappingNode, place: Place): string[] {
  return node.items.map((pair) => pairOf(pair, place));
}

function pairOf({ key, value }: MappingNode["items"][number], place: Place): string {
  const name = written(key, { ...place, isKey: true });
  const isLong = name.length > LONGEST_KEY || key.kind !== "scalar";
  if (place.isFlow) return `${isLong ? `? ${name} ` : name}: ${written(value, place)}`;
  if (isLong) return `? ${name}\n${" ".repeat(place.indent)}${entry(":", value, place)}`;
  // A list may stand as far left as its key.
  const isList = value.kind === "sequence";
  const text = written(value, { ...place, indent: place.indent + (isList ? 0 : 2) });
  return `${name}:${text === "" || text.startsWith("\n") ? "" : " "}${text}`;
}

/** A collection may begin on the line of its mark. */
function entry(mark: string, node: Node, place: Place): string {
  const inner = { ...place, indent: place.indent + 2 };
  if (node.kind !== "scalar" && node.kind !== "alias" && !node.tagged && isBlock(node, inner))
    return `${mark} ${lines(node, inner).slice(inner.indent)}`;
  const text = written(node, inner);
  return `${mark}${text === "" || text.startsWith("\n") ? "" : " "}${text}`;
}

function scalar({ value, style }: ScalarNode, place: Place): string {
  const { isFlow, isKey } = place;
  if (style === SCALAR_STYLE.PLAIN && isPlain(value, place)) return value;
  const isText = style === SCALAR_STYLE.LITERAL_BLOCK || style === SCALAR_STYLE.FOLDED_BLOCK;
  if (isText && !isFlow && !isKey && isLiteral(value)) return literal(value, place);
  if (style === SCALAR_STYLE.SINGLE_QUOTED && !/[\n\t]/.test(value) && !UNPRINTABLE.test(value) && value.isWellFormed())
    return `'${value.replaceAll("'", "''")}'`;
  return `"${value.toWellFormed().replace(ESCAPED, escaped)}"`;
}

function isPlain(value: string, { isFlow, isKey }: Place): boolean {
  if (value === "") return !isKey;
  return !QUOTED.test(value) && !(isFlow && QUOTED_IN_FLOW.test(value)) && value.isWellFormed();
}

/** Whether it can stand line by line: what begins with a space, or has nothing but ends of lines, would need its indentation told. */
function isLiteral(value: string): boolean {
  return /^[^\s]/.test(value) && !UNPRINTABLE.test(value) && value.isWellFormed();
}

function literal(value: string, { indent }: Place): string {
  const body = value.endsWith("\n") ? value.slice(0, -1) : value;
  const chomping = !value.endsWith("\n") ? "-" : body.endsWith("\n") ? "+" : "";
  const pad = " ".repeat(Math.max(1, indent));
  const all = body.split("\n").map((line) => (line === "" ? "" : pad + line));
  return `|${chomping}\n${all.join("\n")}`;
}

function escaped(character: string): string {
  if (character === '"' || character === "\\") return `\\${character}`;
  if (character === "\n") return "\\n";
  if (character === "\t") return "\\t";
  return `\\u${character.charCodeAt(0).toString(16).toUpperCase().padStart(4, "0")}`;
}
