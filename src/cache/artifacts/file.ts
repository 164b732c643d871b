import type { ArtifactRow } from "../../index/rows.ts";
import type { Growing, Head } from "../transfer/partial-body.ts";
import type { Passed } from "../transfer/pass-through.ts";

/** What is sent of a row. */
export type Stored = Pick<ArtifactRow, "mount" | "path" | "sha256" | "size" | "mediaType" | "headers">;

/** A file: on disk, all here in memory and verified, still arriving, or to be passed on since there is no room to keep it. */
export type File =
  | { kind: "held"; row: Stored }
  | { kind: "whole"; row: Stored; bytes: Uint8Array }
  /** `key`: of the lease under which it is fetched. */
  | { kind: "growing"; head: Head; growing: Growing; key: string }
  | { kind: "passing"; open: () => Promise<Passed> };
