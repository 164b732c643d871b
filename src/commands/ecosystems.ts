import type { Command } from "../command.ts";
import type { Ecosystem } from "../ecosystem.ts";
import { ecosystems } from "../registry.generated.ts";

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

export const listEcosystems: Command = {
  name: "ecosystems",
  describe: "What each ecosystem's plugin can do",
  action: async () => {
    const rows = tableOf(ecosystems);
    const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
    for (const row of rows)
      console.log(
        row
          .map((cell, column) => cell.padEnd(widths[column] ?? 0))
          .join("  ")
          .trimEnd(),
      );
    return 0;
  },
};

/** The same for docs/ecosystems.md. */
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

function tableOf(all: readonly Ecosystem[]): string[][] {
  const head = ["ecosystem", "mount", "PURL type", ...ABILITIES.map(([name]) => name)];
  const rows = all.map((ecosystem) => [
    ecosystem.id,
    ecosystem.mount ?? `/${ecosystem.id}`,
    `pkg:${ecosystem.purlType ?? ecosystem.id}`,
    ...ABILITIES.map(([, able]) => (able(ecosystem) ? "yes" : "no")),
  ]);
  return [head, ...rows];
}
