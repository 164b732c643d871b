import { z } from "zod";
import { parsePurl } from "../contract/purl.ts";
import { isSchedule, isTimezone, SCHEDULE } from "../lib/schedule.ts";
import { bool, list, oneOf, oneOrMore, scalar, size, text, whole } from "./values.ts";

const SOURCES = ["purls", "purls_file", "sbom", "lockfile", "images", "set", "registry"] as const;

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
    registry: text("a mount").optional().meta({
      description: "All of a registry, and later what changed in it: `npm`. Nothing else is then named.",
    }),
    include: list(text("a glob"))
      .optional()
      .meta({ description: "Of a registry only packages that match: `@acme/*`." }),
    exclude: list(text("a glob")).optional().meta({ description: "Of a registry no packages that match." }),
    limit: whole(1).optional().meta({ description: "Of a registry at most so many packages." }),
    versions: text("which versions").optional().meta({
      description:
        "Of packages without a version: `all` (default), `latest`, `latest:N` or a range (`vers:npm/>=1.0|<2`).",
    }),
    since: text("a date").optional().meta({ description: "Only releases of that day or later: `2026-01-31`." }),
    prereleases: bool().optional().meta({
      description: "true: they count among the latest; false: none. Unset: of the latest, where there is nothing else.",
    }),
    metadata_only: bool().optional().meta({ description: "Documents without the files that they name." }),
    names: text("a file").optional().meta({ description: "Names of the registry's packages, in place of its list." }),
    snapshot: text("a file").optional().meta({ description: "The registry's list as a file." }),
    gone: oneOf(["keep", "hide", "purge"]).optional().meta({
      description: "What becomes of that which a registry no longer has: `keep`, `hide` (default) or `purge`.",
    }),
    allow_shrink: bool().optional().meta({ description: "Whether more than 2 % of a registry may be gone at once." }),
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
  })
  .refine((sources) => !sources.registry || SOURCES.every((name) => name === "registry" || !sources[name]?.length), {
    error: "registry is all of one; what else is to be held needs a job of its own",
  });

export type StandingMirror = z.infer<typeof mirror>;

export function mirrorsSection() {
  return z.record(mirrorName, mirror).prefault({}).meta({
    description: "Mirror jobs that a server runs again and again, so that what they name is kept current.",
  });
}
