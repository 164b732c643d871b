import { type Events, emit } from "../contract/events.ts";
import { messageOf } from "../lib/errors.ts";
import type { Storage } from "./storage.ts";

/** A store that tells how long its work took, and what failed. */
export function observed(storage: Storage): Storage {
  return {
    ...storage,
    place: (file, sha256) => told("place", storage.place(file, sha256)),
    put: (bytes, sha256) => told("place", storage.put(bytes, sha256)),
    probe: () => told("probe", storage.probe()),
    remove: (sha256) => {
      const tell = clock("remove");
      try {
        storage.remove(sha256);
        tell();
      } catch (error) {
        tell(error);
        throw error;
      }
    },
  };
}

function told(operation: Events["stored"]["operation"], work: Promise<void>): Promise<void> {
  const tell = clock(operation);
  work.then(() => tell(), tell);
  return work;
}

function clock(operation: Events["stored"]["operation"]): (error?: unknown) => void {
  const started = performance.now();
  return (error) =>
    emit("stored", {
      operation,
      milliseconds: performance.now() - started,
      ...(error !== undefined && { error: messageOf(error) }),
    });
}
