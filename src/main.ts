#!/usr/bin/env bun
/** Entry point: the program that people call, or one of the processes that it starts (`child.ts`). */
import { CHILD } from "./spawn.ts";

if (process.argv[2] === CHILD) await import("./worker.ts");
else await import("./program.ts");
