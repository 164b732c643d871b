/** Images by the references that clients pull them by: a list, a compose file, Kubernetes manifests. The content tells which it is. */

import type { Entry } from "../../contract/lockfile.ts";
import { BadRequest, messageOf } from "../../lib/errors.ts";
import { parseYaml, yamlPlace } from "../../lib/yaml.ts";
import { decode } from "./decode.ts";
import { readReference } from "./image-reference.ts";

type Found = { reference: string; place: string } | { built: string; place: string };
type Tree = Readonly<Record<string, unknown>>;

/** A list has none of these at the beginning of a line. */
const YAML = /^[ \t]*(?:-[ \t]*)?["']?(?:services|apiVersion|kind)["']?[ \t]*:/m;
/** Characters of a reference: no registry takes longer ones. */
const LONGEST = 1_000;
/** Values in a document: what aliases repeat counts each time. */
const MOST = 1_000_000;
/** Levels of a document. */
const DEEPEST = 100;
/** Where Kubernetes has containers, in whatever they are wrapped. */
const CONTAINERS = ["containers", "initContainers", "ephemeralContainers"];

/** Throws BadRequest, with the place, for what is no reference: what was yielded before is then not to be used. */
export function* readImages(name: string, bytes: Uint8Array): Iterable<Entry> {
  const text = decode(name, bytes);
  for (const found of YAML.test(text) ? inYaml(name, text) : inList(name, text)) {
    const place = `${name}: ${found.place}`;
    if ("built" in found) {
      yield { what: found.built, reason: "is built here, and pulled from nowhere", place, isOwn: true };
      continue;
    }
    try {
      yield { purl: readReference(interpolated(found.reference)), place };
    } catch (error) {
      throw new BadRequest(`${place}: ${messageOf(error)}`);
    }
  }
}

/** One a line; what follows ` #`, and lines that begin with `#`, are for people. */
function* inList(name: string, text: string): Iterable<Found> {
  let found = 0;
  for (const [i, line] of text.split(/\r?\n/).entries()) {
    const reference = line.replace(/(^|\s)#.*/s, "").trim();
    if (!reference) continue;
    found++;
    yield { reference, place: `line ${i + 1}` };
  }
  if (found === 0)
    throw new BadRequest(
      `${name} names no image; expected references, one a line, a compose file or Kubernetes manifests`,
    );
}

function* inYaml(name: string, text: string): Iterable<Found> {
  let documents: unknown;
  try {
    documents = parseYaml(text);
  } catch (error) {
    const place = yamlPlace(text);
    const where = place ? ` (line ${place.line}: ${place.reason})` : "";
    throw new BadRequest(`${name} is no YAML: ${messageOf(error)}${where}`);
  }
  const several = Array.isArray(documents);
  for (const [i, document] of [documents].flat<unknown[]>().entries()) {
    const place = several ? `document ${i + 1}: ` : "";
    if (isTree(document) && isTree(document.services) && !("kind" in document))
      yield* inServices(document.services, place);
    else yield* inObject(document, { name, place, left: MOST }, "", 0);
  }
}

/** The compose specification: `image` beside `build` is the name of what is built. */
function* inServices(services: Tree, prefix: string): Iterable<Found> {
  for (const [service, stated] of Object.entries(services)) {
    if (!isTree(stated)) continue;
    const place = `${prefix}services.${service}`;
    if (stated.build !== undefined) yield { built: service, place };
    else if (stated.image !== undefined) yield { reference: textOf(stated.image), place: `${place}.image` };
  }
}

interface Walk {
  name: string;
  place: string;
  left: number;
}

/** Throws BadRequest where it would not end: an alias may lead back to what it stands in, or stand for more than is written. */
function* inObject(value: unknown, walk: Walk, path: string, depth: number): Iterable<Found> {
  if (depth > DEEPEST || walk.left-- <= 0)
    throw new BadRequest(
      `${walk.name}: ${walk.place}${path.slice(0, 100)}: expected at most ${DEEPEST} levels and ${MOST} values, aliases followed`,
    );
  if (Array.isArray(value))
    for (const [i, each] of value.entries()) yield* inObject(each, walk, `${path}[${i}]`, depth + 1);
  if (!isTree(value)) return;
  for (const [key, each] of Object.entries(value)) {
    const at = path === "" ? key : `${path}.${key}`;
    if (CONTAINERS.includes(key) && Array.isArray(each)) yield* inContainers(each, walk.place, at);
    else yield* inObject(each, walk, at, depth + 1);
  }
}

function* inContainers(containers: readonly unknown[], prefix: string, path: string): Iterable<Found> {
  for (const [i, container] of containers.entries())
    if (isTree(container) && container.image !== undefined)
      yield { reference: textOf(container.image), place: `${prefix}${path}[${i}].image` };
}

/** `${TAG:-1.0}` is what it is where nobody says otherwise. */
function interpolated(reference: string): string {
  if (reference.length > LONGEST)
    throw new BadRequest(
      `"${reference.slice(0, 50)}…" has ${reference.length} characters; expected at most ${LONGEST}`,
    );
  const plain = reference.replace(/\$\{\w+:?-([^}$]*)\}/g, "$1");
  if (plain.includes("$"))
    throw new BadRequest(
      `"${reference}" has a variable without a default; write its value (docker compose config does)`,
    );
  return plain;
}

/** What is no text is no reference, which is told of it later. */
function textOf(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

function isTree(value: unknown): value is Tree {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
