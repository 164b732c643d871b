import type { Doc, LeftOut } from "../../src/contract/ecosystem.ts";
import { leaveOut } from "../shared/entries.ts";
import { pythonVersions } from "./distribution.ts";
import { type ProjectFile, readFile } from "./simple-index.ts";

/** The older JSON documents, of a project or of one of its releases. */
export interface Legacy {
  info: Record<string, unknown> & { name: string; version: string };
  /** Only a project's. */
  releases?: Record<string, LegacyFile[]>;
  urls: LegacyFile[];
}
export interface LegacyFile extends Record<string, unknown> {
  filename: string;
  url: string;
  digests: Record<string, string>;
  size?: number | null;
  yanked?: boolean;
  upload_time_iso_8601?: string | null;
  requires_python?: string | null;
}

/** Files that cannot be read are left out. Throws where the document is no such one, or is cut off. */
export function readLegacy(doc: Doc): { legacy: Legacy; leftOut: LeftOut[] } {
  const found = doc.json<Legacy>();
  if (!isRecord(found?.info) || !Array.isArray(found.urls)) throw new Error(`${doc.path} is no project document`);
  const leftOut: LeftOut[] = [];
  const readable = (files: unknown): LegacyFile[] =>
    (Array.isArray(files) ? (files as unknown[]) : [files]).flatMap((stated) => {
      try {
        const { filename, url, hashes } = readFile(
          isRecord(stated) ? { ...stated, hashes: stated["digests"] } : stated,
        );
        return [{ ...(stated as LegacyFile), filename, url, digests: hashes }];
      } catch (error) {
        leftOut.push(leaveOut(isRecord(stated) ? (stated["filename"] ?? stated) : stated, error));
        return [];
      }
    });
  const urls = readable(found.urls);
  const releases =
    isRecord(found.releases) &&
    Object.fromEntries(Object.entries(found.releases).map(([version, files]) => [version, readable(files)] as const));
  const left = [...urls, ...Object.values(releases || {}).flat()];
  if (left.length === 0 && leftOut[0]) throw new Error(`${leftOut[0].entry}: ${leftOut[0].reason}`);
  const legacy: Legacy = { ...found, urls };
  if (releases) legacy.releases = releases;
  else delete legacy.releases;
  return { legacy, leftOut };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** One of its files, as newer documents have it. */
export function fromLegacy(file: LegacyFile): ProjectFile {
  return {
    filename: file.filename,
    url: file.url,
    hashes: file.digests,
    size: file.size ?? null,
    yanked: file.yanked ?? false,
    "upload-time": file.upload_time_iso_8601 ?? null,
    "requires-python": file.requires_python ?? null,
  };
}

/**
 * The document with the files that `shown` leaves of a list. What it tells of a newest release without files left is told
 * of the newest that has some: its version and files, and no more, for the rest is not known here. `undefined` where it
 * had files and none is left.
 */
export function filterLegacy(doc: Legacy, shown: (files: LegacyFile[]) => LegacyFile[]): Legacy | undefined {
  const urls = shown(doc.urls);
  if (!doc.releases) return urls.length > 0 || doc.urls.length === 0 ? { ...doc, urls } : undefined;
  const kept = Object.entries(doc.releases).flatMap(([version, files]): [string, LegacyFile[]][] => {
    const left = shown(files);
    return left.length > 0 ? [[version, left]] : [];
  });
  const releases = Object.fromEntries(kept);
  if (urls.length > 0 || doc.urls.length === 0) return { ...doc, releases, urls };
  const { compare, isStable } = pythonVersions;
  const [newest] = kept.sort(([a], [b]) => Number(isStable(b)) - Number(isStable(a)) || compare(b, a));
  if (!newest) return undefined;
  const { name } = doc.info;
  const blank = Object.entries(doc.info).map(([key, value]) => [key, Array.isArray(value) ? [] : null]);
  return { ...doc, info: { ...Object.fromEntries(blank), name, version: newest[0] }, releases, urls: newest[1] };
}
