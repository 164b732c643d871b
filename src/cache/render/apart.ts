/** Answers that are made in another process, because code from outside takes part in them; both sides. */
import { type Failure, UpstreamFailed } from "../../lib/errors.ts";
import type { Mount } from "../../mounts/mounts.ts";
import type { File, Stored } from "../artifacts/file.ts";
import type { Answer, Ask, Outcome } from "../ask.ts";
import type { Context } from "../context.ts";
import type { Ready } from "../memory.ts";
import { follow } from "../transfer/join-download.ts";

/** What that process says. Structured-cloneable. */
export type Apart =
  | { kind: "ready"; ready: Ready; outcome: Outcome }
  | { kind: "held"; row: Stored; outcome: Outcome }
  /** It is being downloaded there, under the lease of that key. */
  | { kind: "growing"; key: string; outcome: Outcome }
  | { kind: "passed"; status: number; headers: Record<string, string>; bytes: Uint8Array<ArrayBuffer> };

/** What an error is shown as to the mount's clients, and the methods that its path has. */
export type Shown = Failure & { problem?: string | object; allow?: string };

/** Bytes of what is passed on without being kept. */
const PASSED = 64 * 1024 * 1024;

/** There: answers, and lets go of what cannot leave this process. */
export async function answerApart(
  cache: { get(mount: Mount, ask: Ask): Promise<Answer> },
  mount: Mount,
  ask: Ask,
): Promise<Apart> {
  const answer = await cache.get(mount, ask);
  if (answer.kind === "ready") return { kind: "ready", ready: answer.ready, outcome: answer.outcome };
  if (answer.kind === "passthrough") {
    const { status, headers, body } = answer.response;
    return { kind: "passed", status, headers: Object.fromEntries(headers), bytes: await whole(body, ask.path) };
  }
  const { file, outcome } = answer;
  if (file.kind === "held") return { kind: "held", row: file.row, outcome };
  if (file.kind === "growing") return { kind: "growing", key: file.key, outcome };
  if (file.kind === "whole") throw new Error("a whole file is answered from memory");
  const { head, body } = await file.open();
  const bytes = body instanceof Uint8Array ? body : await whole(body, ask.path);
  return { kind: "passed", status: 200, headers: { ...head.headers, "content-type": head.mediaType }, bytes };
}

async function whole(body: ReadableStream<Uint8Array> | null, path: string): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body ?? []) {
    size += chunk.length;
    if (size > PASSED)
      throw new UpstreamFailed(`${path} has more than ${PASSED} bytes, which is the most that is passed on unkept`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** Here: the same as an answer of this process. Throws UpstreamFailed where a download there broke off. */
export async function answerFrom(
  context: Pick<Context, "storage" | "artifacts" | "leases">,
  apart: Apart,
): Promise<Answer> {
  if (apart.kind === "ready") return apart;
  if (apart.kind === "held") return { kind: "file", file: { kind: "held", row: apart.row }, outcome: apart.outcome };
  if (apart.kind === "passed") {
    const { status, headers, bytes } = apart;
    return { kind: "passthrough", response: new Response(bytes, { status, headers }) };
  }
  const { key, outcome } = apart;
  const [mount = "", path = ""] = key.split(" ");
  const { promise, resolve, reject } = Promise.withResolvers<File>();
  const held = async () => context.artifacts.find(mount, path);
  follow(context, key, { held, ready: resolve, mayGrow: true }).then(
    (row) => {
      if (!row) reject(new UpstreamFailed(`the download of ${path} broke off; ask again`, { retryable: true }));
    },
    (error: unknown) => reject(error),
  );
  return { kind: "file", file: await promise, outcome };
}
