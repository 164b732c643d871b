import { BadRequest } from "../../../lib/errors.ts";
import type { Found, Shape } from "./collector.ts";
import type { Findings } from "./findings.ts";

/** ECMA-424 and what came before it. */
export const CYCLONEDX_VERSIONS = ["1.0", "1.1", "1.2", "1.3", "1.4", "1.5", "1.6", "1.7"];

/**
 * The fields of a CycloneDX document that name components. Not read: tools that made the document, services, ancestors in
 * a pedigree, formulation: they are not in the thing described.
 */
export function cyclonedxFields(findings: Findings): Shape["fields"] {
  const component = componentShape(findings, false);
  const described = componentShape(findings, true, component);
  return {
    bomFormat: "text",
    specVersion: "text",
    metadata: { object: { fields: { component: { object: described } } } },
    components: { list: component },
  };
}

/** Throws BadRequest unless the version is one that is read. */
export function checkCyclonedx(version: string | undefined): void {
  if (version !== undefined && CYCLONEDX_VERSIONS.includes(version)) return;
  const found = version === undefined ? "does not state its specVersion" : `is CycloneDX ${version.slice(0, 40)}`;
  throw new BadRequest(`the document ${found}; read here: CycloneDX ${CYCLONEDX_VERSIONS.join(", ")}`);
}

const HASH: Shape = { fields: { alg: "text", content: "text" }, text: "content" };
const REFERENCE: Shape = { fields: { type: "text", url: "text" } };

function componentShape(findings: Findings, isDescribed: boolean, nested?: Shape): Shape {
  const fields: Record<string, Shape["fields"][string]> = {
    group: "label",
    name: "label",
    version: "label",
    purl: "text",
    hashes: { list: HASH },
    externalReferences: { list: REFERENCE },
  };
  const shape: Shape = {
    fields,
    found: (found, place) => findings.add(componentOf(found, isDescribed), place()),
  };
  fields.components = { list: nested ?? shape };
  return shape;
}

function componentOf(found: Found, isDescribed: boolean) {
  const { group, name, version, purl, hashes, externalReferences } = found as {
    group?: string;
    name?: string;
    version?: string;
    purl?: string;
    hashes?: { alg?: string; content?: string }[];
    externalReferences?: { type?: string; url?: string }[];
  };
  // References may be to other packages too (of its sources, say): they count only where the component has no PURL itself.
  const referred = (externalReferences ?? []).flatMap(({ url }) => (url?.trim().startsWith("pkg:") ? [url] : []));
  return {
    name: [group, name].filter(Boolean).join("/"),
    version,
    purls: purl ? [purl] : referred,
    downloads: (externalReferences ?? []).flatMap(({ type, url }) => (type === "distribution" && url ? [url] : [])),
    hashes: (hashes ?? []).map(({ alg = "", content = "" }) => ({ algorithm: alg, value: content })),
    isDescribed,
  };
}
