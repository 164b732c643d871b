/** The command line's rendering of a mirror request: its flags, and the files that these name. */
import { existsSync } from "node:fs";
import { basename } from "node:path";
import { BadRequest, messageOf } from "../lib/errors.ts";
import {
  FILE_FIELDS,
  flagsOf,
  type ItemCheck,
  messageFor,
  type PartialRequest,
  type Problem,
  readRequest,
  requestShape,
  type Spelling,
} from "../mirror/request/request.ts";
import type { Input, Sources } from "../mirror/sources/read.ts";
import { nameOf } from "./argv.ts";
import type { Invocation, Option, Value } from "./command.ts";

type Shape = Partial<typeof requestShape>;
type Given = Pick<Invocation, "args" | "flags">;

const { concurrency: _configured, ...mirrorShape } = requestShape;
const { purls, purls_file, sbom, lockfile, images, set, deps, mount, platform, sources, max_size } = requestShape;
const verifyShape = { purls, purls_file, sbom, lockfile, images, set, deps, mount, platform, sources, max_size };

/** What `proxy mirror` can be asked for. */
export const MIRROR_OPTIONS = optionsOf(mirrorShape);
/** What `proxy verify` can be asked to prove. */
export const VERIFY_OPTIONS = optionsOf(verifyShape);

/** Throws BadRequest, which lists every flag that is wrong. `check`: as for `readRequest`. */
export function mirrorRequest(given: Given, check?: ItemCheck): PartialRequest {
  return requestOf(mirrorShape, given, check);
}

/** Throws BadRequest, which lists every flag that is wrong. */
export function verifyRequest(given: Given): PartialRequest {
  return requestOf(verifyShape, given);
}

/** Throws BadRequest with a line for each problem, in the words of the command line; returns where there is none. */
export function requireNone(problems: readonly Problem[], given: Given): void {
  if (problems.length === 0) return;
  throw new BadRequest([...new Set(problems.map((problem) => explained(problem, given)))].join("\n"));
}

/** Opens the files of a request. Throws BadRequest for files that do not exist, and where standard input is named twice. */
export function sourcesOf(request: PartialRequest): Sources {
  const named = FILE_FIELDS.flatMap((name) => request[name] ?? []);
  if (named.filter((file) => file === "-").length > 1)
    throw new BadRequest("standard input (-) is named more than once, and can be read only once");
  return {
    purls: request.purls ?? [],
    lists: inputsOf(request.purls_file),
    sboms: inputsOf(request.sbom),
    lockfiles: inputsOf(request.lockfile),
    images: inputsOf(request.images),
    sets: request.set ?? [],
  };
}

export function isEmpty({ purls: words, lists, sboms, lockfiles, images: files, sets }: Sources): boolean {
  return [words, lists, sboms, lockfiles, files, sets].every(({ length }) => length === 0);
}

function optionsOf(shape: Shape): Option[] {
  return Object.values(shape).flatMap((schema) => {
    const found = flagsOf(schema);
    return found ? found.flags.map((option) => ({ ...option, group: found.heading })) : [];
  });
}

function requestOf(shape: Shape, given: Given, check?: ItemCheck): PartialRequest {
  const { request, problems } = readRequest(shape, rawOf(shape, given), check);
  requireNone(problems, given);
  return request as PartialRequest;
}

/** Words and flags as the fields that they set. Throws BadRequest for two flags that say the opposite of one field. */
function rawOf(shape: Shape, { args, flags }: Given): Record<string, unknown> {
  const raw: Record<string, unknown> = { purls: args.filter((word) => word !== "-") };
  for (const [name, schema] of Object.entries(shape))
    for (const flag of flagNames(schema)) {
      const value = flags[flag];
      if (value === undefined) continue;
      if (name in raw)
        throw new BadRequest(
          `${flagNames(schema)
            .map((each) => `--${each}`)
            .join(" and ")} exclude each other`,
        );
      raw[name] = flag.startsWith("no-") ? value === false : value;
    }
  const input = args.filter((word) => word === "-");
  if (input.length > 0) raw["purls_file"] = [...((raw["purls_file"] as string[] | undefined) ?? []), ...input];
  return raw;
}

function flagNames(schema: Parameters<typeof flagsOf>[0]): string[] {
  return flagsOf(schema)?.flags.map(({ flag }) => nameOf(flag)) ?? [];
}

const spelling: Spelling = (name) => {
  if (name === "purls") return "a package URL such as pkg:npm/lodash@4.17.21";
  const [flag] = flagNames(requestShape[name]);
  return flag && `--${flag}`;
};

/** `--gone never: expected keep, hide or purge`. What stands in words names no flag. */
function explained(problem: Problem, { flags }: Given): string {
  const [name, at] = problem.path;
  const schema = requestShape[name as keyof typeof requestShape];
  const message = messageFor(problem, spelling);
  const { flag } = flagsOf(schema)?.flags.find((each) => flags[nameOf(each.flag)] !== undefined) ?? {};
  if (flag === undefined) return message;
  const value: Value | undefined = flags[nameOf(flag)];
  const shown = Array.isArray(value) ? value[at as number] : value;
  if (typeof shown !== "string") return `--${nameOf(flag)}: ${message}`;
  return `--${nameOf(flag)}${flag.includes("[") ? "=" : " "}${shown}: ${message}`;
}

function inputsOf(files: readonly string[] = []): Input[] {
  return files.map((path) => {
    if (path === "-") return { name: "standard input", bytes: () => Bun.stdin.stream() };
    if (!existsSync(path)) throw new BadRequest(`there is no file ${path}`);
    return { name: basename(path), bytes: () => read(path) };
  });
}

/** Throws BadRequest for what exists and cannot be read: a folder, a file of another user. */
async function* read(path: string): AsyncGenerator<Uint8Array> {
  try {
    yield* Bun.file(path).stream();
  } catch (error) {
    throw new BadRequest(`${path} cannot be read: ${messageOf(error)}`);
  }
}
