import { z } from "zod";
import { size, whole } from "./values.ts";

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
    max_upload: size().prefault("256MB").meta({ description: "Largest request to the API, with its files." }),
  })
  .prefault({});
