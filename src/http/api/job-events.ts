/** How a mirror job goes, as server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html). */
import { failureOf, jobOf, SHOWN_FAILURES, summaryOf } from "./job-view.ts";
import type { MirrorApi } from "./mirror-api.ts";

/** Milliseconds between looks at the job. */
const LOOK = 500;
/** Looks without news after which a comment shows that the connection lives. */
const SILENT = 30;
const FAILURES = 500;
/** The id of the last event. Who has it needs no more. */
const END = "end";

/** Whether someone who has an event's id has seen the end of the job. */
export function hasEnded(lastId: string | null, state: string): boolean {
  return lastId === END && state !== "pending" && state !== "running";
}

/**
 * `progress` when the job changed, `failure` for each failure, with its id, `state` at the end. Ends with the job, or when
 * `signal` is aborted. `lastId`: of the last event that the asker has; failures after it follow.
 */
export async function* eventsOf(
  api: MirrorApi,
  id: string,
  lastId: string | null,
  signal: AbortSignal,
  look = LOOK,
): AsyncGenerator<Uint8Array> {
  let seen = /^\d{1,15}$/.test(lastId ?? "") ? Number(lastId) : 0;
  let told = "";
  for (let silent = 0; !signal.aborted; silent++) {
    // Before the failures: once it has ended, there are no more.
    const found = await api.find(id);
    if (!found) return;
    const hasEnded = found.row.state !== "pending" && found.row.state !== "running";
    const progress = JSON.stringify(summaryOf(found));
    if (progress !== told) {
      yield event("progress", progress);
      told = progress;
      silent = 0;
    }
    for (;;) {
      const rows = await api.failures(id, seen, FAILURES);
      for (const row of rows) yield event("failure", JSON.stringify(failureOf(row)), String(row.id));
      seen = rows.at(-1)?.id ?? seen;
      if (rows.length < FAILURES) break;
    }
    if (hasEnded) {
      yield event("state", JSON.stringify(jobOf(found, await api.failures(id, 0, SHOWN_FAILURES))), END);
      return;
    }
    if (silent >= SILENT) {
      yield encode(": still there\n\n");
      silent = 0;
    }
    await Bun.sleep(look);
  }
}

function event(name: string, data: string, id?: string): Uint8Array {
  return encode(`event: ${name}\n${id === undefined ? "" : `id: ${id}\n`}data: ${data}\n\n`);
}

function encode(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
