import { existsSync } from "node:fs";
import { mkdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { COMMAND_SECONDS } from "../time-limits.ts";
import type { InstallOptions, Result } from "./client.ts";

/** Where `scripts/clients` installs. */
export const CLIENTS = join(import.meta.dir, "../../../.tools/clients");

/** Undefined when the file exists, else what to do. */
export function missingFile(path: string): string | undefined {
  return existsSync(path) ? undefined : `${path} is missing: run scripts/clients`;
}

/** Undefined when the program is on PATH, else what to do. */
export function missingProgram(name: string): string | undefined {
  return Bun.which(name) ? undefined : `${name} is not on PATH`;
}

/** The same function, called at most once. */
export function once<T>(make: () => T): () => T {
  let made: { value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}

/** Undefined when the program is on PATH and no older than this version, else what to do. */
export function olderThan(name: string, version: string, ...args: readonly string[]): string | undefined {
  const missing = missingProgram(name);
  if (missing !== undefined) return missing;
  const { stdout } = Bun.spawnSync([name, ...args], { cwd: tmpdir() });
  const found = /\d+\.\d+(?:\.\d+)?/.exec(stdout.toString())?.[0] ?? "0.0";
  return Bun.semver.satisfies(found.split(".").length === 2 ? `${found}.0` : found, `>=${version}`)
    ? undefined
    : `${name} ${found} is on PATH, and its tests need ${version}`;
}

/** The client's HOME; caches are kept in it, so that it is enough to empty it. */
export const homeOf = (dir: string): string => join(dir, ".home");

/** Empties HOME and removes what earlier installs left, given relative to the project. */
export async function prepare({ dir }: InstallOptions, ...leftovers: readonly string[]): Promise<string> {
  const home = homeOf(dir);
  await mkdir(home, { recursive: true });
  // Module caches of Go are read-only.
  await Bun.$`chmod -R u+w ${home}`.quiet().nothrow();
  for (const path of [home, ...leftovers.map((leftover) => join(dir, leftover))]) {
    await rm(path, { recursive: true, force: true });
  }
  await mkdir(home, { recursive: true });
  return home;
}

export async function write(dir: string, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [path, content] of Object.entries(files)) await Bun.write(join(dir, path), content);
}

/** In a lockfile that records whole URLs, points them from one registry to another, as its user has to. */
export async function repoint(file: string, from: string, to: string): Promise<void> {
  const lockfile = await Bun.file(file).text();
  await Bun.write(file, lockfile.replaceAll(`${from}/`, `${to}/`));
}

/** What of this process's environment a client may see: no settings, no proxies, no wheels at hand. */
const KEPT = ["PATH", "LANG", "TMPDIR", "JAVA_HOME", "RUSTUP_HOME", "RUSTUP_TOOLCHAIN"];

/**
 * Runs commands one after another in the project until one fails. HOME is the client's own; the time limit is for all.
 */
export async function run(
  options: InstallOptions,
  env: Readonly<Record<string, string>>,
  ...commands: readonly (readonly string[])[]
): Promise<Result> {
  const { dir, timeoutSeconds = COMMAND_SECONDS } = options;
  const started = performance.now();
  const limit = AbortSignal.timeout(timeoutSeconds * 1_000);
  const kept = KEPT.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]]));
  const result: Result = { code: 0, stdout: "", stderr: "", seconds: 0 };
  for (const command of commands) {
    const child = Bun.spawn([...command], {
      cwd: dir,
      env: { ...Object.fromEntries(kept), HOME: homeOf(dir), CI: "true", NO_COLOR: "1", ...env, ...options.env },
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
    });
    // The whole process group: some clients are launchers of the program that does the work.
    const kill = () => process.kill(-child.pid, "SIGKILL");
    limit.addEventListener("abort", kill);
    const [stdout, stderr, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
    limit.removeEventListener("abort", kill);
    result.stdout += stdout;
    result.stderr += stderr;
    result.code = limit.aborted ? 124 : code;
    if (result.code !== 0) break;
  }
  result.seconds = (performance.now() - started) / 1_000;
  return result;
}
