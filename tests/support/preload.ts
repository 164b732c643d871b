/** Runs first: clients that `scripts/clients` installed stand in for older ones on PATH. */
import { join } from "node:path";

process.env["PATH"] = `${join(import.meta.dir, "../../.tools/clients/bin")}:${process.env["PATH"]}`;
