import { formatPurl, parsePurl } from "../contract/purl.ts";
import { scalar } from "./values.ts";

/** `pkg:npm/@a/b` and `pkg:npm/%40a/b` → `pkg:npm/%40a/b`. */
export const packagePurl = scalar("a package URL without version, such as pkg:npm/lodash", (raw) => {
  const { type, name, version, qualifiers } = parsePurl(raw);
  return version || qualifiers ? undefined : formatPurl({ id: type }, { name });
});
