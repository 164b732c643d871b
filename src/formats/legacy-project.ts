import type { Doc } from "../ecosystem.ts";

/** The older JSON documents, of a project or of one of its releases. */
export interface Legacy {
  info: { name: string; version: string };
  releases?: Record<string, LegacyFile[]>;
  urls: LegacyFile[];
}
export interface LegacyFile extends Record<string, unknown> {
  filename: string;
  url: string;
  digests: Record<string, string>;
  upload_time_iso_8601?: string;
}

/** Throws where the document is no such one, or is cut off. */
export function readLegacy(doc: Doc): Legacy {
  const found = doc.json<Legacy>();
  if (!found.info || !Array.isArray(found.urls)) throw new Error(`${doc.path} is no project document`);
  return found;
}
