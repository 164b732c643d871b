/** A worker for tests of the pool: does as it is told, dying included. */

import { DigestMismatch } from "../../../src/lib/errors.ts";
import { plain, type ToWorker } from "../../../src/workers/pool.ts";

declare const self: Worker;

self.onmessage = ({ data: { id, name, input } }: MessageEvent<ToWorker>) => {
  if (name === "die") process.exit(1);
  if (name === "dieOnce" && !(input as { flag: Int32Array }).flag[0]) {
    (input as { flag: Int32Array }).flag[0] = 1;
    process.exit(1);
  }
  if (name === "never") return;
  if (name === "fail") self.postMessage({ id, error: plain(new DigestMismatch("/a", "sha256:aa", "sha256:bb")) });
  else self.postMessage({ id, value: input });
};
