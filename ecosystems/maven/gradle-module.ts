/** Gradle Module Metadata 1.1, by its specification in Gradle's repository (gradle-module-metadata-latest-specification.md). */
import type { Requirement } from "../../src/contract/ecosystem.ts";
import { all, text, texts } from "../shared/xml.ts";
import { qualifiersOf } from "./files.ts";

export interface GradleModule {
  /** Of all variants, relative to the document; with a marker what only variants for Android have. */
  files: { url: string; marker?: string }[];
  requires: Requirement[];
}

/** The text by which a POM says that there is such a document beside it, and that Gradle reads that one. */
export const GRADLE_MARKER = "published-with-gradle-metadata";

/** What marks that which only builds for Android take. */
export const ANDROID = "android";

/** What all variants together name; which of them a build takes is for Gradle to know. Throws where it is no such document. */
export function readGradleModule(source: unknown): GradleModule {
  if (!text(source, "formatVersion")) throw new Error("this is no Gradle module metadata: it has no formatVersion");
  const files = new Map<string, { url: string; marker?: string }>();
  const requires = new Map<string, Requirement>();
  // What others have too is not for Android only.
  const variants = all(source, "variants").toSorted((a, b) => Number(isForAndroid(a)) - Number(isForAndroid(b)));
  for (const variant of variants) {
    const limits = isForAndroid(variant) ? { marker: ANDROID } : {};
    for (const url of texts(variant, "files", "url")) if (!files.has(url)) files.set(url, { url, ...limits });
    for (const each of [...all(variant, "dependencies"), ...all(variant, "available-at")].flatMap(requirements)) {
      const key = JSON.stringify(each);
      if (!requires.has(key)) requires.set(key, { ...each, ...limits });
    }
  }
  return { files: [...files.values()], requires: [...requires.values()] };
}

function isForAndroid(variant: unknown): boolean {
  const attributes = all(variant, "attributes")[0] as Readonly<Record<string, unknown>> | undefined;
  return attributes?.["org.gradle.jvm.environment"] === ANDROID;
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
