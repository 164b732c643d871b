/** The table of docs/mirror-api.md: what a mirror can be asked for, and how each rendering of the request spells it. */
import { keysOf } from "../src/config/keys.ts";
import { mirrorsSection } from "../src/config/mirrors.ts";
import { fieldsShape } from "../src/http/api/mirror-fields.ts";
import { flagsOf, requestShape } from "../src/mirror/request/request.ts";

/** Sources: how they are sent is told beside the table. */
const SOURCES = ["purls", "purls_file", "sbom", "lockfile", "images", "set"];

export function renderRequestFields(): string {
  const keys = new Map(keysOf(mirrorsSection(), "mirrors").map((key) => [key.path.split(".").at(-1)!, key]));
  const rows = Object.entries(requestShape)
    .filter(([name]) => !SOURCES.includes(name))
    .map(([name, schema]) => {
      const field = Object.hasOwn(fieldsShape, name) ? name : name === "sources" ? "no_sources" : undefined;
      const flags = flagsOf(schema)?.flags.map(({ flag }) => code(flag.replace(" [", "[="))) ?? [];
      const key = keys.get(name);
      const meaning = (schema.meta()?.description ?? "").replaceAll("|", "\\|");
      const fallback = key?.fallback === "" ? undefined : key?.fallback;
      return [code(field), flags.join(", "), code(key && name), code(fallback?.toString()), meaning];
    });
  const head = ["field", "flag", "key", "default of the key", "meaning"];
  return [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

function code(text: string | undefined): string {
  return text === undefined ? "" : `\`${text.replaceAll("|", "\\|")}\``;
}
