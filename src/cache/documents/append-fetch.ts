/** Revalidates a document to which upstream only appends: what came since is fetched, and joined to what is held. */

import { constants } from "node:fs";
import { appendFile, copyFile, truncate } from "node:fs/promises";
import { Hasher, splitDigest } from "../../contract/digest.ts";
import type { Digest } from "../../contract/ecosystem.ts";
import type { DocumentRow } from "../../index/rows.ts";

import { log } from "../../lib/log.ts";
import { chunksOf, codingsOf } from "../../upstream/body.ts";
import type { Context } from "../context.ts";
import { requireRight } from "../integrity/damaged.ts";
import { type Downloaded, download } from "../transfer/download.ts";
import { discard } from "../transfer/part-file.ts";
import { headOf, NotModified, type Wanted } from "../transfer/request.ts";

/** Bytes asked for that are held already: ends that differ tell a file that was made anew. One byte would not, as lines end alike. */
const OVERLAP = 1_024;
const IGNORED = "upstream sends no part of it that could be verified";

type Parts = Pick<Context, "upstream" | "storage">;

/**
 * As `download`, and all that it throws, but for what is held only the rest is fetched; of its last bytes, `trailer` are made anew. Whatever does not fit to what is held
 * (it was made anew, or became shorter) is fetched whole, and the log says why.
 */
export async function downloadGrown(
  context: Parts,
  wanted: Wanted,
  row: DocumentRow,
  file: string,
  trailer = 0,
): Promise<Downloaded> {
  const grown = await rest(context, wanted, row, file, trailer);
  if (typeof grown === "object") return grown;
  await discard(file);
  const whole = await download(context, { ...wanted, file });
  const reason = whole.size < row.size ? "it is shorter than what is held" : grown;
  if (whole.digests.sha256 !== row.sha256 && reason !== IGNORED)
    log.warn("a document that only grows was replaced upstream, and taken whole", {
      mount: row.mount,
      path: row.path,
      reason,
      held: row.size,
      size: whole.size,
    });
  return whole;
}

/** What is held and what came since, in the file; or why they cannot be joined. Throws NotModified. */
async function rest(
  { upstream, storage }: Parts,
  wanted: Wanted,
  row: DocumentRow,
  file: string,
  trailer: number,
): Promise<Downloaded | string> {
  /** Bytes of what is stored that stay. */
  const kept = Math.max(0, row.size - trailer);
  const from = Math.max(0, kept - OVERLAP);
  const headers = {
    ...wanted.requestHeaders,
    ...wanted.validators?.headers,
    "accept-encoding": "identity",
    range: `bytes=${from}-`,
  };
  // Without patience: the whole can be had of others, too.
  const response = await upstream
    .fetch(wanted.mount, row.url, { headers, patience: 0, kind: "document" })
    .catch(() => undefined);
  if (!response) return IGNORED;
  const isPart = response.status === 206 && codingsOf(response.headers).length === 0;
  const [, start, total] = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(response.headers.get("content-range") ?? "") ?? [];
  if (!isPart || Number(start) !== from) {
    await response.body?.cancel();
    if (response.status === 304) throw new NotModified();
    return response.status === 416 ? "it has no bytes where the held one ends" : IGNORED;
  }
  const limits = { maximum: wanted.maximum - from, setting: wanted.setting, timeout: upstream.settings.timeout };
  const tail = Buffer.concat(await Array.fromAsync(chunksOf(response, new URL(row.url).host, limits)));
  const held = requireRight({ storage }, row, await Bun.file(storage.file(row.sha256)).bytes());
  const overlap = kept - from;
  if (total !== "*" && from + tail.length !== Number(total)) return "its end was cut off";
  if (!tail.subarray(0, overlap).equals(held.subarray(from, kept))) return "it differs where the held one ends";
  const added = tail.subarray(overlap);
  const expected = wanted.expected && !wanted.expected.startsWith("h1:") ? [wanted.expected] : [];
  const stated = [...statedDigests(response.headers), ...expected];
  // An equal end says nothing of the middle.
  if (stated.length === 0) return IGNORED;
  const hasher = new Hasher([...wanted.algorithms, ...stated.map((digest) => splitDigest(digest)[0])]);
  hasher.update(held.subarray(0, kept));
  hasher.update(added);
  const digests = hasher.digests();
  const isWhole = stated.every(
    (digest) => `${splitDigest(digest)[0]}:${digests[splitDigest(digest)[0] as "md5"]}` === digest,
  );
  if (!isWhole) return "the whole has another digest than upstream states";
  const size = kept + added.length;
  await copyFile(storage.file(row.sha256), file, constants.COPYFILE_FICLONE);
  if (kept < row.size) await truncate(file, kept);
  await appendFile(file, added);
  const registry = wanted.validators?.registry;
  const head = { ...headOf(response, row.url, wanted), length: size, ...(registry !== undefined && { registry }) };
  return { head, digests, size };
}

const BY_LENGTH: Readonly<Record<number, "md5" | "sha1" | "sha256" | "sha512">> = {
  32: "md5",
  40: "sha1",
  64: "sha256",
  128: "sha512",
};

/** Of the whole, whatever part was sent (RFC 9530 3; `Digest` is what came before it); a validator that has the form of a digest is
 * taken for one, as that of a compact index is. */
function statedDigests(headers: Headers): Digest[] {
  const header = headers.get("repr-digest") ?? headers.get("digest") ?? "";
  const base64 = /(?:^|[\s,])sha-256=:?([\w+/]{43}=)/i.exec(header)?.[1];
  const [, hex = ""] = /^(?:W\/)?"([0-9a-f]+)"$/i.exec(headers.get("etag") ?? "") ?? [];
  const algorithm = BY_LENGTH[hex.length];
  return [
    ...(base64 ? [`sha256:${Buffer.from(base64, "base64").toString("hex")}` as const] : []),
    ...(algorithm ? [`${algorithm}:${hex.toLowerCase()}` as const] : []),
  ];
}
