/** Runs before each test file. A test's limit is five seconds otherwise, which a busy machine does not keep. */
import { setDefaultTimeout } from "bun:test";

setDefaultTimeout(120_000);
