import { PackageURL } from "packageurl-js";
import type { Ecosystem, Package, Release } from "./ecosystem.ts";
import { BadRequest } from "./errors.ts";

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
  let parsed: PackageURL;
  try {
    parsed = PackageURL.fromString(text.trim().replace(/^pkg:npm\/@/, "pkg:npm/%40"));
  } catch (error) {
    // Go versions that are not semver make packageurl-js 2.0 throw a ReferenceError of its own.
    const lenient = error instanceof ReferenceError ? splitPlain(text.trim()) : undefined;
    if (lenient) return lenient;
    throw new BadRequest(
      `"${text}" is not a package URL: ${(error as Error).message}. Expected pkg:TYPE/NAME[@VERSION].`,
    );
  }
  const { type, namespace, name, version, qualifiers } = parsed;
  return {
    type,
    name: namespace ? `${namespace}/${name}` : name,
    ...(version && { version }),
    ...(qualifiers && Object.keys(qualifiers).length > 0 && { qualifiers: { ...qualifiers } }),
  };
}

function splitPlain(text: string): Purl | undefined {
  const match = /^pkg:(?<type>\w+)\/(?<name>[^@?#]+)@(?<version>[^?#]+)$/.exec(text)?.groups;
  if (!match) return undefined;
  return { type: match.type!, name: decodeURIComponent(match.name!), version: decodeURIComponent(match.version!) };
}

/** The PURL of a package or release, as people write it: `pkg:npm/%40scope/name@1.0.0`. */
export function formatPurl(ecosystem: Pick<Ecosystem, "id" | "purlType">, pkg: Package & { version?: string }): string {
  const path = pkg.name.split("/").map(encode).join("/");
  const query = pkg.qualifiers ? `?${new URLSearchParams({ ...pkg.qualifiers })}` : "";
  return `pkg:${ecosystem.purlType ?? ecosystem.id}/${path}${pkg.version ? `@${encode(pkg.version)}` : ""}${query}`;
}

function encode(text: string): string {
  return encodeURIComponent(text).replaceAll("%3A", ":").replaceAll("%2B", "+");
}

/** What identifies a release within its ecosystem, as one string. */
export function keyOf({ name, version }: Release): string {
  return `${name}@${version}`;
}
