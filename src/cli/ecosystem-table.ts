import type { Ecosystem } from "../contract/ecosystem.ts";
import { typesOf } from "../contract/purl.ts";

/** What a plugin can do, as far as its description tells. */
const ABILITIES: readonly [string, (ecosystem: Ecosystem) => boolean][] = [
  ["proxy", ({ routes }) => routes.some(({ kind }) => kind === "artifact")],
  ["mirror by PURL", ({ routes }) => routes.some((route) => route.kind === "metadata" && route.parse !== undefined)],
  ["mirror whole", ({ catalog }) => catalog !== undefined],
  [
    "cooldown",
    // Lists that are signed stay as they are; what they list is refused where it is downloaded.
    ({ routes, filesAreDated = false }) =>
      filesAreDated || routes.some((route) => route.kind === "metadata" && route.rewrite !== undefined),
  ],
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
    ...optionsOf(all),
    "Their protocols' published descriptions:",
    "",
    ...specs,
    "",
  ].join("\n");
}

function optionsOf(all: readonly Ecosystem[]): string[] {
  const lines = optionLines(all);
  if (lines.length === 0) return [];
  return [
    "Settings of their mounts (`mounts: { NAME: { options: … } }`):",
    "",
    ...lines.map((line) => `- ${line}`),
    "",
  ];
}

/** `debian: suites = bookworm, trixie. Which …`. */
export function optionLines(all: readonly Ecosystem[]): string[] {
  return all.flatMap(({ id, options = {} }) =>
    Object.entries(options).map(
      ([name, { default: words, help }]) => `${id}: ${name} = [${words.join(", ")}]. ${help}`,
    ),
  );
}

/** A head and a row for each ecosystem. */
export function tableOf(all: readonly Ecosystem[]): string[][] {
  const head = ["ecosystem", "mount", "PURL type", ...ABILITIES.map(([name]) => name)];
  const rows = all.map((ecosystem) => [
    ecosystem.id,
    ecosystem.mount ?? `/${ecosystem.id}`,
    typesOf(ecosystem)
      .map((type) => `pkg:${type}`)
      .join(", "),
    ...ABILITIES.map(([, able]) => (able(ecosystem) ? "yes" : "no")),
  ]);
  return [head, ...rows];
}
