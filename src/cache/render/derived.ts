import type { Answer } from "../ask.ts";
import type { Context } from "../context.ts";
import { requireRight } from "../integrity/damaged.ts";

/** The bytes that something is derived from. */
export interface Basis {
  /** Another one where they are others. */
  source: string;
  size: number;
  /** Milliseconds since 1970 until which they may be taken for what is served. */
  freshUntil: number;
  bytes(): Promise<Uint8Array>;
  /** The bytes, where they were made for it and are in memory; absent where the document is sent from the store as it is. */
  made?: Uint8Array;
}

/** `undefined` where they are passed on only. */
export function basisOf({ storage }: Pick<Context, "storage">, answer: Answer): Basis | undefined {
  if (answer.kind === "ready") {
    const { bytes, etag, freshUntil } = answer.ready;
    return { source: etag, size: bytes.length, freshUntil, bytes: async () => bytes, made: bytes };
  }
  if (answer.kind !== "file" || answer.file.kind !== "held") return undefined;
  const { row } = answer.file;
  const { sha256, size } = row;
  const bytes = async () => requireRight({ storage }, row, await Bun.file(storage.file(sha256)).bytes());
  return { source: sha256, size, freshUntil: 0, bytes };
}
