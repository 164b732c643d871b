/**
 * What real clients were seen to do with the product. README's table is made of it, by `scripts/proofs.ts`, so that it claims
 * only what was run.
 */
import { appendFileSync, mkdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** `proxy`: installed through it. `offline`: mirrored, unplugged, installed. `registry`: the same of a whole registry. */
export type Ability = "proxy" | "offline" | "registry";

/** A line of the run's account. `version` is the client's; `missing` says why nothing could be seen of it. */
export type Seen =
  | { ecosystem: string; client: string; version: string; ability: Ability }
  | { ecosystem: string; client: string; missing: string };

const ACCOUNT = join(import.meta.dir, "../../.tools/proven.jsonl");

const versions = new Map<string, string>();

/** To be called where a test has seen it. `program`: what tells its version with `--version`, or the argument given. */
export function proves(ecosystem: string, client: string, ability: Ability, program: readonly string[]): void {
  const version = versions.get(client) ?? versionOf(program);
  versions.set(client, version);
  write({ ecosystem, client, version, ability });
}

/** To be called where its tests are skipped. */
export function lacks(ecosystem: string, client: string, missing: string | undefined): void {
  if (missing !== undefined) write({ ecosystem, client, missing });
}

function write(seen: Seen): void {
  mkdirSync(join(ACCOUNT, ".."), { recursive: true });
  appendFileSync(ACCOUNT, `${JSON.stringify(seen)}\n`);
}

/** `1.22.22` of `go version go1.22.22 linux/amd64`. */
function versionOf([program = "", ...args]: readonly string[]): string {
  const command = [program, ...(args.length > 0 ? args : ["--version"])];
  const { stdout, stderr } = Bun.spawnSync(command, { cwd: tmpdir() });
  return /\d+(?:\.\d+)+/.exec(`${stdout.toString()}\n${stderr.toString()}`)?.[0] ?? "";
}
