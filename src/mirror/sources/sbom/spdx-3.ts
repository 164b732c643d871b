import { BadRequest } from "../../../lib/errors.ts";
import type { Found, Shape } from "./collector.ts";
import type { Component, Findings } from "./findings.ts";

const IDENTIFIER: Shape = { fields: { externalIdentifierType: "text", identifier: "text" } };
const METHOD: Shape = { fields: { type: "text", algorithm: "text", hashValue: "text" } };

/** The fields of SPDX 3.0 as JSON-LD (its serialization of ISO/IEC 5962: one `@graph` of elements) that name packages. */
export function spdx3Fields(findings: Findings): Shape["fields"] {
  const element: Shape = {
    fields: {
      type: "text",
      "@type": "text",
      spdxId: "text",
      "@id": "text",
      name: "label",
      software_packageVersion: "label",
      software_packageUrl: "text",
      software_downloadLocation: "label",
      externalIdentifier: { list: IDENTIFIER, orOne: true },
      // Drafts of 3.0 had the plural, and tools still write it.
      externalIdentifiers: { list: IDENTIFIER, orOne: true },
      verifiedUsing: { list: METHOD, orOne: true },
      // Several are no root, but parts.
      rootElement: {
        texts: ([id, ...others]) => void (id !== undefined && others.length === 0 && findings.root(id)),
      },
    },
    found(found, place) {
      // Also ai_AIPackage and dataset_DatasetPackage, which are packages by the model.
      if (isPackage(found)) findings.add(componentOf(found), place());
    },
  };
  return { "@graph": { list: element } };
}

interface Identifier {
  externalIdentifierType?: string;
  identifier?: string;
}

/** Throws BadRequest unless the contexts of a document name one that is read. */
export function checkSpdx3(contexts: readonly string[]): void {
  if (contexts.some((context) => /\/rdf\/3\.0(\.\d+)?\/spdx-context\.jsonld$/.test(context))) return;
  const found = contexts.length > 0 ? `has the context ${contexts.join(", ").slice(0, 200)}` : "has no @context";
  throw new BadRequest(`the document ${found}; read here: SPDX 3.0, whose context is …/rdf/3.0.1/spdx-context.jsonld`);
}

function isPackage(found: Found): boolean {
  const { type = found["@type"] } = found;
  return typeof type === "string" && type.endsWith("Package");
}

function componentOf(found: Found): Component {
  const fields = found as {
    spdxId?: string;
    "@id"?: string;
    name?: string;
    software_packageVersion?: string;
    software_packageUrl?: string;
    software_downloadLocation?: string;
    externalIdentifier?: Identifier[];
    externalIdentifiers?: Identifier[];
    verifiedUsing?: { type?: string; algorithm?: string; hashValue?: string }[];
  };
  const stated = [...(fields.externalIdentifier ?? []), ...(fields.externalIdentifiers ?? [])];
  const identifiers = stated.flatMap(({ externalIdentifierType: type = "", identifier }) =>
    identifier !== undefined && /packageurl$/i.test(type) ? [identifier] : [],
  );
  const id = fields.spdxId ?? fields["@id"] ?? "";
  return {
    id,
    name: fields.name ?? id,
    version: fields.software_packageVersion,
    purls: [...(fields.software_packageUrl === undefined ? [] : [fields.software_packageUrl]), ...identifiers],
    // A verification code is over the names and hashes of a package's files, and no file has it.
    hashes: (fields.verifiedUsing ?? [])
      .filter(({ type = "Hash" }) => type.endsWith("Hash"))
      .map(({ algorithm = "", hashValue: value = "" }) => ({ algorithm, value })),
    downloads: fields.software_downloadLocation === undefined ? [] : [fields.software_downloadLocation],
  };
}
