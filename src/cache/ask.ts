/** A request to the cache, and what answers it. */
import type { Path } from "../contract/ecosystem.ts";
import type { File } from "./artifacts/file.ts";
import type { Ready } from "./memory.ts";

export interface Ask {
  method: string;
  path: Path;
  query: URLSearchParams;
  accept: string | null;
  /** The public address of this server, without a trailing slash: links are built from it. */
  base: string;
  body?: Uint8Array | undefined;
  /** `content-type` and `content-encoding` of the body. */
  bodyHeaders?: Record<string, string>;
}

export type Outcome = "hit" | "miss" | "stale";

/** What a path is answered with. */
export type Answer =
  | { kind: "ready"; ready: Ready; outcome: Outcome }
  | { kind: "file"; file: File; outcome: Outcome }
  | { kind: "passthrough"; response: Response };
