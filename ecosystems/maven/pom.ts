import type { Release, Requirement } from "../../src/contract/ecosystem.ts";
import { all, readXml, text } from "../shared/xml.ts";
import { qualifiersOf } from "./files.ts";

/** What a POM says of others. */
export interface Pom {
  /** Its own dependencies and those it inherits, as far as they can be told from the documents that are near. */
  requires: Requirement[];
  /** Its parents and the bills of materials that it or they import, whether near or not. */
  needs: Release[];
  /** Default: `jar`. */
  packaging: string;
}

interface Managed {
  version: string;
  scope: string;
  excludes: string[];
}

const PROPERTY = /\$\{([^{}]+)\}/g;
/** Characters of a name or a version with its properties filled in; those of real ones are a tenth of it. */
const FILLED = 1_000;

const KEYS = ["groupId", "artifactId", "version"] as const;

/** Gives the text of another POM, if it is at hand. */
export type Near = (release: Release) => string | undefined;

/** A POM with what it inherits, not yet interpolated. */
interface Model {
  parents: Release[];
  properties: Record<string, unknown>;
  dependencies: unknown[];
  managed: unknown[];
  packaging: string;
}

/**
 * Reads a project object model (https://maven.apache.org/pom.html): inheritance, interpolation, dependency management and
 * imports as Maven does them, without profiles. Names are `group.id/artifact`. Throws where the text is no POM.
 */
export function readPom(source: string, near: Near): Pom {
  const model = inherit(source, near);
  const imports = new Map<string, Release>();
  const managed = manage(model, near, imports);
  const requires = model.dependencies.flatMap((dependency): Requirement[] => {
    const { name, version } = releaseOf(model, dependency);
    const found = managed.get(managementKey(model, dependency));
    const range = version || found?.version || "";
    const scope = fill(model, dependency, "scope") || found?.scope || "compile";
    if (!range || scope === "system" || `${name}${range}`.includes("${")) return [];
    const optional = scope === "test" || scope === "provided" || fill(model, dependency, "optional") === "true";
    const { type, classifier } = fileOf(model, dependency);
    // One that depends on the machine of who builds (`${os.detected.classifier}`) cannot be told.
    const qualifiers = `${type}${classifier}`.includes("${") ? undefined : qualifiersOf(type, classifier);
    const excludes = [...new Set([...excludesOf(model, dependency), ...(found?.excludes ?? [])])];
    return [
      {
        name,
        range,
        ...(optional && { optional }),
        ...(qualifiers && { qualifiers }),
        ...(excludes.length > 0 && { excludes }),
      },
    ];
  });
  const needs = [...model.parents, ...imports.values()].filter((release) => isKnown(release));
  return { requires, needs, packaging: model.packaging };
}

function inherit(source: string, near: Near, depth = 0): Model {
  const project = readXml(source, "project");
  const [parent] = all(project, "parent").map((node) => releaseOf(undefined, node));
  const above = parent && depth < 32 ? near(parent) : undefined;
  const inherited = above === undefined ? undefined : inherit(above, near, depth + 1);
  const own = Object.fromEntries(KEYS.map((key) => [key, text(project, key) || text(project, "parent", key)]));
  const inheritable = KEYS.map((key) => [`project.parent.${key}`, text(project, "parent", key)]);
  const named = KEYS.flatMap((key) => [`project.${key}`, `pom.${key}`].map((name) => [name, own[key]]));
  // Who asks for a POM that has moved needs what it points at; what that leaves out stays as it was.
  const moved = all(project, "distributionManagement", "relocation").map((node) => ({ ...own, ...(node as object) }));
  return {
    parents: [...(parent ? [parent] : []), ...(inherited?.parents ?? [])],
    properties: {
      ...inherited?.properties,
      ...(all(project, "properties")[0] as object),
      ...Object.fromEntries([...inheritable, ...named]),
    },
    dependencies: [...moved, ...all(project, "dependencies", "dependency"), ...(inherited?.dependencies ?? [])],
    managed: [...all(project, "dependencyManagement", "dependencies", "dependency"), ...(inherited?.managed ?? [])],
    packaging: text(project, "packaging") || "jar",
  };
}

/** Whether its POM is all that there is of a release: a parent, a bill of materials, a module that has moved. */
export function isPomOnly(source: string): boolean {
  const project = readXml(source, "project");
  return text(project, "packaging") === "pom" || all(project, "distributionManagement", "relocation").length > 0;
}

/** By name, type and classifier, what a POM and its imports manage. The first statement counts; each import is read once. */
function manage(model: Model, near: Near, imports: Map<string, Release>, managed = new Map<string, Managed>()) {
  const imported: Release[] = [];
  for (const dependency of model.managed) {
    const release = releaseOf(model, dependency);
    const scope = fill(model, dependency, "scope");
    if (scope === "import") imported.push(release);
    else if (!managed.has(managementKey(model, dependency)))
      managed.set(managementKey(model, dependency), {
        version: release.version,
        scope,
        excludes: excludesOf(model, dependency),
      });
  }
  for (const release of imported) {
    const key = `${release.name}@${release.version}`;
    const source = imports.has(key) ? undefined : near(release);
    imports.set(key, release);
    if (source !== undefined) manage(inherit(source, near), near, imports, managed);
  }
  return managed;
}

function releaseOf(model: Model | undefined, node: unknown): Release {
  const [group, artifact, version] = KEYS.map((key) => fill(model, node, key));
  return { name: `${group}/${artifact}`, version: version! };
}

/** `group/artifact`, either of which may be `*`. */
function excludesOf(model: Model, node: unknown): string[] {
  return all(node, "exclusions", "exclusion").map((each) => releaseOf(model, each).name);
}

function isKnown({ name, version }: Release): boolean {
  return !`${name}${version}`.includes("${");
}

function fileOf(model: Model, node: unknown): { type: string; classifier: string } {
  return { type: fill(model, node, "type") || "jar", classifier: fill(model, node, "classifier") };
}

function managementKey(model: Model, node: unknown): string {
  const { type, classifier } = fileOf(model, node);
  return `${releaseOf(model, node).name}:${type}:${classifier}`;
}

/** A text with its properties filled in; what is unknown stays `${…}`, and so does what would make it longer than `FILLED`. */
function fill(model: Model | undefined, node: unknown, key: string): string {
  let found = text(node, key);
  for (let times = 0; model && times < 8 && found.includes("${"); times++) {
    let room = FILLED - found.length;
    const filled = found.replace(PROPERTY, (whole, property: string) => {
      const value = text(model.properties, property) || whole;
      if (value.length - whole.length > room) return whole;
      room -= value.length - whole.length;
      return value;
    });
    if (filled === found) break;
    found = filled;
  }
  return found;
}
