/** What keeps a mirror from going on, told while it does: nobody is to think that it hangs. */
import type { on as listen } from "../../contract/events.ts";

/** A host that is too busy, or out of order. */
const BUSY = 429;

/** Watches until anything is answered. What it returns ends the line of the progress: empty where nothing is wrong. */
export function watchTrouble(on: typeof listen): (now: number) => string {
  let trouble: { reason: string; until: number } | undefined;
  on("upstream", ({ url, status, error }) => {
    const host = URL.parse(url)?.host ?? url;
    if (error !== undefined) trouble = { reason: error.includes(host) ? error : `${host}: ${error}`, until: 0 };
    else if (status !== undefined && status >= BUSY) trouble = { reason: `${host} answers ${status}`, until: 0 };
    else trouble = undefined;
  });
  on("fetched", () => {
    trouble = undefined;
  });
  on("postponed", ({ reason, until }) => {
    trouble = { reason, until };
  });
  return (now) => {
    if (!trouble) return "";
    const { reason, until } = trouble;
    return until > now ? `; tries again in ${Math.ceil((until - now) / 1_000)} s: ${reason}` : `; ${reason}`;
  };
}
