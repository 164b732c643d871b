import { BadRequest } from "../../../lib/errors.ts";
import type { Found, Shape } from "./collector.ts";
import { checkCyclonedx, cyclonedxFields } from "./cyclonedx.ts";
import type { Findings } from "./findings.ts";
import { checkSpdx, spdxFields } from "./spdx.ts";
import { checkSpdx3, spdx3Fields } from "./spdx-3.ts";

/** For messages: what is read here. */
export const KNOWN =
  "read here: CycloneDX 1.0–1.7 (JSON, XML), SPDX 2.2 and 2.3 (JSON, tag-value, YAML, RDF/XML), SPDX 3.0 (JSON-LD)";

/**
 * Any SBOM in JSON or YAML. What a document is may be stated at its end (tools that sort names put `bomFormat` before and
 * `specVersion` after all components), so that all formats are looked for at once, and it is checked where it ends.
 */
export function documentShape(findings: Findings): Shape {
  const contexts: string[] = [];
  const spdx = spdxFields(findings);
  let isWrapped = false;
  return {
    fields: {
      ...cyclonedxFields(findings),
      ...spdx,
      "@context": { texts: (texts) => void contexts.push(...texts) },
      ...spdx3Fields(findings),
      // As the dependency graph of GitHub is exported.
      sbom: {
        object: {
          fields: spdx,
          found(found) {
            checkSpdx(found.spdxVersion as string | undefined);
            isWrapped = true;
          },
        },
      },
    },
    found(found) {
      const formats = formatsOf(found, contexts.length > 0 || "@graph" in found, isWrapped);
      if (formats.length !== 1)
        throw new BadRequest(
          `${formats.length === 0 ? "no SBOM: neither bomFormat, spdxVersion nor @context is stated" : `is ${formats.join(" and ")} at once`}; ${KNOWN}`,
        );
      if (formats[0] === "CycloneDX") checkCyclonedx(found.specVersion as string | undefined);
      else if (formats[0] === "SPDX 2" && !isWrapped) checkSpdx(found.spdxVersion as string);
      else if (formats[0] === "SPDX 3") checkSpdx3(contexts);
    },
  };
}

function formatsOf(found: Found, isLinkedData: boolean, isWrapped: boolean): string[] {
  const formats = [];
  if (found.bomFormat !== undefined) formats.push("CycloneDX");
  if (found.spdxVersion !== undefined || isWrapped) formats.push("SPDX 2");
  if (isLinkedData) formats.push("SPDX 3");
  if (found.bomFormat !== undefined && found.bomFormat !== "CycloneDX")
    throw new BadRequest(`bomFormat is "${(found.bomFormat as string).slice(0, 40)}"; ${KNOWN}`);
  return formats;
}
