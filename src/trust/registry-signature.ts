/** Signatures by a key of the registry over what its index states: `name@version:integrity`, as npm's clients check them. */
import { verify } from "node:crypto";
import type { RegistrySignature } from "../signatures.ts";
import type { RegistryKey } from "./keyring.ts";

/**
 * What speaks against the signatures of a file; `undefined` where one of them holds. `at`: when it was published (milliseconds
 * since 1970): a key that expired later was good then.
 */
export function refuteRegistry(
  signatures: readonly RegistrySignature[],
  keys: readonly RegistryKey[],
  at: number,
): string | undefined {
  const reasons = signatures.map(({ keyid, signature, over }) => {
    const key = keys.find((each) => each.keyid === keyid);
    if (!key) return `one by ${keyid}, which is not among the keys`;
    if (key.expires !== undefined && key.expires <= at)
      return `one by ${keyid}, which expired on ${new Date(key.expires).toISOString()}, before the file was published`;
    return holds(over, key, signature) ? undefined : `one by ${keyid} that is not over ${over}`;
  });
  if (reasons.includes(undefined)) return undefined;
  return `expected a signature by ${keys.map(({ keyid }) => keyid).join(" or ")}, found ${reasons.join(" and ")}`;
}

function holds(over: string, { key }: RegistryKey, signature: string): boolean {
  try {
    return verify("sha256", Buffer.from(over), key, Buffer.from(signature, "base64"));
  } catch {
    return false;
  }
}
