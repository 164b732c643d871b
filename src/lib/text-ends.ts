/** Ends of texts. A pattern such as `/\/+$/` tries each place of a run anew, and takes time quadratic in it. */

/** Without a character that it may end with, once or often. */
export function withoutLast(text: string, character: string): string {
  let end = text.length;
  while (end > 0 && text[end - 1] === character) end--;
  return text.slice(0, end);
}

/** `https://a.example//` → `https://a.example`. */
export function withoutSlashes(text: string): string {
  return withoutLast(text, "/");
}

/** What follows the last slash, of either kind. */
export function baseName(path: string): string {
  return path.slice(Math.max(path.lastIndexOf("/"), path.lastIndexOf("\\")) + 1);
}
