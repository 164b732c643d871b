import { join } from "node:path";
import type { Client } from "./client.ts";
import { distribution, missingPython, pyproject, python, VENV } from "./python.ts";
import { CLIENTS, missingFile, prepare, repoint, run, write } from "./run.ts";

const PROGRAM = join(CLIENTS, "uv/bin/uv");

/** The lockfile records the registry and whole URLs of files, and `--frozen` takes them as they are: they are repointed. */
export const uv: Client = {
  name: "uv",
  ecosystem: "pypi",
  lockfile: "uv.lock",
  program: [PROGRAM],
  unavailable: () => missingFile(PROGRAM) ?? missingPython(),
  async install(options) {
    const { dir, url, packages, lockedAgainst } = options;
    const locked = lockedAgainst !== undefined;
    const home = await prepare(options, VENV, ...(locked ? [] : ["uv.lock"]));
    await write(dir, { "pyproject.toml": pyproject(packages, "[tool.uv]\npackage = false\n") });
    if (locked) await repoint(join(dir, "uv.lock"), lockedAgainst, url);
    const env = {
      UV_DEFAULT_INDEX: `${url}/simple/`,
      UV_CACHE_DIR: `${home}/cache`,
      UV_PYTHON: python ?? "python3",
      UV_PYTHON_DOWNLOADS: "never",
      UV_HTTP_RETRIES: "0",
      UV_LINK_MODE: "copy",
    };
    return run(options, env, [PROGRAM, "sync", ...(locked ? ["--frozen"] : [])]);
  },
  installed: distribution,
};
