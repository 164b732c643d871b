/** YAML as it is written: trees that keep how each scalar stands (`1.10` without quotes, "true" with), to be edited and written again. */
import {
  type AliasNode,
  COLLECTION_STYLE,
  EVENT_ID,
  eventsToAst,
  FAILSAFE_SCHEMA,
  type MappingNode,
  type Node,
  parseEvents,
  type ScalarNode,
} from "js-yaml";

export { COLLECTION_STYLE, type MappingNode, type Node } from "js-yaml";

const DEEPEST = 100;
/** Characters that aliases may stand for, beside as many as the text has: they can name each other, and grow without end. */
const COPIED = 64 * 1024;
/** Characters that a node counts as, beside its text. */
const NODE = 20;

/**
 * A text of one document, its aliases replaced by what they stand for, so that any part can be taken out. Throws where it is not
 * one, or not whole: a text in blocks ends with the end of a line.
 */
export function readTree(source: string): MappingNode {
  const events = parseEvents(source, { maxDepth: DEEPEST });
  const [document, ...more] = eventsToAst(events, { source, schema: FAILSAFE_SCHEMA });
  const root = document?.contents;
  if (root?.kind !== "mapping" || more.length > 0) throw new Error("expected one YAML document, a mapping");
  if (root.style === COLLECTION_STYLE.BLOCK && !source.endsWith("\n"))
    throw new Error("the YAML ends within a line: it is cut off");
  return events.some(({ type }) => type === EVENT_ID.ALIAS)
    ? (withoutAliases(root, COPIED + source.length) as MappingNode)
    : root;
}

function withoutAliases(root: Node, most: number): Node {
  const anchors = new Map<string, Node>();
  let copied = 0;
  const plain = (node: Node, isCopy: boolean): Node => {
    if (isCopy) copied += NODE + (node.kind === "scalar" ? node.value.length : 0);
    if (copied > most) throw new Error(`its aliases stand for more than ${most} characters`);
    if (node.kind === "alias") {
      const meant = anchors.get(node.anchor);
      if (!meant) throw new Error(`the alias *${node.anchor} stands for nothing before it`);
      return plain(meant, true);
    }
    const { anchor, ...rest } = node;
    const found = inner(rest, (each) => plain(each, isCopy));
    if (anchor !== undefined) anchors.set(anchor, found);
    return found;
  };
  return plain(root, false);
}

/** The value at a key. */
export function valueAt(node: MappingNode, key: string): Node | undefined {
  return node.items.find((item) => item.key.kind === "scalar" && item.key.value === key)?.value;
}

/** The text at a key; empty where there is none. */
export function textAt(node: MappingNode, key: string): string {
  const value = valueAt(node, key);
  return value?.kind === "scalar" ? value.value : "";
}

/** The texts of a list at a key. */
export function textsAt(node: MappingNode, key: string): ScalarNode[] {
  const value = valueAt(node, key);
  return value?.kind === "sequence" ? value.items.filter((each): each is ScalarNode => each.kind === "scalar") : [];
}

/** The mapping with another value at a key that it has. */
export function withValue(node: MappingNode, key: string, value: Node): MappingNode {
  const items = node.items.map((item) =>
    item.key.kind === "scalar" && item.key.value === key ? { ...item, value } : item,
  );
  return { ...node, items };
}

function inner(node: Exclude<Node, AliasNode>, change: (node: Node) => Node): Node {
  if (node.kind === "scalar") return node;
  if (node.kind === "sequence") return { ...node, items: node.items.map(change) };
  return { ...node, items: node.items.map(({ key, value }) => ({ key: change(key), value: change(value) })) };
}
