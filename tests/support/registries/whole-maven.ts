/** A whole Maven repository, with the chunks of its index under `/.index`. */
import { gzipSync } from "node:zlib";
import { binary, type Tree, text } from "../tree.ts";
import { makeMaven } from "./maven.ts";
import { hex } from "./package.ts";
import type { Whole } from "./whole.ts";

export interface MavenLies {
  /** Chunks that were there and are no longer. */
  lost?: number;
  chain?: string;
  /** Bytes that its index says of each file beside what is of use. */
  described?: number;
}

const INDEX = "/.index/nexus-maven-repository-index";

/** Each change is a chunk. Names are `org.whole:a0000042`. */
export function wholeMaven(whole: Whole, lies: MavenLies = {}): Tree {
  return {
    get(key) {
      const chunk = /^\/\.index\/nexus-maven-repository-index\.(\d+)\.gz$/.exec(key)?.[1];
      if (key === `${INDEX}.properties`) return () => properties(whole, lies);
      if (key === `${INDEX}.gz`) return () => binary(indexOf(whole, whole.indexes(), lies), "application/gzip");
      if (chunk !== undefined) {
        const change = whole.log[Number(chunk) - 1];
        return change && Number(chunk) > (lies.lost ?? 0)
          ? binary(indexOf(whole, [change.index], lies), "application/gzip")
          : undefined;
      }
      const artifact = /^\/org\/whole\/([^/]+)\//.exec(key)?.[1];
      const index = whole.indexOf(`org.whole:${artifact}`);
      return index < 0 || whole.isGone(index) ? undefined : makeMaven([whole.packageOf(index)]).get(key);
    },
  };
}

function properties(whole: Whole, { lost = 0, chain = "1318453614498" }: MavenLies) {
  const last = whole.log.length;
  const kept = Array.from(
    { length: last - Math.min(lost, last) },
    (_, at) => `nexus.index.incremental-${at}=${last - at}\n`,
  );
  return text(
    `#Wed\nnexus.index.id=central\nnexus.index.chain-id=${chain}\nnexus.index.last-incremental=${last}\n${kept.join("")}`,
  );
}

function indexOf(whole: Whole, indexes: Iterable<number>, { described = 0 }: MavenLies): Uint8Array<ArrayBuffer> {
  const parts = [Buffer.from([1]), Buffer.alloc(8), record({ DESCRIPTOR: "NexusIndex", IDXINFO: "1.0|central" })];
  for (const index of indexes) {
    const { name, versions } = whole.packageOf(index);
    for (const version of Object.keys(versions)) {
      const [group, artifact] = name.split(":");
      const u = `${group}|${artifact}|${version}|NA|jar`;
      parts.push(
        record(
          whole.isGone(index)
            ? { del: u, m: "1" }
            : { u, i: "jar|1700000000000|10|0|0|0|jar", m: "1", ...said(u, described) },
        ),
      );
    }
  }
  return gzipSync(Buffer.concat(parts));
}

/** Text that cannot be packed well. */
function said(u: string, bytes: number): Record<string, string> {
  let d = "";
  while (d.length < bytes) d += hex("sha512", u + d.length);
  return bytes > 0 ? { d } : {};
}

function record(fields: Readonly<Record<string, string>>): Buffer {
  const parts = [int(Object.keys(fields).length)];
  for (const [name, value] of Object.entries(fields)) {
    const length = Buffer.alloc(2);
    length.writeUInt16BE(name.length);
    parts.push(Buffer.from([7]), length, Buffer.from(name), int(Buffer.byteLength(value)), Buffer.from(value));
  }
  return Buffer.concat(parts);
}

function int(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}
