/**
 * The kinds of value a setting can have. A file's scalar and the text of a flag or an environment variable are read alike,
 * so `8080` and `"8080"` are the same port. An issue's message completes "LISTEN = x: …".
 */

import { isIP } from "node:net";
import { z } from "zod";
import { withoutSlashes } from "../lib/text-ends.ts";
import { DURATION, parseDuration, parseSize, SIZE } from "../lib/units.ts";

/** A value that `read` understands; it answers `undefined` where the text is not one, or throws with a better reason. */
export function scalar<T>(expected: string, read: (text: string) => T | undefined) {
  return z.unknown().transform((raw, context): T => {
    try {
      const isScalar = typeof raw === "string" || typeof raw === "number" || typeof raw === "boolean";
      const found = isScalar ? read(String(raw)) : undefined;
      if (found !== undefined) return found;
      context.addIssue({ code: "custom", message: `expected ${expected}` });
    } catch (error) {
      context.addIssue({ code: "custom", message: (error as Error).message });
    }
    return z.NEVER;
  });
}

/** `a, b or c`. */
export function either(words: readonly string[]): string {
  return words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} or ${words.at(-1)}`;
}

export const text = (expected = "text") =>
  scalar(expected, (raw) => (/^[^\x00-\x1f\x7f]+$/.test(raw) ? raw : undefined));
export const size = () => scalar(SIZE, parseSize);
export const duration = () => scalar(DURATION, parseDuration);
export const bool = () => scalar("true or false", (raw) => ({ true: true, false: false })[raw]);

/** Whether the API is there: with a token, without one, or not. */
export const mirrorApi = () =>
  scalar("true, false or open", (raw) => ({ true: true, false: false, open: "open" as const })[raw]);

export const oneOf = <T extends string>(words: readonly T[]) =>
  scalar(either(words), (raw) => words.find((word) => word === raw));

export const whole = (least: number) =>
  scalar(`a whole number, at least ${least}`, (raw) =>
    /^\d{1,9}$/.test(raw) && Number(raw) >= least ? Number(raw) : undefined,
  );

/** Items in a list, or separated by commas. */
export const list = <T extends z.ZodType>(item: T) =>
  z.preprocess((raw) => (typeof raw === "string" ? raw.split(/ *, */).filter(Boolean) : raw), z.array(item));

/** One, or several in a list. */
export const oneOrMore = <T extends z.ZodType>(item: T) =>
  z.preprocess((raw) => (typeof raw === "string" ? [raw] : raw), z.array(item).min(1));

/** An address of the web, without a trailing slash. `{markers}` may stand in it. */
export const webUrl = () =>
  scalar("a URL that starts with http:// or https://", (raw) =>
    /^https?:\/\//i.test(raw) && URL.canParse(raw) ? withoutSlashes(raw) : undefined,
  );

/** `registry.example`, `registry.example:8443`, `10.0.0.1`, `[::1]`. */
export const host = () =>
  scalar("a host name or address, with or without a port", (raw) => (isHost(raw) ? raw.toLowerCase() : undefined));

/** `10.0.0.1`, `10.0.0.0/8`, `fd00::/8`. */
export const network = () =>
  scalar("an IP address or a network such as 10.0.0.0/8", (raw) => (isNetwork(raw) ? raw : undefined));

export const hostOrNetwork = () =>
  scalar("a host name, an IP address or a network such as 10.0.0.0/8", (raw) =>
    isNetwork(raw) || isHost(raw) ? raw.toLowerCase() : undefined,
  );

function isHost(raw: string): boolean {
  return (
    /^(?:[a-z\d_](?:[\w-]*[a-z\d])?(?:\.[a-z\d_](?:[\w-]*[a-z\d])?)*|\[[\da-f:.]+\])\.?(?::\d{1,5})?$/i.test(raw) ||
    isIP(raw) !== 0
  );
}

function isNetwork(raw: string): boolean {
  const [address = "", prefix = "0", ...more] = raw.split("/");
  const bits = { 0: -1, 4: 32, 6: 128 }[isIP(address)]!;
  return more.length === 0 && /^\d{1,3}$/.test(prefix) && Number(prefix) <= bits;
}

export interface Listen {
  /** Absent: every address of the machine. */
  host?: string;
  /** 0: one that is free. */
  port: number;
}

/** `:8080`, `8080`, `127.0.0.1:0`, `[::1]:8080`. */
export const listen = () =>
  scalar("HOST:PORT, :PORT or PORT", (raw): Listen | undefined => {
    const found = /^(?:(?<host>[^:[\]/\s]*|\[[\da-f:.]+\]):)?(?<port>\d{1,5})$/i.exec(raw)?.groups;
    if (!found || Number(found.port) > 65_535) return undefined;
    const bare = found.host?.replace(/^\[|\]$/g, "");
    return { ...(bare && { host: bare }), port: Number(found.port) };
  });

/** A setting that is taken, so that files written for other versions stay usable, and has no effect. */
export const ignored = (reason: string, meta: z.GlobalMeta = {}) =>
  z
    .unknown()
    .optional()
    .meta({ ...meta, ignored: reason });
