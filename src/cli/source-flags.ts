/** The flags by which mirror and verify are told what they are about. */

import { existsSync } from "node:fs";
import { basename } from "node:path";
import { ownPath } from "../app/own-path.ts";
import type { Config } from "../config/schema.ts";
import type { Choice, Closure } from "../contract/jobs.ts";
import { BadRequest, messageOf } from "../lib/errors.ts";
import { parseSize, SIZE } from "../lib/units.ts";
import { PLATFORM_SYNTAX, parsePlatforms } from "../mirror/request/platforms.ts";
import type { Input, Sources } from "../mirror/sources/read.ts";
import { Targets } from "../mirror/sources/targets.ts";
import type { Mount } from "../mounts/mounts.ts";
import type { Value } from "./argv.ts";
import { type Option, under } from "./command.ts";

/** The heading of flags that leave something out. */
export const WHICH = "Which of it";

export const SOURCE_OPTIONS: readonly Option[] = [
  ...under("What to hold", [
    { flag: "--purls <file...>", describe: "A file of package URLs, one a line; - is standard input" },
    { flag: "--sbom <file...>", describe: "A CycloneDX or SPDX document; - is standard input" },
    {
      flag: "--lockfile <file...>",
      describe: "A lockfile: its exact files, checked against the digests that it states",
    },
    {
      flag: "--images <file...>",
      describe: "Images: a list of references, one a line, a compose file or Kubernetes manifests; - is standard input",
    },
    { flag: "--set <name...>", describe: "What was recorded under a name (/@record/NAME/…)" },
    {
      flag: "--deps [which]",
      describe:
        "With dependencies: what an installer takes (prod), or also all extras, features and development dependencies of what is named (all). A PURL without version is then the newest, not all",
    },
    {
      flag: "--mount <name>",
      describe:
        "The mount for what states no registry, where several serve an ecosystem; what states one is asked of its own",
    },
  ]),
  ...under(WHICH, [
    { flag: "--platform <list>", describe: `Only files for these: ${PLATFORM_SYNTAX}` },
    { flag: "--no-sources", describe: "Without source archives, where there is something built beside them" },
    { flag: "--max-size <size>", describe: "Without files that are larger, where their index states sizes" },
  ]),
];

type Flags = Readonly<Record<string, Value>>;

/** Throws BadRequest for files that are not there, and where standard input is meant twice. */
export function sourcesOf(args: readonly string[], flags: Flags): Sources {
  const asked = [flags.purls, flags.sbom, flags.lockfile, flags.images].flatMap((files) => files ?? []);
  if ([...args, ...asked].filter((word) => word === "-").length > 1)
    throw new BadRequest("standard input (-) is named more than once, and can be read only once");
  return {
    purls: args.filter((word) => word !== "-"),
    lists: [...inputsOf(flags.purls), ...(args.includes("-") ? inputsOf(["-"]) : [])],
    sboms: inputsOf(flags.sbom),
    lockfiles: inputsOf(flags.lockfile),
    images: inputsOf(flags.images),
    sets: (flags.set as readonly string[] | undefined) ?? [],
  };
}

export function isEmpty({ purls, lists, sboms, lockfiles, images, sets }: Sources): boolean {
  return [purls, lists, sboms, lockfiles, images, sets].every(({ length }) => length === 0);
}

/** Throws BadRequest for a mount that there is not: another one would be asked in its place. */
export function targetsOf(mounts: readonly Mount[], { mount }: Flags, config: Config): Targets {
  const own = ownPath(config);
  if (mount === undefined) return new Targets(mounts, { own });
  const names = mounts.map(({ name }) => name);
  if (!names.includes(String(mount)))
    throw new BadRequest(`--mount ${String(mount)}: there is no such mount; expected ${names.join(", ")}`);
  return new Targets(mounts, { own, preferred: String(mount) });
}

export function choiceOf(flags: Flags): Choice {
  const size = flags["max-size"] === undefined ? 0 : parseSize(String(flags["max-size"]));
  if (size === undefined) throw new BadRequest(`--max-size ${String(flags["max-size"])}: expected ${SIZE}`);
  const platforms = flags.platform === undefined ? [] : parsePlatforms(String(flags.platform));
  return { platforms, sources: flags["no-sources"] !== true, maxSize: size };
}

export function closureOf({ deps }: Flags): Closure {
  if (deps === undefined || deps === false || deps === "none") return "none";
  if (deps === true || deps === "prod") return "prod";
  if (deps === "all") return "all";
  throw new BadRequest(`--deps=${String(deps)}: expected prod or all`);
}

function inputsOf(files: Value | undefined): Input[] {
  return [files ?? []].flat().map((file) => {
    const path = String(file);
    if (path === "-") return { name: "standard input", bytes: () => Bun.stdin.stream() };
    if (!existsSync(path)) throw new BadRequest(`there is no file ${path}`);
    return { name: basename(path), bytes: () => read(path) };
  });
}

/** Throws BadRequest for what is there and cannot be read: a folder, a file of somebody else. */
async function* read(path: string): AsyncGenerator<Uint8Array> {
  try {
    yield* Bun.file(path).stream();
  } catch (error) {
    throw new BadRequest(`${path} cannot be read: ${messageOf(error)}`);
  }
}
