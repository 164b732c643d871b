/** The quick inner loop: static checks, the layer test and the unit tests. Exit code 1 when anything failed. */
import { run, STATIC } from "./steps.ts";

const unit = ["bun", "test", "--only-failures", "--path-ignore-patterns=tests/{clients,live,load,product,support}/**"];
const failed = await run([{ name: "layers and unit tests", command: unit }, ...STATIC]);
if (failed > 0) process.exitCode = 1;
