/** What documents may take: those that are large, mirror jobs of a server and all code of plugins from outside run in processes of their own. */
import { z } from "zod";
import { duration, size } from "./values.ts";

export const isolationSection = z
  .strictObject({
    time: duration().prefault("20s").meta({
      description:
        "Processor time in which a process that reads documents must be done with one, or it is ended and the document refused. 0: no limit.",
    }),
    memory: size().prefault("1GB").meta({
      description:
        "Memory of a process that reads documents, above which it is ended and the document refused (Linux). 0: no limit.",
    }),
  })
  .prefault({});
