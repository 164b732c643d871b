/** Flags that bound how fast, and when, a mirror fetches. */

import { SLOWEST } from "../config/mirror.ts";
import type { Config } from "../config/schema.ts";
import { BadRequest } from "../lib/errors.ts";
import { parseSize, SIZE } from "../lib/units.ts";
import { parseWindow, WINDOW } from "../lib/window.ts";
import type { Value } from "./command.ts";
import { type Option, under } from "./command.ts";

export const RATE_OPTIONS: readonly Option[] = under("How", [
  { flag: "--rate <size>", describe: "Fetch, or read, at most so much a second: 50MB" },
  { flag: "--window <hours>", describe: "Begin what is fetched in these hours only: 22:00-06:00" },
]);

/** The configuration with what the flags say in place of its own. Throws BadRequest. */
export function withRateFlags(config: Config, flags: Readonly<Record<string, Value>>): Config {
  const rate = flags.rate === undefined ? config.mirror.rate : parseSize(String(flags.rate));
  if (rate === undefined || (rate > 0 && rate < SLOWEST))
    throw new BadRequest(`--rate ${String(flags.rate)}: expected ${SIZE}, at least 100KB; it is of a second`);
  const window = flags.window === undefined ? config.mirror.window : String(flags.window);
  if (window !== undefined && !parseWindow(window)) throw new BadRequest(`--window ${window}: expected ${WINDOW}`);
  return { ...config, mirror: { ...config.mirror, rate, window } };
}
