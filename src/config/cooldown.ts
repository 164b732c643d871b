import { z } from "zod";
import { ecosystemId } from "./mounts.ts";
import { packagePurl } from "./package-purl.ts";
import { isEcosystemElsewhere } from "./peer.ts";
import { duration, oneOf } from "./values.ts";

export function cooldownSection(ecosystems: readonly string[]) {
  return z
    .strictObject({
      default: duration()
        .prefault("0")
        .meta({ description: "How old a release must be before clients may see it. 0: no age." }),
      ecosystems: z
        .record(ecosystemId(ecosystems, isEcosystemElsewhere), duration())
        .prefault({})
        .meta({ description: "The same by ecosystem." }),
      packages: z
        .record(packagePurl, duration())
        .prefault({})
        .meta({ description: "The same by package URL without version; the most specific wins." }),
      unknown: oneOf(["withhold", "admit"]).prefault("withhold").meta({
        description:
          "What becomes of a release that neither its index nor its file dates: `withhold` (its age counts from when it was first seen here) or `admit`.",
      }),
    })
    .prefault({});
}
