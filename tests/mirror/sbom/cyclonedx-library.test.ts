/** What the reference library of CycloneDX writes is read back, in each version that it knows. */
import { expect, test } from "bun:test";
import { Enums, Models, Serialize, Spec } from "@cyclonedx/cyclonedx-library";
import { readings } from "./readings.ts";

type SimpleXml = Serialize.XML.Types.SimpleXml.Element;

/** The library leaves writing text to an XML library of one's choice. */
class XmlSerializer extends Serialize.XmlBaseSerializer {
  protected override _serialize(root: SimpleXml): string {
    return `<?xml version="1.0" encoding="UTF-8"?>\n${written(root)}\n`;
  }
}

function written({ name, namespace, attributes = {}, children }: SimpleXml): string {
  const xmlns = namespace === undefined ? [] : [["xmlns", String(namespace)] as const];
  const attribute = [...xmlns, ...Object.entries(attributes)]
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => ` ${key}="${Bun.escapeHTML(String(value))}"`);
  const inner =
    typeof children === "object"
      ? Array.from(children, (child) => (child.type === "element" ? written(child) : "<!-- a comment -->")).join("")
      : Bun.escapeHTML(String(children ?? ""));
  return `<${name}${attribute.join("")}>${inner}</${name}>`;
}

function bom(): Models.Bom {
  const { Component, HashDictionary, ComponentRepository } = Models;
  const { Library, Application } = Enums.ComponentType;
  const nested = new Component(Library, "inner", { version: "1.0.0", purl: "pkg:npm/inner@1.0.0" });
  const core = new Component(Library, "core", {
    group: "@babel",
    version: "7.24.0",
    purl: "pkg:npm/%40babel/core@7.24.0",
    hashes: new HashDictionary([[Enums.HashAlgorithm["SHA-256"], "0123456789abcdef".repeat(4)]]),
    components: new ComponentRepository([nested]),
    description: 'with "quotes", <tags> & more',
  });
  const unknown = new Component(Library, "unknown", { version: "1.0" });
  const described = new Component(Application, "app", { version: "1.2.0", purl: "pkg:npm/app@1.2.0" });
  return new Models.Bom({
    metadata: new Models.Metadata({ component: described }),
    components: new ComponentRepository([core, unknown]),
  });
}

const EXPECTED = [
  "- app@1.2.0: is what the document describes, metadata.component",
  "pkg:npm/inner@1.0.0, components[0].components[0]",
  "pkg:npm/%40babel/core@7.24.0 sha256:01234567, components[0]",
  "- unknown@1.0: has no package URL, components[1]",
];

const SPECS = Object.values(Spec.SpecVersionDict).filter((spec) => spec !== undefined);

test.each(SPECS.map((spec) => [spec.version, spec] as const))("CycloneDX %s", async (_version, spec) => {
  const json = new Serialize.JsonSerializer(new Serialize.JSON.Normalize.Factory(spec)).serialize(bom());
  expect(await readings(json)).toEqual(EXPECTED);
  const xml = new XmlSerializer(new Serialize.XML.Normalize.Factory(spec)).serialize(bom());
  expect(await readings(xml)).toEqual(EXPECTED);
});
