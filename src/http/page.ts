import { withoutSlashes } from "../lib/text-ends.ts";
import type { Mount } from "../mounts/mounts.ts";

const PAGES = [
  ["/docs", "API"],
  ["/stats", "stats"],
  ["/metrics", "metrics"],
  ["/health", "health"],
] as const;

export type Setup = (mount: Mount, address: string) => string | Promise<string>;

/** The page at `/`: each mount, what it is, and the line that points its client at it. No scripts, nothing from elsewhere. */
export async function homePage(
  mounts: Iterable<Mount>,
  base: string,
  version: string,
  setupOf: Setup,
): Promise<string> {
  const rows = await Array.fromAsync(mounts, async (mount) => {
    const { prefix, ecosystem } = mount;
    const setup = escapeHtml(await setupOf(mount, `${base}${prefix}`)).replaceAll("\n", "<br>");
    return `<tr><td><code>${escapeHtml(prefix)}</code><td>${escapeHtml(ecosystem.title)}<td><code>${setup}</code>`;
  });
  const below = escapeHtml(pathOf(base));
  const links = PAGES.map(([path, name]) => `<a href="${below}${path}">${name}</a>`).join(" · ");
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>proxy</title>
<style>body{font:16px/1.5 system-ui,sans-serif;max-width:64rem;margin:2rem auto;padding:0 1rem;color:#1a1a1a;background:#fff}
table{border-collapse:collapse;width:100%}td,th{text-align:left;padding:.5rem;border-bottom:1px solid #ccc;vertical-align:top}
code{background:#f2f2f2;padding:.1rem .3rem;border-radius:3px;overflow-wrap:anywhere}
@media(prefers-color-scheme:dark){body{background:#161616;color:#eee}code{background:#2a2a2a}}</style></head>
<body><h1>proxy ${escapeHtml(version)}</h1><p>A caching proxy and mirror of package registries. Point a client at a mount:</p>
<table><thead><tr><th>Mount<th>Registry<th>Set-up</thead><tbody>
${rows.join("\n")}
</tbody></table>
<p>${links}</p></body></html>
`;
}

/** The path of the public address, without a trailing slash: pages may be below one. */
export function pathOf(base: string): string {
  return URL.canParse(base) ? withoutSlashes(new URL(base).pathname) : "";
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
