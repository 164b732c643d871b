import { join } from "node:path";
import type { Client, InstallOptions } from "./client.ts";
import { distribution, missingPython, python, VENV, venvPython } from "./python.ts";
import { prepare, run, write } from "./run.ts";

const REPORT = ".report.json";
const LOCK = "requirements.lock";

/**
 * pip has no lockfile of its own. As one stands a requirements file with the digests that an install reported
 * (`--require-hashes`), as pip-compile writes it: it names no registry.
 */
export const pip: Client = {
  name: "pip",
  ecosystem: "pypi",
  lockfile: LOCK,
  program: [python ?? "python3", "-m", "pip", "--version"],
  unavailable: missingPython,
  async install(options) {
    const { dir, url, packages, lockedAgainst } = options;
    await prepare(options, VENV, REPORT);
    const wanted = Object.entries(packages).map(([name, range]) => `${name}${range}\n`);
    await write(dir, { "requirements.txt": wanted.join("") });
    const settings = ["--no-cache-dir", "--no-input", "--disable-pip-version-check", "--retries=0"];
    const index = ["--index-url", `${url}/simple/`];
    const requirements = lockedAgainst === undefined ? ["-r", "requirements.txt"] : ["--require-hashes", "-r", LOCK];
    const interpreter = python ?? "python3";
    const result = await run(
      options,
      {},
      [interpreter, "-m", "venv", "--without-pip", VENV],
      [
        interpreter,
        "-m",
        "pip",
        "--python",
        venvPython(dir),
        "install",
        ...settings,
        ...index,
        ...requirements,
        "--report",
        REPORT,
      ],
    );
    if (result.code === 0 && lockedAgainst === undefined) await lock(options);
    return result;
  },
  installed: distribution,
};

interface Report {
  install: {
    metadata: { name: string; version: string };
    download_info: { archive_info: { hashes: Record<string, string> } };
  }[];
}

async function lock({ dir }: InstallOptions): Promise<void> {
  const report = (await Bun.file(join(dir, REPORT)).json()) as Report;
  const lines = report.install.map(
    ({ metadata, download_info }) =>
      `${metadata.name}==${metadata.version} --hash=sha256:${download_info.archive_info.hashes["sha256"]}\n`,
  );
  await write(dir, { [LOCK]: lines.join("") });
}
