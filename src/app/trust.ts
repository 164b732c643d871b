/** Reads the keys that the configuration names. */
import { readFileSync } from "node:fs";
import type { Ecosystem } from "../contract/ecosystem.ts";
import { formatPurl, parsePurl } from "../contract/purl.ts";
import { type KeyFile, SIGNATURE_KINDS, type SignatureKind, type Trust } from "../contract/signatures.ts";
import { BadRequest, messageOf } from "../lib/errors.ts";
import type { Mount } from "../mounts/mounts.ts";
import { keyringOf } from "../trust/keyring.ts";

interface Settings {
  /** Files. */
  keys: readonly string[];
  require: readonly SignatureKind[];
  signers: Readonly<Record<string, readonly string[]>>;
}

/** Whom a mount trusts; `undefined` where nothing is set. Throws BadRequest where a file cannot be read. */
export function trustOf(mount: string, ecosystem: Ecosystem, { keys, require, signers }: Settings): Trust | undefined {
  if (keys.length + require.length + Object.keys(signers).length === 0) return undefined;
  return { keys: keys.map((file) => readKeys(mount, file)), require, signers: spelled(ecosystem, signers) };
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
  const attested = Object.keys(trust.signers ?? {}).length > 0 ? (["sigstore"] as const) : [];
  for (const kind of [...trust.require, ...attested])
    if (!given.includes(kind))
      throw new BadRequest(
        `mounts.${name}.trust.${trust.require.includes(kind) ? "require" : "signers"}: ${kind} needs keys of that kind; those in keys are for ${given.join(", ") || "none"}`,
      );
}

function readKeys(mount: string, file: string): KeyFile {
  try {
    return { file, bytes: readFileSync(file) };
  } catch (error) {
    throw new BadRequest(`mounts.${mount}.trust.keys: ${file} cannot be read: ${messageOf(error)}`);
  }
}

/** People write `pkg:pypi/zope.interface`; the registry's name of it is `zope-interface`. */
function spelled(ecosystem: Ecosystem, signers: Settings["signers"]): Settings["signers"] {
  const entries = Object.entries(signers).map(([purl, identities]) => {
    const { name } = parsePurl(purl);
    return [formatPurl(ecosystem, { name: ecosystem.identity?.(name) ?? name }), identities] as const;
  });
  return Object.fromEntries(entries);
}
