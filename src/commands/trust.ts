/** Reads the keys that the configuration names. */
import { readFileSync } from "node:fs";
import type { Ecosystem } from "../ecosystem.ts";
import { BadRequest, messageOf } from "../errors.ts";
import type { KeyFile, SignatureKind, Trust } from "../signatures.ts";
import { keyringOf, kindsOf } from "../trust/keyring.ts";

interface Settings {
  /** Files. */
  keys: readonly string[];
  require: readonly SignatureKind[];
}

/** Whom a mount trusts; `undefined` where nothing is set. Throws BadRequest where that makes no sense for its ecosystem. */
export function trustOf(mount: string, { id, signs = [] }: Ecosystem, { keys, require }: Settings): Trust | undefined {
  if (keys.length === 0 && require.length === 0) return undefined;
  const trust: Trust = { keys: keys.map((file) => readKeys(mount, file)), require };
  const given = kindsOf(keyringOf(trust));
  for (const kind of given)
    if (!signs.includes(kind))
      throw new BadRequest(
        `mounts.${mount}.trust.keys: ${id} has no signatures of the kind ${kind}; expected keys for ${signs.join(", ") || "none"}`,
      );
  for (const kind of require)
    if (!given.includes(kind))
      throw new BadRequest(
        `mounts.${mount}.trust.require: ${kind} needs keys of that kind; those in keys are for ${given.join(", ") || "none"}`,
      );
  return trust;
}

function readKeys(mount: string, file: string): KeyFile {
  try {
    return { file, bytes: readFileSync(file) };
  } catch (error) {
    throw new BadRequest(`mounts.${mount}.trust.keys: ${file} cannot be read: ${messageOf(error)}`);
  }
}
