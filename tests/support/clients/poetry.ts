import { join } from "node:path";
import type { Client } from "./client.ts";
import { distribution, missingPython, pyproject, python, VENV } from "./python.ts";
import { CLIENTS, missingFile, prepare, repoint, run, write } from "./run.ts";

const PROGRAM = join(CLIENTS, "poetry/bin/poetry");

/**
 * The lockfile records the URL of its source, and a digest of the manifest that has the URL in it too. So a changed source
 * means locking again, which keeps the versions; `poetry install` then installs what is locked.
 */
export const poetry: Client = {
  name: "poetry",
  ecosystem: "pypi",
  lockfile: "poetry.lock",
  program: [PROGRAM],
  unavailable: () => missingFile(PROGRAM) ?? missingPython(),
  async install(options) {
    const { dir, url, packages, lockedAgainst } = options;
    const locked = lockedAgainst !== undefined;
    const home = await prepare(options, VENV, ...(locked ? [] : ["poetry.lock"]));
    const source = `[[tool.poetry.source]]\nname = "registry"\nurl = "${url}/simple/"\npriority = "primary"\n`;
    const project = pyproject(packages, `[tool.poetry]\npackage-mode = false\n\n${source}`);
    await write(dir, { "pyproject.toml": project });
    if (locked) await repoint(join(dir, "poetry.lock"), lockedAgainst, url);
    const env = {
      POETRY_VIRTUALENVS_IN_PROJECT: "true",
      POETRY_CACHE_DIR: `${home}/cache`,
      POETRY_REQUESTS_MAX_RETRIES: "0",
      PYTHON_KEYRING_BACKEND: "keyring.backends.null.Keyring",
    };
    const use = [PROGRAM, "env", "use", "--no-interaction", python ?? "python3"];
    const install = [PROGRAM, "install", "--no-interaction"];
    const relock = [PROGRAM, "lock", "--no-interaction"];
    return run(options, env, use, ...(locked ? [relock, install] : [install]));
  },
  installed: distribution,
};
