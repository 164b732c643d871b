/** What pip, uv and poetry have in common: the interpreter and the virtual environment of a project. */
import { join } from "node:path";
import { missingProgram } from "./run.ts";

/** Where every driver of Python installs. */
export const VENV = ".venv";

/**
 * The interpreter itself: what is on PATH may be a shim that looks for its settings under the HOME that a client does not
 * have here. Undefined where there is none.
 */
export const python: string | undefined = missingProgram("python3")
  ? undefined
  : Bun.spawnSync(["python3", "-c", "import sys; print(sys.executable)"]).stdout.toString().trim() || undefined;

export const missingPython = (): string | undefined => (python ? undefined : "python3 is not on PATH");

/** The version of a distribution in the project's environment, by its `.dist-info` folder. */
export async function distribution(dir: string, name: string): Promise<string | undefined> {
  const wanted = name.toLowerCase().replace(/[-_.]+/g, "_");
  const folders = new Bun.Glob(`${VENV}/lib/python*/site-packages/*.dist-info/METADATA`).scan({ cwd: dir, dot: true });
  for await (const path of folders) {
    const [, found, version] = /([^/]+)-([^/-]+)\.dist-info\/METADATA$/.exec(path) ?? [];
    if (found?.toLowerCase().replace(/[-_.]+/g, "_") === wanted) return version;
  }
  return undefined;
}

/** A project with these dependencies, and what a tool wants to be told below. */
export function pyproject(packages: Readonly<Record<string, string>>, tool: string): string {
  const dependencies = Object.entries(packages).map(([name, range]) => name + range);
  return `[project]
name = "project"
version = "1.0.0"
requires-python = ">=3.10"
dependencies = ${JSON.stringify(dependencies)}

${tool}`;
}

export const venvPython = (dir: string): string => join(dir, VENV, "bin/python");
