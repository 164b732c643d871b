/** The documents of a Maven repository: POM, maven-metadata.xml of packages and snapshots, Gradle module metadata. */
import { fileVersion, isSnapshot, type MavenPackage } from "./maven-package.ts";
import { hex, releasesOf } from "./package.ts";

const XML = '<?xml version="1.0" encoding="UTF-8"?>\n';

function element(name: string, ...content: readonly string[]): string {
  return `<${name}>${content.join("")}</${name}>\n`;
}

function coordinates(name: string, version = ""): string {
  const [group = "", artifact = ""] = name.split(":");
  return `${element("groupId", group)}${element("artifactId", artifact)}${version && element("version", version)}`;
}

export function pomOf(pack: MavenPackage, version: string): string {
  const release = pack.versions[version] ?? {};
  const { packaging = "jar", parent, properties = {}, dependencies = {}, excludes = {}, module = false } = release;
  const excluded = (name: string) =>
    (excludes[name] ?? []).map((each) => element("exclusion", coordinates(each))).join("");
  const depend = (entries: Readonly<Record<string, string>> = {}, scope = "") =>
    Object.entries(entries).map(([name, wanted]) =>
      element("dependency", coordinates(name, wanted), scope, element("exclusions", excluded(name))),
    );
  const imports = depend(release.imports, "<type>pom</type><scope>import</scope>");
  const [group, artifact, parentVersion] = parent?.split(":") ?? [];
  return [
    XML,
    '<project xmlns="http://maven.apache.org/POM/4.0.0">\n',
    module ? "<!-- do_not_remove: published-with-gradle-metadata -->\n" : "",
    element("modelVersion", "4.0.0"),
    parent ? element("parent", coordinates(`${group}:${artifact}`, parentVersion)) : "",
    coordinates(pack.name, version),
    element("packaging", packaging),
    element("properties", ...Object.entries(properties).map(([name, value]) => element(name, value))),
    element("dependencyManagement", element("dependencies", ...imports, ...depend(release.managed))),
    element("dependencies", ...depend(dependencies)),
    "</project>\n",
  ].join("");
}

/** `GROUP/ARTIFACT/maven-metadata.xml`: the versions. `release` is the last that is no snapshot. */
export function versionsMetadata(pack: MavenPackage): string {
  const versions = Object.keys(pack.versions);
  const release = versions.findLast((version) => !isSnapshot(version));
  const dates = releasesOf(pack).map(({ publishedAt }) => publishedAt);
  const versioning = element(
    "versioning",
    element("latest", versions.at(-1) ?? ""),
    release === undefined ? "" : element("release", release),
    element("versions", ...versions.map((version) => element("version", version))),
    element("lastUpdated", digits(dates.sort().at(-1) ?? "")),
  );
  return XML + element("metadata", coordinates(pack.name), versioning);
}

/** `GROUP/ARTIFACT/VERSION-SNAPSHOT/maven-metadata.xml`: the one build there is. */
export function snapshotMetadata(pack: MavenPackage, version: string): string {
  const { publishedAt } = releasesOf(pack).find((release) => release.version === version)!;
  const { packaging = "jar", classifiers = [] } = pack.versions[version] ?? {};
  const value = fileVersion(version);
  const [timestamp = "", build = ""] = value.split("-").slice(-2);
  const snapshotVersion = (extension: string, classifier?: string) =>
    element(
      "snapshotVersion",
      classifier ? element("classifier", classifier) : "",
      element("extension", extension),
      element("value", value),
      element("updated", digits(publishedAt)),
    );
  const versioning = element(
    "versioning",
    element("snapshot", element("timestamp", timestamp), element("buildNumber", build)),
    element("lastUpdated", digits(publishedAt)),
    element(
      "snapshotVersions",
      snapshotVersion("pom"),
      packaging === "jar" ? snapshotVersion("jar") : "",
      ...classifiers.map((classifier) => snapshotVersion("jar", classifier)),
    ),
  );
  return XML + element("metadata", coordinates(pack.name, version), versioning);
}

/** Gradle Module Metadata 1.1 with one variant, and one for each further jar. */
export function gradleModule(pack: MavenPackage, version: string, jar: Uint8Array): string {
  const [group, module] = pack.name.split(":");
  const file = `${module}-${fileVersion(version)}.jar`;
  const sums = { sha512: hex("sha512", jar), sha256: hex("sha256", jar), sha1: hex("sha1", jar), md5: hex("md5", jar) };
  const files = [{ name: file, url: file, size: jar.length, ...sums }];
  const variant = { name: "runtimeElements", attributes: { "org.gradle.usage": "java-runtime" }, files };
  const others = (pack.versions[version]?.classifiers ?? []).map((classifier) => {
    const url = file.replace(/\.jar$/, `-${classifier}.jar`);
    return { name: `${classifier}Elements`, attributes: {}, files: [{ name: url, url }] };
  });
  const component = { group, module, version, attributes: { "org.gradle.status": "release" } };
  return JSON.stringify({ formatVersion: "1.1", component, variants: [variant, ...others] });
}

/** `2024-01-01T00:00:00.000Z` → `20240101000000`. */
const digits = (date: string): string => date.replace(/\..*$/, "").replace(/\D/g, "");
