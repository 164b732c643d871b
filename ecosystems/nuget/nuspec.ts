import type { Facts, Requirement } from "../../src/contract/ecosystem.ts";
import { all, readXml, text } from "../shared/xml.ts";
import { canonical } from "./versions.ts";

/**
 * What a package's own specification says (https://learn.microsoft.com/nuget/reference/nuspec): its dependencies for every target
 * framework, each once, since one package is for all of them. Throws where the text is none.
 */
export function readNuspec(source: string): Facts {
  const [metadata] = all(readXml(source, "package", { attributes: true }), "metadata");
  const [id, version] = [text(metadata, "id"), text(metadata, "version")];
  if (!id || !version) throw new Error("a nuspec without id or version");
  const groups = all(metadata, "dependencies", "group", "dependency");
  const stated = [...all(metadata, "dependencies", "dependency"), ...groups];
  const requires = requirementsOf(stated.map((each) => ({ id: text(each, "id"), range: text(each, "version") })));
  return {
    releases: [{ name: id.toLowerCase(), version: canonical(version), requires }],
  };
}

/** Each once. Without a range any version will do, of which clients take the lowest. */
export function requirementsOf(dependencies: readonly { id: string; range?: string }[]): Requirement[] {
  const stated = dependencies.map(({ id, range }) => ({ name: id.toLowerCase(), range: range || "0.0.0-0" }));
  return Array.from(new Map(stated.map((each) => [`${each.name} ${each.range}`, each])).values());
}
