/** A Maven repository: POMs, jars, Gradle module metadata, checksums, maven-metadata.xml, snapshots, parents and BOMs. */
import { padded } from "../archives/files.ts";
import { zip } from "../archives/zip.ts";
import { binary, type Content, type Entry, text } from "../tree.ts";
import { gradleModule, pomOf, snapshotMetadata, versionsMetadata } from "./maven-documents.ts";
import { fileVersion, isSnapshot, type MavenPackage } from "./maven-package.ts";
import { hex, releasesOf } from "./package.ts";

export interface MavenOptions {
  /** Siblings of every file; default `["sha1", "md5"]`. */
  checksums?: readonly ("md5" | "sha1" | "sha256" | "sha512")[];
}

export function makeMaven(packages: readonly MavenPackage[], options: MavenOptions = {}): Map<string, Content> {
  const { checksums = ["sha1", "md5"] } = options;
  const tree = new Map<string, Content>();
  const add = (path: string, entry: Entry & { body: string | Uint8Array<ArrayBuffer> }, publishedAt: string) => {
    const dated = { ...entry.headers, "last-modified": new Date(publishedAt).toUTCString() };
    tree.set(path, { ...entry, headers: dated });
    for (const algorithm of checksums) tree.set(`${path}.${algorithm}`, text(hex(algorithm, entry.body)));
  };
  for (const pack of packages) {
    const releases = releasesOf(pack);
    for (const { version, publishedAt } of releases) {
      for (const [path, entry] of filesOf(pack, version)) add(path, entry, publishedAt);
      if (isSnapshot(version)) {
        add(`${folderOf(pack.name, version)}/maven-metadata.xml`, xml(snapshotMetadata(pack, version)), publishedAt);
      }
    }
    const newest = releases
      .map(({ publishedAt }) => publishedAt)
      .sort()
      .at(-1);
    if (newest) add(`${folderOf(pack.name)}/maven-metadata.xml`, xml(versionsMetadata(pack)), newest);
  }
  return tree;
}

/** `ex.fx:fa` → `/ex/fx/fa`, with a version `/ex/fx/fa/1.0`. */
export function folderOf(name: string, version?: string): string {
  const [group = "", artifact = ""] = name.split(":");
  return `/${group.replaceAll(".", "/")}/${artifact}${version === undefined ? "" : `/${version}`}`;
}

const xml = (document: string) => ({ body: document, headers: { "content-type": "text/xml" } });

function filesOf(pack: MavenPackage, version: string) {
  const { packaging = "jar", classifiers = [], module = false, size } = pack.versions[version] ?? {};
  const artifact = pack.name.split(":")[1];
  const stem = `${folderOf(pack.name, version)}/${artifact}-${fileVersion(version)}`;
  const jar = (classifier?: string) => {
    const manifest = `Manifest-Version: 1.0\nImplementation-Version: ${version}\n`;
    const files = { "META-INF/MANIFEST.MF": manifest, [`${artifact}.txt`]: classifier ?? version };
    return { ...binary(zip(padded(files, "filler.bin", size)), "application/java-archive") } as Entry & {
      body: Uint8Array<ArrayBuffer>;
    };
  };
  const main = jar();
  return [
    [`${stem}.pom`, xml(pomOf(pack, version))] as const,
    ...(packaging === "jar" ? [[`${stem}.jar`, main] as const] : []),
    ...classifiers.map((classifier) => [`${stem}-${classifier}.jar`, jar(classifier)] as const),
    ...(module ? [[`${stem}.module`, text(gradleModule(pack, version, main.body), "application/json")] as const] : []),
  ] as [string, Entry & { body: string | Uint8Array<ArrayBuffer> }][];
}
