import { z } from "zod";
import { parseSize, SIZE } from "../lib/units.ts";
import { parseWindow, WINDOW } from "../lib/window.ts";
import { scalar, size, whole } from "./values.ts";

/** Bytes a second: what is slower looks like an upstream that stalls. */
export const SLOWEST = 100_000;

/** What a server does of mirror jobs, and what it takes from those who ask for them. */
export const mirrorSection = z
  .strictObject({
    max_jobs: whole(1).prefault(2).meta({ description: "Mirror jobs that a server runs at a time." }),
    max_waiting: whole(1)
      .prefault(100)
      .meta({ description: "Mirror jobs that may be unfinished before the API takes no more." }),
    max_tasks: whole(1)
      .prefault(1_000_000)
      .meta({ description: "Packages and releases that one request to the API may name." }),
    rate: scalar(`${SIZE}, at least 100KB; 0: no limit`, (raw) => {
      const bytes = parseSize(raw);
      return bytes === undefined || (bytes > 0 && bytes < SLOWEST) ? undefined : bytes;
    })
      .prefault(0)
      .meta({ description: "What mirror jobs may fetch in a second, all together: `50MB`. 0: no limit." }),
    window: scalar(WINDOW, (raw) => (parseWindow(raw) ? raw : undefined))
      .optional()
      .meta({ description: "Hours in which mirror jobs begin what they fetch: `22:00-06:00`. Unset: always." }),
    max_upload: size().prefault("256MB").meta({ description: "Largest request to the API, with its files." }),
  })
  .prefault({});
