import { PackageURL } from "packageurl-js";
import { BadRequest, messageOf } from "../lib/errors.ts";
import type { Ecosystem, Package, Release } from "./ecosystem.ts";

/** What people write who mean a package of the one registry that they know. */
const NAME = /^(?:@[\w.-]+\/)?[\w.-]+(?:@[\w.^~+-]+)?$/;

/** A package URL, taken apart: `name` carries the namespace (`@scope/name`, `org.acme/lib`). */
export interface Purl extends Package {
  type: string;
  version?: string;
}

/**
 * Reads a package URL (ECMA-427). Both spellings of npm scopes are taken (`@scope`, `%40scope`).
 * Throws BadRequest with the reason.
 */
export function parsePurl(text: string): Purl {
  try {
    // A parser may take the version for the name where there is none.
    if (/^pkg:(?:[^?#]*\/)?@[^/?#]*\/*(?:[?#]|$)/.test(text.trim())) throw new Error("the name is missing");
    const odd = keysOf(text).find((key) => key !== key.toLowerCase());
    if (odd !== undefined)
      throw new Error(`its qualifier ${odd} is not in lowercase, as keys must be: write ${odd.toLowerCase()}`);
    const { type, namespace, name, version, qualifiers } = read(text.trim().replace(/^pkg:npm\/@/, "pkg:npm/%40"));
    return {
      type,
      name: namespace ? `${namespace}/${name}` : name,
      ...(version && { version }),
      ...(qualifiers && Object.keys(qualifiers).length > 0 && { qualifiers: { ...qualifiers } }),
    };
  } catch (error) {
    if (NAME.test(text.trim()))
      throw new BadRequest(
        `"${text}" is not a package URL: did you mean pkg:npm/${text.trim()}? Expected pkg:TYPE/NAME[@VERSION].`,
      );
    throw new BadRequest(`"${text}" is not a package URL: ${messageOf(error)}. Expected pkg:TYPE/NAME[@VERSION].`);
  }
}

/** The keys of its qualifiers as they are written; readers of package URLs put them into lowercase. */
function keysOf(text: string): string[] {
  const [rest = ""] = text.split("#", 1);
  const at = rest.indexOf("?");
  return at < 0
    ? []
    : rest
        .slice(at + 1)
        .split("&")
        .map((pair) => pair.split("=", 1)[0]!);
}

type Components = Pick<PackageURL, "type" | "namespace" | "name" | "version" | "qualifiers">;

function read(text: string): Components {
  const [, namespace, name = "", version] = PackageURL.parseString(text);
  try {
    const purl = PackageURL.fromString(text);
    // Old packages have capitals (`JSONStream`), and the name in small letters may be another package's.
    return purl.type === "npm" ? Object.assign(purl, { namespace, name }) : purl;
  } catch (error) {
    // Go versions that are not semver make packageurl-js 2.0 throw a ReferenceError of its own.
    if (!(error instanceof ReferenceError)) throw error;
    return Object.assign(PackageURL.fromString(text.replace(/@[^@/?#]*(?=[?#]|$)/, "")), { version });
  }
}

/** The PURL of a package or release, as people write it: `pkg:npm/%40scope/name@1.0.0`. */
export function formatPurl(ecosystem: Spelling, pkg: Package & { version?: string }): string {
  const { type, name, version, qualifiers } = ecosystem.purl?.write(pkg) ?? { ...pkg, type: typesOf(ecosystem)[0] };
  const path = name.split("/").map(encode).join("/");
  const query = qualifiers ? `?${new URLSearchParams({ ...qualifiers })}` : "";
  return `pkg:${type}/${path}${version ? `@${encode(version)}` : ""}${query}`;
}

type Spelling = Pick<Ecosystem, "id" | "purlType" | "purlTypes" | "purl">;

/** The types by which an ecosystem is asked for; the first is the one that is written. */
export function typesOf({ id, purlType = id, purlTypes = [] }: Omit<Spelling, "purl">): [string, ...string[]] {
  return [purlType, ...purlTypes];
}

function encode(text: string): string {
  return encodeURIComponent(text).replaceAll("%3A", ":").replaceAll("%2B", "+");
}

/** What identifies a release within its ecosystem, as one string. */
export function keyOf({ name, version }: Release): string {
  return `${name}@${version}`;
}
