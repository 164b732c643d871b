import type { Ecosystem } from "./ecosystem.ts";

/** What a plugin can do, as far as its description tells. */
const ABILITIES: readonly [string, (ecosystem: Ecosystem) => boolean][] = [
  ["proxy", ({ routes }) => routes.some(({ kind }) => kind === "artifact")],
  ["mirror by PURL", ({ routes }) => routes.some((route) => route.kind === "metadata" && route.parse !== undefined)],
  ["mirror whole", ({ catalog }) => catalog !== undefined],
  ["cooldown", ({ routes }) => routes.some((route) => route.kind === "metadata" && route.rewrite !== undefined)],
  [
    "search offline",
    ({ routes }) => routes.some((route) => route.kind === "passthrough" && route.offline !== undefined),
  ],
];

/** docs/ecosystems.md. */
export function renderEcosystems(all: readonly Ecosystem[]): string {
  const [head = [], ...rows] = tableOf(all);
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  const specs = all.map(({ id, spec }) => `- ${id}: <${spec}>`);
  return [
    "# Ecosystems",
    "",
    "Generated from the plugins by `scripts/generate.ts`.",
    "",
    line(head),
    line(head.map(() => "---")),
    ...rows.map(line),
    "",
    "Their protocols' published descriptions:",
    "",
    ...specs,
    "",
  ].join("\n");
}

/** A head and a row for each ecosystem. */
export function tableOf(all: readonly Ecosystem[]): string[][] {
  const head = ["ecosystem", "mount", "PURL type", ...ABILITIES.map(([name]) => name)];
  const rows = all.map((ecosystem) => [
    ecosystem.id,
    ecosystem.mount ?? `/${ecosystem.id}`,
    `pkg:${ecosystem.purlType ?? ecosystem.id}`,
    ...ABILITIES.map(([, able]) => (able(ecosystem) ? "yes" : "no")),
  ]);
  return [head, ...rows];
}
