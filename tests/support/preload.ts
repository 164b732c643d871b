/** Runs before each test file. */
import { setDefaultTimeout } from "bun:test";
import { join } from "node:path";

// A test's limit is five seconds otherwise, which a busy machine does not keep.
setDefaultTimeout(120_000);

// Clients that `scripts/clients` installed in place of older ones.
process.env["PATH"] = `${join(import.meta.dir, "../../.tools/clients/bin")}:${process.env["PATH"]}`;
