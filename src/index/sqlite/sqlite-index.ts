import type { CommandName, Commands } from "../commands.ts";
import type { ImmediateIndex, Index } from "../port.ts";
import { handlers } from "./apply.ts";
import type { Database } from "./open.ts";
import { tablesOf } from "./tables.ts";

/** The index in a SQLite file. Commands that gather for a moment are committed in one transaction. */
export function sqliteIndex(database: Pick<Database, "orm" | "writer" | "written">): ImmediateIndex {
  const tables = tablesOf(database);
  const { writer } = database;
  return {
    ...tables,
    commit: async <N extends CommandName>(name: N, input: Commands[N]["input"]) => {
      let result!: Commands[N]["result"];
      await writer.write(() => {
        result = handlers[name](tables, input);
      });
      return result;
    },
    drain: () => writer.drain(),
  };
}

/** What may be lost where nothing can be written. */
const NOTES = new Set<CommandName>([
  "confirmArtifact",
  "checkDocument",
  "countUse",
  "putDates",
  "recordSets",
  "verifyBlobs",
]);

/** For who serves what is stored in an index that is read-only: what is only noted is dropped. */
export function withoutNotes(index: ImmediateIndex): ImmediateIndex {
  const commit: Index["commit"] = async (name, input) => (NOTES.has(name) ? undefined : index.commit(name, input));
  return { ...index, commit };
}
