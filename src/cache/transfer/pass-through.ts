/** For a full disk: a body goes from upstream to one client, verified on the way, and nothing of it is kept. */
import { type Digests, Hasher, splitDigest } from "../../contract/digest.ts";
import { emit } from "../../contract/events.ts";
import { DigestMismatch, messageOf, UpstreamFailed } from "../../lib/errors.ts";
import { log } from "../../lib/log.ts";
import { chunksOf } from "../../upstream/body.ts";
import type { Upstream } from "../../upstream/client.ts";
import { formatOf, isPage, isPageType } from "../integrity/plausible.ts";
import { verify } from "../integrity/verify.ts";
import { SMALL } from "./download.ts";
import type { Head } from "./partial-body.ts";
import { request, type Wanted } from "./request.ts";

/** What is passed on; `head.length` is absent where upstream did not say. */
export interface Passed {
  head: Head;
  body: Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array>;
}

/**
 * Asks upstream for one client. Small bodies are verified first; of a large one the last chunk is held back until the whole is
 * verified. Throws NotFound, DigestMismatch, UpstreamFailed.
 */
export async function passThrough(upstream: Upstream, wanted: Wanted): Promise<Passed> {
  const { response, head } = await request(upstream, wanted, 0, undefined);
  const chunks = chunksIn(upstream, wanted, response, head);
  if (head.length !== undefined && head.length <= SMALL)
    return { head, body: (await whole(chunks, wanted, head)).bytes };
  if (wanted.inspect || wanted.expected?.startsWith("h1:")) {
    await response.body?.cancel();
    throw new UpstreamFailed(`${wanted.path}: the disk is full, and this file can only be verified on disk`);
  }
  return {
    head,
    body: verifying(wanted.resembles && !wanted.expected ? await noPage(chunks, wanted, head) : chunks, wanted),
  };
}

/** The same chunks, of which the first is not the beginning of a page. Throws UpstreamFailed. */
async function noPage(
  chunks: AsyncGenerator<Uint8Array>,
  { path }: Wanted,
  head: Head,
): Promise<AsyncGenerator<Uint8Array>> {
  const first = await chunks.next();
  const isRefused = formatOf(path) !== "page" && (isPageType(head.mediaType) || (!first.done && isPage(first.value)));
  if (isRefused) {
    await chunks.return(undefined);
    throw new UpstreamFailed(`${path}: ${new URL(head.url).host} sent a page in its place`, {
      implausible: true,
    });
  }
  return joined(first, chunks);
}

async function* joined(
  first: IteratorResult<Uint8Array>,
  rest: AsyncGenerator<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  if (first.done) return;
  yield first.value;
  yield* rest;
}

/** The whole of a body in memory, verified, whatever its size. Throws NotFound, DigestMismatch, UpstreamFailed. */
export async function fetchWhole(upstream: Upstream, wanted: Wanted): Promise<{ head: Head } & Whole> {
  const { response, head } = await request(upstream, wanted, 0, undefined);
  return { head, ...(await whole(chunksIn(upstream, wanted, response, head), wanted, head)) };
}

function chunksIn({ settings }: Upstream, { size, maximum, setting, raw }: Wanted, response: Response, head: Head) {
  const limits = {
    maximum: Math.min(size ?? maximum, maximum),
    setting: size === undefined ? setting : undefined,
    raw,
    timeout: settings.timeout,
  };
  return chunksOf(response, new URL(head.url).host, limits);
}

interface Whole {
  bytes: Uint8Array<ArrayBuffer>;
  digests: Digests;
}

async function whole(chunks: AsyncGenerator<Uint8Array>, wanted: Wanted, head: Head): Promise<Whole> {
  const hasher = hasherOf(wanted);
  const all: Uint8Array[] = [];
  for await (const chunk of chunks) {
    hasher.update(chunk);
    all.push(chunk);
  }
  const bytes = Buffer.concat(all);
  const digests = hasher.digests();
  await check(wanted, digests, bytes);
  if (!wanted.expected) await wanted.resembles?.(head, bytes);
  await wanted.inspect?.(bytes);
  return { bytes, digests };
}

function verifying(chunks: AsyncGenerator<Uint8Array>, wanted: Wanted): ReadableStream<Uint8Array> {
  const hasher = hasherOf(wanted);
  let last: Uint8Array | undefined;
  return new ReadableStream<Uint8Array>({
    pull: async (controller) => {
      try {
        const { done, value } = await chunks.next();
        if (done) await check(wanted, hasher.digests(), new Uint8Array());
        else hasher.update(value);
        if (last) controller.enqueue(last);
        last = done ? undefined : value;
        if (done) controller.close();
      } catch (error) {
        log.warn("an answer was broken off", { path: wanted.path, error: messageOf(error) });
        controller.error();
      }
    },
    cancel: async () => void (await chunks.return(undefined)),
  });
}

function hasherOf({ algorithms, expected }: Wanted): Hasher {
  return new Hasher(expected ? [...algorithms, splitDigest(expected)[0]] : algorithms);
}

async function check(
  { mount, path, expected }: Wanted,
  digests: Digests,
  bytes: Uint8Array<ArrayBuffer>,
): Promise<void> {
  if (!expected) return;
  try {
    await verify(path, expected, digests, bytes);
  } catch (error) {
    if (error instanceof DigestMismatch) emit("mismatch", { mount: mount.name, path, expected, found: error.found });
    throw error;
  }
}
