/** NuGet's service index: which resource of a registry is where. https://learn.microsoft.com/nuget/api/service-index */

import type { Body, Declared, Doc, Path, View } from "../../src/contract/ecosystem.ts";
import { withoutSlashes } from "../../src/lib/text-ends.ts";
import { json } from "../shared/json.ts";

interface Resource {
  "@id": string;
  "@type": string | string[];
}

/** Where a mount serves what lies below each part of a registry: as the public one lays it out. `default` is where its index is. */
export const PLACES = {
  default: "/v3",
  flat: "/v3-flatcontainer",
  registration: "/v3/registration5-gz-semver2",
  registration_gz: "/v3/registration5-gz-semver1",
  registration_plain: "/v3/registration5-semver1",
  catalog: "/v3/catalog0",
  vulnerabilities: "/v3/vulnerabilities",
  search: "/query",
  autocomplete: "/autocomplete",
} as const satisfies Record<string, Path>;

type Part = Exclude<keyof typeof PLACES, "default">;

/** The first that fits says which part a resource is, and what its address names: a folder, a document, or itself. */
const TYPES: readonly [RegExp, Part, "/" | "/index.json" | ""][] = [
  [/^PackageBaseAddress\/3\./, "flat", "/"],
  [/^RegistrationsBaseUrl\/(?:3\.6|Versioned)/, "registration", "/"],
  [/^RegistrationsBaseUrl\/3\.4/, "registration_gz", "/"],
  [/^RegistrationsBaseUrl/, "registration_plain", "/"],
  [/^Catalog\/3\./, "catalog", "/index.json"],
  [/^VulnerabilityInfo\/6\./, "vulnerabilities", "/index.json"],
  [/^SearchQueryService/, "search", ""],
  [/^SearchAutocompleteService/, "autocomplete", ""],
];

/** Parts that have an index, and are offered offline only where it is stored. */
const LISTED = ["catalog", "vulnerabilities"] as const;

function isListed(part: Part): part is (typeof LISTED)[number] {
  return (LISTED as readonly Part[]).includes(part);
}

function indexOf(part: (typeof LISTED)[number]): Path {
  return `${PLACES[part]}/index.json`;
}

/** What `serviceIndex` reads beside the index. */
export function indexesOfParts(_doc: Doc, view?: View): Path[] {
  return view?.offline ? LISTED.map(indexOf) : [];
}

/** Where its parts are, from a registry's index. Registrations come in several completenesses; the most complete stands for all. */
export function declaredIn(doc: Doc): Declared {
  const found: Partial<Record<Part, string[]>> = {};
  for (const [resource, part, tail] of partsOf(doc)) {
    const url = withoutSlashes(resource["@id"]);
    if (tail === "/index.json" && !url.endsWith(tail)) continue;
    const base = tail === "/index.json" ? url.slice(0, -tail.length) : url;
    // Searches have equals; of all else the first is meant.
    const known = found[part] ?? [];
    if (!known.includes(base) && (tail === "" || known.length === 0)) found[part] = [...known, base];
  }
  const { registration = found.registration_gz ?? found.registration_plain, ...others } = found;
  return { ...(registration && { registration }), ...others };
}

/**
 * The index with addresses of this mount, by type. What has no place here is left out: publishing, pages for people, and signatures
 * of the whole registry, which may be told by https only and would be claimed for other packages too.
 */
export function serviceIndex(doc: Doc, view: View): Body {
  const declared = declaredIn(doc);
  const seen = (part: Part): Part | undefined => {
    const isBest = part.startsWith("registration") && String(declared[part]) === String(declared["registration"]);
    if (isBest) return "registration";
    if (!view.offline) return part;
    if (part.startsWith("registration_")) return undefined;
    return !isListed(part) || doc.stored(indexOf(part)) ? part : undefined;
  };
  const resources = partsOf(doc).flatMap(([resource, part, tail]) => {
    const shown = declared[part] && seen(part);
    return shown ? [{ ...resource, "@id": view.link(`${PLACES[shown]}${tail}`) }] : [];
  });
  return json({ ...doc.json<object>(), resources });
}

function partsOf(doc: Doc): [Resource, Part, "/" | "/index.json" | ""][] {
  const { resources } = doc.json<{ resources?: Resource[] }>();
  if (!Array.isArray(resources)) throw new Error(`${doc.path} is no service index: it has no resources`);
  return resources.flatMap((resource: Resource | null) => {
    // What names nothing is nothing that clients look for.
    if (typeof resource?.["@id"] !== "string") return [];
    const types = [resource["@type"]].flat();
    const found = TYPES.find(([type]) => types.some((each) => typeof each === "string" && type.test(each)));
    return found ? [[resource, found[1], found[2]] as [Resource, Part, (typeof found)[2]]] : [];
  });
}
