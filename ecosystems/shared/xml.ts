import { SaxesParser } from "saxes";

const LARGEST = 16_000_000;
const DEEPEST = 100;
/** Stands for the `&` of references while a text is read: none is resolved, so that none can expand, or be unknown. */
const REFERENCE = "\ue0ff";
/** What XML does not have; clients read over it. */
const DISALLOWED = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g;

type Element = Record<string, unknown>;

/** An element whose end has not come. */
interface Open {
  name: string;
  /** None: it has text at most. */
  children: Element | undefined;
  text: string;
}

/**
 * The root element of a whole XML document, as nested records of text; attributes are left out, unless they are
 * asked for as texts beside the elements. Entities stay as they are
 * written, so that none can expand. Throws where the text is cut off, no XML, of another root, or larger than 16 MB.
 */
export function readXml(text: string, root: string, { attributes = false } = {}): unknown {
  let problem = `it has more than ${LARGEST} characters`;
  if (text.length <= LARGEST)
    try {
      const document = parsed(text, attributes);
      if (Object.hasOwn(document, root)) return document[root];
      problem = `its root is <${Object.keys(document)[0]}>`;
    } catch (error) {
      problem = (error as Error).message;
    }
  throw new Error(`not a whole XML document of <${root}> (${problem}): ${JSON.stringify(text.slice(0, 80))}`);
}

function parsed(text: string, withAttributes: boolean): Element {
  const document: Open = { name: "", children: {}, text: "" };
  const open = [document];
  const parser = new SaxesParser();
  const addText = (more: string) => {
    open.at(-1)!.text += more;
  };
  parser.on("error", (error) => {
    throw error;
  });
  parser.on("opentag", ({ name, attributes }) => {
    if (open.length > DEEPEST) throw new Error(`it nests deeper than ${DEEPEST} levels`);
    const element: Open = { name, children: undefined, text: "" };
    if (withAttributes) for (const [key, value] of Object.entries(attributes)) add(element, key, restored(value));
    open.push(element);
  });
  parser.on("text", addText);
  parser.on("cdata", addText);
  parser.on("closetag", () => {
    const { name, children, text: written } = open.pop()!;
    const own = restored(written.trim());
    if (children && own) children["#text"] = own;
    add(open.at(-1)!, name, children ?? own);
  });
  parser.write(text.toWellFormed().replace(DISALLOWED, "\ufffd").replaceAll("&", REFERENCE)).close();
  return document.children!;
}

/** What is there several times becomes a list. */
function add(parent: Open, name: string, value: unknown): void {
  if (name === "__proto__") throw new Error(`an element cannot be called ${name}`);
  parent.children ??= {};
  const { children } = parent;
  const before = Object.hasOwn(children, name) ? children[name] : undefined;
  if (Array.isArray(before)) before.push(value);
  else if (before !== undefined) children[name] = [before, value];
  else children[name] = value;
}

function restored(text: string): string {
  return text.replaceAll(REFERENCE, "&");
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
