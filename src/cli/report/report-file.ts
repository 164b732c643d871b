/** The file of `--report`: what became of each item, written as it becomes known (docs/report.md). */
import { closeSync, fsyncSync, openSync, renameSync, rmSync, statSync, writeSync } from "node:fs";
import { BadRequest, messageOf } from "../../lib/errors.ts";

export interface Report {
  /** One item: plain data. */
  item(record: object): void;
  /** The end; only now is there a file of this name. */
  close(totals: object): Promise<void>;
}

/** Characters that gather before they are written. */
const GATHER = 64 * 1024;

/**
 * Starts a report beside its final place, where it comes whole or not at all. `kind`: the command.
 * Throws BadRequest where it cannot be written.
 */
export function openReport(path: string, kind: "mirror" | "verify"): Report {
  const growing = `${path}.${process.pid}.part`;
  let file: number;
  try {
    if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) throw new Error("it is a folder; expected a file");
    file = openSync(growing, "w");
  } catch (error) {
    throw new BadRequest(`--report ${path} cannot be written: ${messageOf(error)}`);
  }
  const abandon = () => rmSync(growing, { force: true });
  process.once("exit", abandon);
  const started = new Date().toISOString();
  let text = `{"report":1,"kind":${JSON.stringify(kind)},"started":"${started}","items":[`;
  let separator = "\n";
  const write = () => {
    for (let rest = Buffer.from(text); rest.length > 0; ) rest = rest.subarray(writeSync(file, rest));
    text = "";
  };
  return {
    item: (record) => {
      text += separator + JSON.stringify(record);
      separator = ",\n";
      if (text.length > GATHER) write();
    },
    close: async (totals) => {
      text += `\n],"totals":${JSON.stringify(totals)},"finished":"${new Date().toISOString()}"}\n`;
      write();
      fsyncSync(file);
      closeSync(file);
      renameSync(growing, path);
      process.off("exit", abandon);
    },
  };
}
