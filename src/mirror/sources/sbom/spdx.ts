import { BadRequest } from "../../../lib/errors.ts";
import type { Found, Shape } from "./collector.ts";
import type { Component, Findings } from "./findings.ts";

export const SPDX_VERSIONS = ["SPDX-2.2", "SPDX-2.3"];

/** Throws BadRequest unless the version is one that is read. */
export function checkSpdx(version: string | undefined): void {
  if (version !== undefined && SPDX_VERSIONS.includes(version)) return;
  const found = version === undefined ? "does not state its spdxVersion" : `is ${version.slice(0, 40)}`;
  throw new BadRequest(`the document ${found}; read here: ${SPDX_VERSIONS.join(", ")} and SPDX 3.0 as JSON-LD`);
}

/** A package of SPDX 2, as each of its formats states it. */
export interface SpdxPackage {
  id?: string | undefined;
  name?: string | undefined;
  version?: string | undefined;
  references: readonly { type: string; locator: string }[];
  checksums: readonly { algorithm: string; value: string }[];
  download?: string | undefined;
}

/** The root of what is described is no part of it: by what the document says, or the ids that Syft and Microsoft's tool give it. */
export function componentOfSpdx(pkg: SpdxPackage): Component {
  const id = pkg.id?.replace(/^.*#/, "") ?? "";
  return {
    id,
    name: pkg.name ?? id,
    version: pkg.version,
    purls: pkg.references.flatMap(({ type, locator }) => (/(^|\/)purl$/.test(type.trim()) ? [locator.trim()] : [])),
    hashes: pkg.checksums,
    downloads: pkg.download === undefined ? [] : [pkg.download],
    isDescribed: /^SPDXRef-(DocumentRoot-|RootPackage$)/.test(id),
  };
}

const DOCUMENT = "SPDXRef-DOCUMENT";
const REFERENCE: Shape = { fields: { referenceType: "text", referenceLocator: "text" } };
const CHECKSUM: Shape = { fields: { algorithm: "text", checksumValue: "text" } };

/** The fields of SPDX 2 in JSON and YAML that name packages. Files and snippets are parts of packages, and not read. */
export function spdxFields(findings: Findings): Shape["fields"] {
  const pkg: Shape = {
    fields: {
      SPDXID: "text",
      name: "label",
      versionInfo: "label",
      downloadLocation: "label",
      externalRefs: { list: REFERENCE },
      checksums: { list: CHECKSUM },
    },
    found: (found, place) => findings.add(componentOfSpdx(packageOf(found)), place()),
  };
  return {
    spdxVersion: "text",
    documentDescribes: {
      texts: (ids) => {
        for (const id of ids) findings.describes(id, "list");
      },
    },
    relationships: { list: relationshipShape(findings) },
    packages: { list: pkg },
  };
}

function relationshipShape(findings: Findings): Shape {
  return {
    fields: { spdxElementId: "text", relationshipType: "text", relatedSpdxElement: "text" },
    found(found) {
      const {
        spdxElementId: of = "",
        relationshipType: type = "",
        relatedSpdxElement: to = "",
      } = found as {
        spdxElementId?: string;
        relationshipType?: string;
        relatedSpdxElement?: string;
      };
      relate(findings, of, type, to);
    },
  };
}

/** Tells a relationship of two elements that says what the document describes. */
export function relate(findings: Findings, of: string, type: string, to: string): void {
  if (type.toUpperCase() === "DESCRIBES" && of === DOCUMENT) findings.describes(to, "relationships");
  if (type.toUpperCase() === "DESCRIBED_BY" && to === DOCUMENT) findings.describes(of, "relationships");
}

function packageOf(found: Found): SpdxPackage {
  const { SPDXID, name, versionInfo, downloadLocation, externalRefs, checksums } = found as {
    downloadLocation?: string;
    SPDXID?: string;
    name?: string;
    versionInfo?: string;
    externalRefs?: { referenceType?: string; referenceLocator?: string }[];
    checksums?: { algorithm?: string; checksumValue?: string }[];
  };
  return {
    id: SPDXID,
    name,
    version: versionInfo,
    download: downloadLocation,
    references: (externalRefs ?? []).map(({ referenceType: type = "", referenceLocator: locator = "" }) => ({
      type,
      locator,
    })),
    checksums: (checksums ?? []).map(({ algorithm = "", checksumValue: value = "" }) => ({ algorithm, value })),
  };
}
