/** Gradle Module Metadata 1.1, by its specification in Gradle's repository (gradle-module-metadata-latest-specification.md). */
import type { Requirement } from "../../src/contract/ecosystem.ts";
import { all, text, texts } from "../shared/xml.ts";
import { qualifiersOf } from "./files.ts";

export interface GradleModule {
  /** Of all variants, relative to the document. */
  files: string[];
  requires: Requirement[];
}

/** The text by which a POM says that there is such a document beside it, and that Gradle reads that one. */
export const GRADLE_MARKER = "published-with-gradle-metadata";

/** What all variants together name; which of them a build takes is for Gradle to know. Throws where it is no such document. */
export function readGradleModule(source: unknown): GradleModule {
  if (!text(source, "formatVersion")) throw new Error("this is no Gradle module metadata: it has no formatVersion");
  const others = [...all(source, "variants", "dependencies"), ...all(source, "variants", "available-at")];
  const requires = new Map(others.flatMap(requirements).map((each) => [JSON.stringify(each), each]));
  return { files: [...new Set(texts(source, "variants", "files", "url"))], requires: [...requires.values()] };
}

/** Of a rich version, what it must be; and beside it what it should be, which builds take where nothing else speaks. */
function requirements(node: unknown): Requirement[] {
  const name = `${text(node, "group")}/${text(node, "module")}`;
  const must = text(node, "version") || text(node, "version", "strictly") || text(node, "version", "requires");
  const ranges = new Set([must, text(node, "version", "prefers")].filter(Boolean));
  const selector = all(node, "thirdPartyCompatibility", "artifactSelector")[0];
  const qualifiers =
    selector === undefined ? undefined : qualifiersOf(text(selector, "type") || "jar", text(selector, "classifier"));
  return Array.from(ranges, (range) => ({ name, range, ...(qualifiers && { qualifiers }) }));
}
