/** What was measured, against what was wanted. */
export interface Row {
  measure: string;
  ours: string;
  /** The bare server's; absent where there is nothing to compare with. */
  reference?: string;
  ratio?: number;
  /** Absent: only reported. */
  goal?: Goal;
}

/** What `value` should be at least, or at most. */
export interface Goal {
  value: number;
  least?: number;
  most?: number;
  unit: string;
}

/** By how much a goal may be missed before the run fails: two runs on one busy machine differ that much. */
export const TOLERANCE = 0.1;

export function isMissed({ goal }: Row): boolean {
  if (!goal) return false;
  const { value, least = 0, most = Number.POSITIVE_INFINITY } = goal;
  return value < least * (1 - TOLERANCE) || value > most * (1 + TOLERANCE);
}

function verdict(row: Row): string {
  if (!row.goal) return "";
  if (isMissed(row)) return "MISSED";
  const { value, least = 0, most = Number.POSITIVE_INFINITY } = row.goal;
  return value < least || value > most ? "near" : "ok";
}

/** A Markdown table. */
export function format(rows: readonly Row[]): string {
  const cells = rows.map((row) => [
    row.measure,
    row.ours,
    row.reference ?? "",
    row.ratio?.toFixed(2) ?? "",
    row.goal
      ? `${row.goal.least === undefined ? `≤ ${row.goal.most}` : `≥ ${row.goal.least}`}${row.goal.unit && ` ${row.goal.unit}`}`
      : "",
    verdict(row),
  ]);
  const table = [["measure", "ours", "reference", "ratio", "goal", ""], ...cells];
  const widths = table[0]!.map((_, column) => Math.max(3, ...table.map((line) => line[column]!.length)));
  const lines = table.map((line) => `| ${line.map((cell, column) => cell.padEnd(widths[column]!)).join(" | ")} |`);
  lines.splice(1, 0, `|${widths.map((width) => "-".repeat(width + 2)).join("|")}|`);
  return lines.join("\n");
}
