import type { Command } from "../command.ts";
import { optionLines, tableOf } from "../ecosystem-table.ts";

export const listEcosystems: Command = {
  name: "ecosystems",
  describe: "What each ecosystem's plugin can do",
  action: async ({ load }) => {
    const { ecosystems } = await load();
    const rows = tableOf(ecosystems);
    const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
    for (const row of rows)
      console.log(
        row
          .map((cell, column) => cell.padEnd(widths[column] ?? 0))
          .join("  ")
          .trimEnd(),
      );
    const options = optionLines(ecosystems);
    if (options.length > 0) console.log(["", "Settings of their mounts:", ...options].join("\n"));
    return 0;
  },
};
