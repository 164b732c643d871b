/** What a `Link` header names as the next page (RFC 8288). Takes time linear in the header, whatever it is. */
export function nextLink(header: string): string | undefined {
  for (const [, target, rest = ""] of header.matchAll(/<([^<>]*)>([^<]*)/g)) {
    const [parameters = ""] = rest.split(",", 1);
    if (parameters.trimStart().startsWith(";") && /\brel="?next"?/.test(parameters)) return target;
  }
  return undefined;
}
