import { LRUCache } from "lru-cache";
import { emit } from "../../contract/events.ts";
import type { SignatureKind } from "../../contract/signatures.ts";
import { log } from "../../lib/log.ts";
import type { Target } from "../target.ts";

/** What was logged. */
const told = new LRUCache<string, true>({ max: 50_000 });

/** Counts what speaks against a signature, logs it once, and words it for whoever asked. */
export function untrusted({ mount, path }: Target, kind: SignatureKind, reason: string): string {
  emit("untrusted", { mount: mount.name, path, kind, reason });
  const key = `${mount.name} ${path} ${reason}`;
  if (!told.has(key)) log.warn("a signature does not hold", { mount: mount.name, path, kind, reason });
  told.set(key, true);
  return `${path} is withheld: its ${kind} signature is not one that mounts.${mount.name}.trust accepts: ${reason}. If the keys in trust.keys are current, someone may have changed it on the way; ask those who publish it`;
}
