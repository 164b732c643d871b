/** As much of HTML as package indexes use: start tags with attributes, comments, character references. */

/** Attributes of one tag that are read. */
const ATTRIBUTES = 100;
const ENTITIES: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };

/**
 * The attributes of each start tag of that name, in order, with references resolved; names in small letters. Tags in
 * comments do not count, nor does one that is cut off. Takes time linear in the text, whatever it is.
 */
export function tagsOf(text: string, name: string): ReadonlyMap<string, string>[] {
  const [, ...pieces] = withoutComments(text).split(new RegExp(`<${name}(?=[\\s>])`, "i"));
  return pieces.flatMap((piece) => {
    // An unescaped `>` may stand in a quoted value (`data-requires-python=">=3.8"`).
    const tag = /^((?:[^"'>]|"[^"]*"|'[^']*')*)>/.exec(piece)?.[1];
    return tag === undefined ? [] : [attributesOf(tag)];
  });
}

/** The contents of a page's `meta` tags by name. */
export function metaOf(text: string): ReadonlyMap<string, string> {
  return new Map(tagsOf(text, "meta").map((tag) => [tag.get("name") ?? "", tag.get("content") ?? ""]));
}

/** Whether a page goes on to its end; what may stand behind it are comments. */
export function isWhole(text: string): boolean {
  const end = withoutComments(text).trimEnd().slice(-7).toLowerCase();
  return /<(?:html|!doctype)\b/i.test(text) ? end === "</html>" : end.endsWith(">");
}

export function escapeHtml(text: string): string {
  return text
    .replaceAll("&", "&#38;")
    .replaceAll("<", "&#60;")
    .replaceAll(">", "&#62;")
    .replaceAll(`"`, "&#34;")
    .replaceAll("'", "&#39;");
}

function withoutComments(text: string): string {
  const [first = "", ...rest] = text.split("<!--");
  return [first, ...rest.map((piece) => piece.split("-->").slice(1).join("-->"))].join("");
}

function attributesOf(tag: string): ReadonlyMap<string, string> {
  const found = tag.matchAll(/([\w-]+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"']+)))?/g);
  return new Map(
    Array.from(found.take(ATTRIBUTES), ([, key, double, single, bare]) => [
      key!.toLowerCase(),
      unescapeHtml(double ?? single ?? bare ?? ""),
    ]),
  );
}

function unescapeHtml(text: string): string {
  return text.replace(/&(?:#(\d+)|#x([\da-f]+)|(\w+));/gi, (whole, decimal: string, hex: string, name: string) => {
    if (name) return ENTITIES[name.toLowerCase()] ?? whole;
    const code = decimal ? Number(decimal) : Number.parseInt(hex, 16);
    return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
  });
}
