import { XMLParser, XMLValidator } from "fast-xml-parser";

const LARGEST = 16_000_000;
const parser = new XMLParser({ parseTagValue: false, processEntities: false });
const withAttributes = new XMLParser({
  parseTagValue: false,
  processEntities: false,
  ignoreAttributes: false,
  parseAttributeValue: false,
  attributeNamePrefix: "",
});

/**
 * The root element of a whole XML document, as nested records of text; attributes are left out, unless they are
 * asked for as texts beside the elements. Entities stay as they are
 * written, so that none can expand. Throws where the text is cut off, no XML, of another root, or larger than 16 MB.
 */
export function readXml(text: string, root: string, { attributes = false } = {}): unknown {
  const whole = text.length <= LARGEST && XMLValidator.validate(text) === true;
  const found = whole
    ? ((attributes ? withAttributes : parser).parse(text) as Record<string, unknown>)[root]
    : undefined;
  if (found === undefined)
    throw new Error(`not a whole XML document of <${root}>: ${JSON.stringify(text.slice(0, 80))}`);
  return found;
}

/** Everything below a node at these keys, through repeated elements; also of JSON. Empty where there is nothing. */
export function all(node: unknown, ...keys: string[]): unknown[] {
  let nodes = [node];
  for (const key of keys) nodes = nodes.flatMap((each) => (each as Record<string, unknown> | undefined)?.[key] ?? []);
  return nodes;
}

/** The texts below a node at these keys. */
export function texts(node: unknown, ...keys: string[]): string[] {
  return all(node, ...keys).filter((each): each is string => typeof each === "string" && each !== "");
}

/** The first text below a node at these keys; empty where there is none. */
export function text(node: unknown, ...keys: string[]): string {
  return texts(node, ...keys)[0] ?? "";
}
