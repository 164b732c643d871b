/** What the types and names of files in a Maven repository mean. */
import type { FileFacts, Path } from "../../src/contract/ecosystem.ts";

/** Maven's artifact handlers (https://maven.apache.org/ref/current/maven-core/artifact-handlers.html), by type: the file's
 * classifier. All of them are jars; any other type is its own extension. */
const JARS: Readonly<Record<string, string>> = {
  jar: "",
  "test-jar": "tests",
  "java-source": "sources",
  javadoc: "javadoc",
  "ejb-client": "client",
  "maven-plugin": "",
  "maven-archetype": "",
  "eclipse-plugin": "",
  bundle: "",
  ejb: "",
};

/** `test-jar` → `-tests.jar`; `zip` of the classifier `dist` → `-dist.zip`. A stated classifier wins. */
export function suffixOf(type: string, classifier = ""): string {
  const part = classifier || classifierOf(type);
  return `${part && `-${part}`}.${extensionOf(type)}`;
}

/** The PURL qualifiers of the file; `undefined` for the jar that a release has without any. */
export function qualifiersOf(type: string, classifier: string): Readonly<Record<string, string>> | undefined {
  const part = classifier || classifierOf(type);
  const extension = extensionOf(type);
  if (!part && extension === "jar") return undefined;
  return { type: extension, ...(part && { classifier: part }) };
}

function extensionOf(type: string): string {
  return Object.hasOwn(JARS, type) ? "jar" : type;
}

function classifierOf(type: string): string {
  return Object.hasOwn(JARS, type) ? JARS[type]! : "";
}

/** Beside each file lie its checksum and its signature. */
export function withProofs(file: FileFacts): FileFacts[] {
  const proofs = [".sha1", ".asc"].map((suffix): FileFacts => {
    return { path: `${file.path}${suffix}`, optional: true, beside: file.path };
  });
  return [file, ...proofs];
}

/** A file that a document names, as what its name says that it is. */
export function fileAt(path: Path): FileFacts {
  const beside = /^(.+)\.(?:asc|md5|sha1|sha256|sha512)$/.exec(path)?.[1] as Path | undefined;
  const isSource = /-(?:sources|javadoc)\.jar$/.test(path);
  return { path, optional: true, ...(beside && { beside }), ...(isSource && { isSource }) };
}
