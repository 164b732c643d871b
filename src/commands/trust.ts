/** Reads the keys that the configuration names. */
import { readFileSync } from "node:fs";
import { BadRequest, messageOf } from "../errors.ts";
import type { Mount } from "../mounts.ts";
import { type KeyFile, SIGNATURE_KINDS, type SignatureKind, type Trust } from "../signatures.ts";
import { keyringOf } from "../trust/keyring.ts";

interface Settings {
  /** Files. */
  keys: readonly string[];
  require: readonly SignatureKind[];
}

/** Whom a mount trusts; `undefined` where nothing is set. Throws BadRequest where a file cannot be read. */
export function trustOf(mount: string, { keys, require }: Settings): Trust | undefined {
  if (keys.length === 0 && require.length === 0) return undefined;
  return { keys: keys.map((file) => readKeys(mount, file)), require };
}

/** Throws BadRequest where keys are none, or are of no use to their mount. */
export async function requireUsable(mounts: Iterable<Mount>): Promise<void> {
  for (const mount of mounts) if (mount.trust) await requireKinds(mount, mount.trust);
}

async function requireKinds({ name, ecosystem: { id, signs = [] } }: Mount, trust: Trust): Promise<void> {
  const keyring = await keyringOf(trust);
  const given = SIGNATURE_KINDS.filter((kind) => keyring[kind].length > 0);
  for (const kind of given)
    if (!signs.includes(kind))
      throw new BadRequest(
        `mounts.${name}.trust.keys: ${id} has no signatures of the kind ${kind}; expected keys for ${signs.join(", ") || "none"}`,
      );
  for (const kind of trust.require)
    if (!given.includes(kind))
      throw new BadRequest(
        `mounts.${name}.trust.require: ${kind} needs keys of that kind; those in keys are for ${given.join(", ") || "none"}`,
      );
}

function readKeys(mount: string, file: string): KeyFile {
  try {
    return { file, bytes: readFileSync(file) };
  } catch (error) {
    throw new BadRequest(`mounts.${mount}.trust.keys: ${file} cannot be read: ${messageOf(error)}`);
  }
}
