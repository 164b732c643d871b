import { BadRequest } from "../../../lib/errors.ts";
import type { Findings } from "./findings.ts";
import { checkSpdx, componentOfSpdx, type SpdxPackage } from "./spdx.ts";
import type { Element, ElementReader } from "./xml.ts";

const RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#";
const SPDX = "http://spdx.org/rdf/terms#";
/** Packages are nested in the relationships of others; what one is made of is kept until it ends. */
const MOST_REFERENCES = 10_000;

export function isRdf({ uri, local }: Element): boolean {
  return uri === RDF && local === "RDF";
}

interface Package extends SpdxPackage {
  references: { type: string; locator: string }[];
  checksums: { algorithm: string; value: string }[];
  place: string;
  depth: number;
}

/**
 * Reads SPDX 2 in RDF/XML as the SPDX tools write it: typed nodes (`<spdx:Package rdf:about="…">`), nested where they are
 * first named. A graph that splits packages with `rdf:nodeID` or `rdf:type` says the same and is refused: read as
 * typed nodes, it would have fewer packages.
 */
export class SpdxRdfReader implements ElementReader {
  readonly #findings: Findings;
  /** Relationships of the document that are open, outermost first: their kind, and what they lead to. */
  readonly #relationships: { type: string; to: string }[] = [];
  readonly #packages: Package[] = [];
  readonly #path: string[] = [];
  #version: string | undefined;
  #text = "";

  constructor(findings: Findings) {
    this.#findings = findings;
  }

  open({ uri, local, attributes }: Element, place: string): void {
    this.#text = "";
    const name = uri === SPDX ? local : "";
    this.#path.push(name);
    if (uri === RDF && local === "type" && /#(Package|ExternalRef)$/.test(attributes.resource ?? ""))
      this.#refuseApart(place);
    if (attributes.nodeID !== undefined && /^(Package|externalRef|ExternalRef)$/.test(name)) this.#refuseApart(place);
    const depth = this.#path.length;
    if (name === "Package") {
      const id = attributes.about ?? attributes.ID ?? "";
      const isRoot = this.#path.at(-2) === "describesPackage";
      if (isRoot) this.#findings.describes(fragmentOf(id), "list");
      if (this.#path.at(-2) === "relatedSpdxElement") this.#leadTo(fragmentOf(id));
      this.#packages.push({ id, references: [], checksums: [], place, depth });
    } else if (name === "ExternalRef") this.#push(this.#package("externalRef")?.references, { type: "", locator: "" });
    else if (name === "Checksum") this.#push(this.#package("checksum")?.checksums, { algorithm: "", value: "" });
    else if (name === "referenceType") this.#refer(attributes.resource ?? "");
    else if (name === "ReferenceType") this.#refer(attributes.about ?? "");
    else if (name === "algorithm") {
      const checksum = this.#in("Checksum")?.checksums.at(-1);
      if (checksum) checksum.algorithm = fragmentOf(attributes.resource ?? "").replace("checksumAlgorithm_", "");
    } else if (name === "describesPackage" && attributes.resource !== undefined)
      this.#findings.describes(fragmentOf(attributes.resource), "list");
    else if (name === "Relationship") this.#relationships.push({ type: "", to: "" });
    else if (name === "relationshipType" && this.#relationships.length > 0)
      this.#relationships.at(-1)!.type = fragmentOf(attributes.resource ?? "").replace("relationshipType_", "");
    else if (name === "relatedSpdxElement" && attributes.resource !== undefined)
      this.#leadTo(fragmentOf(attributes.resource));
    else if (name === "downloadLocation" && attributes.resource !== undefined) this.#download(attributes.resource);
  }

  text(text: string): void {
    this.#text += text;
  }

  close(): void {
    const name = this.#path.at(-1);
    const text = this.#text.trim();
    this.#text = "";
    const pkg = this.#packages.at(-1);
    const depth = this.#path.length;
    if (name === "specVersion") {
      checkSpdx(text);
      this.#version = text;
    } else if (pkg && depth === pkg.depth + 1 && name === "name") pkg.name = text;
    else if (pkg && depth === pkg.depth + 1 && name === "versionInfo") pkg.version = text;
    else if (pkg && depth === pkg.depth + 1 && name === "downloadLocation" && text) pkg.download = text;
    else if (name === "Relationship") {
      const { type = "", to = "" } = this.#relationships.pop() ?? {};
      // What describes is the document; a package has relationships of other kinds.
      if (type.toLowerCase() === "describes") this.#findings.describes(to, "relationships");
    } else if (name === "referenceLocator") {
      const reference = this.#in("ExternalRef")?.references.at(-1);
      if (reference) reference.locator = text;
    } else if (name === "referenceType") this.#refer(text);
    else if (name === "checksumValue") {
      const checksum = this.#in("Checksum")?.checksums.at(-1);
      if (checksum) checksum.value = text;
    } else if (pkg && depth === pkg.depth) this.#finish(this.#packages.pop()!);
    this.#path.pop();
  }

  end(): void {
    checkSpdx(this.#version);
  }

  #refuseApart(place: string): never {
    throw new BadRequest(`${place}: nodes apart (rdf:nodeID, rdf:type) are not read; convert the document to JSON`);
  }

  #finish(pkg: Package): void {
    this.#findings.add(componentOfSpdx(pkg), pkg.place);
  }

  #leadTo(id: string): void {
    const relationship = this.#relationships.at(-1);
    if (relationship) relationship.to = id;
  }

  #download(address: string): void {
    const pkg = this.#packages.at(-1);
    if (pkg && this.#path.length === pkg.depth + 1) pkg.download = address;
  }

  /** The package whose property is open two levels up: `Package > externalRef > ExternalRef`. */
  #package(property: string): Package | undefined {
    const pkg = this.#packages.at(-1);
    return pkg && this.#path.at(-2) === property && this.#path.length === pkg.depth + 2 ? pkg : undefined;
  }

  /** The package that this is a part of, where it is within such a node of it. */
  #in(node: string): Package | undefined {
    const pkg = this.#packages.at(-1);
    return pkg && this.#path[pkg.depth + 1] === node ? pkg : undefined;
  }

  #refer(resource: string): void {
    const reference = this.#in("ExternalRef")?.references.at(-1);
    if (reference && resource) reference.type = resource;
  }

  #push<T>(list: T[] | undefined, value: T): void {
    if (list && list.push(value) > MOST_REFERENCES)
      throw new BadRequest(`${this.#packages.at(-1)!.place}: a package has more than ${MOST_REFERENCES} of them`);
  }
}

function fragmentOf(uri: string): string {
  return uri.slice(uri.indexOf("#") + 1);
}
