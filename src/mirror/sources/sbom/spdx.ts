import { BadRequest } from "../../../errors.ts";
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
}

/**
 * The root of what is described is no part of it. Where documents tell that after their packages (as most do), they are
 * not held in memory for it: a root is known by the ids that Syft and the SBOM tool of Microsoft give it, and any other
 * is an entry as the rest are: one without a PURL is told of and not asked for, one with a PURL may well be published.
 */
export function componentOfSpdx(pkg: SpdxPackage, described: ReadonlySet<string>): Component {
  const id = pkg.id?.replace(/^.*#/, "") ?? "";
  return {
    name: pkg.name ?? id,
    version: pkg.version,
    purls: pkg.references.flatMap(({ type, locator }) => (/(^|\/)purl$/.test(type.trim()) ? [locator.trim()] : [])),
    hashes: pkg.checksums,
    isDescribed: described.has(id) || /^SPDXRef-(DocumentRoot-|RootPackage$)/.test(id),
  };
}

const REFERENCE: Shape = { fields: { referenceType: "text", referenceLocator: "text" } };
const CHECKSUM: Shape = { fields: { algorithm: "text", checksumValue: "text" } };

/** The fields of SPDX 2 in JSON and YAML that name packages. Files and snippets are parts of packages, and not read. */
export function spdxFields(findings: Findings): Shape["fields"] {
  const described = new Set<string>();
  const pkg: Shape = {
    fields: {
      SPDXID: "text",
      name: "label",
      versionInfo: "label",
      externalRefs: { list: REFERENCE },
      checksums: { list: CHECKSUM },
    },
    found: (found, place) => findings.add(componentOfSpdx(packageOf(found), described), place()),
  };
  return {
    spdxVersion: "text",
    documentDescribes: {
      // Several are no root: some tools list every package.
      texts: ([id, ...others]) => void (id !== undefined && others.length === 0 && described.add(id)),
    },
    packages: { list: pkg },
  };
}

function packageOf(found: Found): SpdxPackage {
  const { SPDXID, name, versionInfo, externalRefs, checksums } = found as {
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
    references: (externalRefs ?? []).map(({ referenceType: type = "", referenceLocator: locator = "" }) => ({
      type,
      locator,
    })),
    checksums: (checksums ?? []).map(({ algorithm = "", checksumValue: value = "" }) => ({ algorithm, value })),
  };
}
