import { z } from "zod";
import { parsePurl } from "../purl.ts";
import { isSchedule, isTimezone, SCHEDULE } from "../schedule.ts";
import { bool, list, oneOf, oneOrMore, scalar, size, text } from "./values.ts";

const SOURCES = ["purls", "purls_file", "sbom", "lockfile", "images", "set"] as const;

const mirrorName = scalar("a name of letters, digits, -, _ and .", (raw) =>
  /^[\w.-]{1,100}$/.test(raw) ? raw : undefined,
);
const purl = () =>
  scalar("a package URL", (raw) => {
    parsePurl(raw);
    return raw;
  });
const files = () => oneOrMore(text("a file")).optional();

const mirror = z
  .strictObject({
    schedule: scalar(SCHEDULE, (raw) => (isSchedule(raw) ? raw : undefined)).meta({
      description: `When it runs: ${SCHEDULE}.`,
    }),
    timezone: scalar("a time zone such as Europe/Berlin", (raw) => (isTimezone(raw) ? raw : undefined))
      .optional()
      .meta({ description: "Whose hours `schedule` means: `Europe/Berlin`. Unset: the machine's." }),
    purls: list(purl()).prefault([]).meta({ description: "Package URLs." }),
    purls_file: files().meta({ description: "Files of package URLs, one a line. Files are read anew for each run." }),
    sbom: files().meta({ description: "CycloneDX or SPDX documents." }),
    lockfile: files().meta({ description: "Lockfiles." }),
    images: files().meta({ description: "Lists of images, compose files and Kubernetes manifests." }),
    set: list(text("a name")).prefault([]).meta({ description: "Names of recordings." }),
    deps: oneOf(["none", "prod", "all"])
      .prefault("none")
      .meta({ description: "Whether what they require is held too: `none`, `prod` or `all`." }),
    platform: text("platforms").optional().meta({ description: "Only files for these: `linux-x64,py3.11+`." }),
    sources: bool().prefault(true).meta({ description: "Source archives beside what is installed." }),
    max_size: size().prefault(0).meta({ description: "Files above this size are left out. 0: no limit." }),
    mount: text("a mount")
      .optional()
      .meta({ description: "The mount to go through, where several serve an ecosystem." }),
  })
  .refine((sources) => SOURCES.some((name) => (sources[name]?.length ?? 0) > 0), {
    error: `expected something to hold: at least one of ${SOURCES.join(", ")}`,
  });

export type StandingMirror = z.infer<typeof mirror>;

export function mirrorsSection() {
  return z.record(mirrorName, mirror).prefault({}).meta({
    description: "Mirror jobs that a server runs again and again, so that what they name is kept current.",
  });
}
