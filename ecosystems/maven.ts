import { hash } from "../src/contract/digest.ts";
import type { Doc, Ecosystem, Facts, FileFacts, Params, Path, Release, View } from "../src/contract/ecosystem.ts";
import { mavenCatalog } from "./maven/catalog.ts";
import { fileAt, suffixOf, withProofs } from "./maven/files.ts";
import { ANDROID, GRADLE_MARKER, readGradleModule } from "./maven/gradle-module.ts";
import { gradleLockfile } from "./maven/lockfile-gradle.ts";
import { mavenList } from "./maven/lockfile-list.ts";
import { isPomOnly, readPom } from "./maven/pom.ts";
import { mavenVersions } from "./maven/versions.ts";
import { labelOf, leaveOut, readEntries } from "./shared/entries.ts";
import { all, readXml, text, texts } from "./shared/xml.ts";

const LENGTHS = { md5: 32, sha1: 40, sha256: 64, sha512: 128 } as const;
const SUM = String.raw`\.(?<algorithm>md5|sha1|sha256|sha512)`;
const ARTIFACT = "(?<group>[^.]+)/(?<artifact>[^/]+)";
const FILE = String.raw`${ARTIFACT}/(?<version>[^/]+)/\k<artifact>-[^/]+`;
const SNAPSHOT = `${ARTIFACT}/(?<version>[^/]+-SNAPSHOT)`;
/** Republished under one name, unlike the timestamped files that a snapshot's metadata names. */
const REPUBLISHED = String.raw`${SNAPSHOT}/\k<artifact>-\k<version>[.-][^/]+`;

const file = {
  from: ["default", "gradle_plugin_portal"],
  canonical: ({ path }: Params) => encodeURI(path!) as Path,
  release: releaseOf,
  // What every repository has and clients ask for.
  describedBy: (_: Params, path: Path): Path[] => (path.endsWith(".asc") ? [] : [`${path}.sha1`]),
  orDescribedBy: (_: Params, path: Path): Path[] =>
    path.endsWith(".asc") ? [] : [`${path}.sha512`, `${path}.sha256`, `${path}.md5`],
} as const;
const immutable = { ...file, kind: "metadata", freshness: "immutable" } as const;
const changing = { ...file, kind: "metadata", describedBy: () => [], orDescribedBy: () => [] } as const;
const shared = { ...changing, release: () => undefined } as const;

export const maven: Ecosystem = {
  id: "maven",
  contract: 2,
  title: "Maven repositories: mvn, Gradle, sbt, Leiningen, Bazel",
  spec: "https://maven.apache.org/repository/layout.html",
  upstreams: { default: "https://repo.maven.apache.org/maven2", gradle_plugin_portal: "https://plugins.gradle.org/m2" },
  aliases: { "repo1.maven.org/maven2": "default", "central.maven.org/maven2": "default" },
  setup: (base) =>
    `in ~/.m2/settings.xml: <settings><mirrors><mirror>\n<id>proxy</id><mirrorOf>*</mirrorOf><url>${base}</url>\n</mirror></mirrors></settings>`,
  routes: [
    { kind: "deny", match: /^\/\./, status: 404, reason: "It describes one repository, and several are joined here." },
    {
      kind: "deny",
      match: /maven-metadata\.xml\.asc/,
      status: 404,
      reason: "The document that it signs is filtered here.",
    },
    {
      kind: "derived",
      match: at(String.raw`(?<of>(?:.+/)?maven-metadata\.xml|archetype-catalog\.xml|${REPUBLISHED}?)${SUM}`),
      of: ({ of }) => `/${encodeURI(of!)}`,
      derive: (served, { algorithm }) => hash(algorithm as keyof typeof LENGTHS, served),
    },
    { ...changing, match: at(String.raw`${SNAPSHOT}/maven-metadata\.xml`), parse: generation },
    {
      ...shared,
      match: at(String.raw`(?:${ARTIFACT}|[^/]+)/maven-metadata\.xml`),
      parse: versions,
      reads: pomsOnly,
      rewrite: filter,
    },
    { ...shared, match: at(String.raw`archetype-catalog\.xml`), freshness: 86_400, parse: archetypes },
    { ...changing, match: at(REPUBLISHED), republished: true, mayBeCut: true },
    { ...immutable, match: at(FILE + SUM), describedBy: () => [], orDescribedBy: () => [], parse: checksum },
    { ...immutable, match: at(String.raw`${FILE}\.pom`), parse: pom, reads: parents },
    { ...immutable, match: at(String.raw`${FILE}\.module`), linksFrom: "asked", parse: gradleModule },
    { ...file, kind: "artifact", match: at(FILE) },
  ],
  // As Maven itself validates them; a group is a folder for each of its parts.
  names: /^[\w-]+(?:\.[\w-]+)*\/[\w.-]+$/,
  index: ({ name }) => [`/${folder(name)}/maven-metadata.xml`],
  files,
  graph: (release) => ({ path: pathOf(release, ".pom"), qualifiers: { type: "pom" } }),
  selects: "nearest",
  // Gradle takes variants for Android in builds for Android only.
  runsOn: (marker, { os }) => marker !== ANDROID || os === undefined || os === ANDROID,
  catalog: mavenCatalog,
  datedBy: (release) => (isSnapshot(release) ? snapshotIndex(release) : pathOf(release, ".pom")),
  digestHeaders: { md5: "x-checksum-md5", sha1: "x-checksum-sha1", sha256: "x-checksum-sha256" },
  lockfiles: [gradleLockfile, mavenList],
  versions: mavenVersions,
};

function at(source: string): RegExp {
  return new RegExp(`^(?<path>/${source})$`);
}

function releaseOf({ group = "", artifact = "", version = "" }: Params): Release {
  return { name: `${group.replaceAll("/", ".")}/${artifact}`, version };
}

function isSnapshot({ version }: Release): boolean {
  return version.endsWith("-SNAPSHOT");
}

/** `org.acme/lib` lies in `org/acme/lib`. */
function folder(name: string): string {
  const [group = "", artifact = ""] = name.split("/");
  return encodeURI(`${group.replaceAll(".", "/")}/${artifact}`);
}

/** The files of a timestamped snapshot lie in the folder of all of them. */
function pathOf({ name, version }: Release, suffix: string): Path {
  const directory = version.replace(/-\d{8}\.\d{6}-\d+$/, "-SNAPSHOT");
  return `/${folder(name)}/${encodeURI(`${directory}/${name.slice(name.indexOf("/") + 1)}-${version}${suffix}`)}`;
}

function snapshotIndex({ name, version }: Release): Path {
  return `/${folder(name)}/${encodeURI(version)}/maven-metadata.xml`;
}

/** By the layout. Those of a snapshot are named by its metadata. */
function files(release: Release): FileFacts[] {
  if (isSnapshot(release)) return [];
  const { type, classifier } = release.qualifiers ?? {};
  const chosen = (type || classifier) && suffixOf(type || "jar", classifier);
  const main = Array.from(new Set([".pom", ...(chosen ? [chosen] : [".jar", ".module"])]), (suffix) => ({
    path: pathOf(release, suffix),
    optional: !chosen && suffix !== ".pom",
  }));
  const sources = { path: pathOf(release, "-sources.jar"), optional: true, isSource: true };
  return [...main, ...(chosen ? [] : [sources])].flatMap(withProofs);
}

/** `<hash>`, or with the file's name, in either case, in the first line that is not blank, as Maven reads it. Throws where it is
 * something else, as old ones are sometimes: then nothing is stated. */
function checksum(doc: Doc): Facts {
  const algorithm = doc.params.algorithm as keyof typeof LENGTHS;
  const line = /\S.*/.exec(doc.text())?.[0] ?? "";
  const [, stated] = new RegExp(`(?:^|[\\s=:])([0-9a-f]{${LENGTHS[algorithm]}})(?!\\S)`, "i").exec(line) ?? [];
  const hex = stated?.toLowerCase();
  const path = doc.path.slice(0, -algorithm.length - 1) as Path;
  if (!hex) throw new Error(`expected a ${algorithm} in hex, found "${doc.text().slice(0, 80)}"`);
  return { releases: [{ ...releaseOf(doc.params), files: [{ path, digest: `${algorithm}:${hex}` }] }] };
}

/** The metadata of a group, whose plugins it names, is of the same name and lists no versions. */
function versions(doc: Doc) {
  const { name } = releaseOf(doc.params);
  const { found: releases, leftOut } = readEntries(all(metadata(doc), "versions", "version"), (version) => ({
    name,
    version: labelOf(version, "version"),
  }));
  return { releases, follow: releases.filter(isSnapshot).map(snapshotIndex), leftOut };
}

/** States nothing of releases. Throws where it is something else. */
function archetypes(doc: Doc): Facts {
  readXml(doc.text(), "archetype-catalog");
  return {};
}

/** What `<versioning>` holds. */
function metadata(doc: Doc, source = doc.text()): unknown {
  return all(readXml(source, "metadata"), "versioning")[0];
}

/** As `replaceAll`; with what becomes nothing goes the space before it. */
function replaced(text: string, pattern: RegExp, by: (match: RegExpExecArray) => string): string {
  const parts: string[] = [];
  let end = 0;
  for (const match of text.matchAll(pattern)) {
    const before = text.slice(end, match.index);
    const instead = by(match);
    parts.push(instead === "" ? before.trimEnd() : before, instead);
    end = match.index + match[0].length;
  }
  return [...parts, text.slice(end)].join("");
}

/** Done on the text, so that elements unknown here stay; read again, lest a strange spelling hide a version from it. */
function filter(doc: Doc, view: View): string {
  const shown = versions(doc).releases.filter((release) => view.admits(release) || isWholeAsPom(doc, view, release));
  const known = new Set(shown.map(({ version }) => version));
  const ordered = Array.from(known).sort(mavenVersions.compare);
  const newest = { latest: ordered.at(-1), release: ordered.findLast((version) => !version.endsWith("-SNAPSHOT")) };
  const some = replaced(doc.text(), /<version>([^<]*)<\/version>/g, ([whole, version]) =>
    known.has(version!.trim()) ? whole : "",
  );
  const filtered = replaced(some, /<(latest|release)>([^<]*)<\/(latest|release)>/g, ([whole, tag, version, end]) => {
    if (tag !== end || known.has(version!.trim())) return whole;
    const instead = newest[tag as keyof typeof newest];
    return instead ? `<${tag}>${instead}</${tag}>` : "";
  });
  const left = metadata(doc, filtered);
  const stated = [...texts(left, "versions", "version"), ...texts(left, "latest"), ...texts(left, "release")];
  const hidden = stated.find((version) => !known.has(version));
  if (hidden) throw new Error(`${doc.path} spells the withheld version ${hidden} in a way that cannot be filtered`);
  return filtered;
}

/** The POMs of releases of which, offline, no artifact is stored. */
function pomsOnly(doc: Doc, view?: View): Path[] {
  if (!view?.offline) return [];
  const { releases } = versions(doc);
  return releases.filter((release) => !view.admits(release)).map((release) => pathOf(release, ".pom"));
}

/** Offline a release is shown as soon as one of its artifacts is stored; one without any, as soon as its POM is. */
function isWholeAsPom(doc: Doc, view: View, release: Release): boolean {
  if (!view.offline) return false;
  const path = pathOf(release, ".pom");
  const pom = doc.stored(path);
  return pom !== undefined && isPomOnly(pom.text()) && view.admits(release, path);
}

/** One generation of a snapshot: timestamped files, which never change. Metadata of before Maven 3 names no files, only their version,
 * or none where they lie under the name of the snapshot itself (`localCopy`); then it may have any, as Maven's resolver takes it. */
function generation(doc: Doc): Facts {
  const release = releaseOf(doc.params);
  const versioning = metadata(doc);
  const stated = all(versioning, "snapshotVersions", "snapshotVersion");
  const [snapshot] = all(versioning, "snapshot");
  if (stated.length === 0 && snapshot !== undefined) return ofOneVersion(release, snapshot);
  const { found: files, leftOut } = readEntries(stated, (each) => {
    const classifier = text(each, "classifier");
    const suffix = labelOf(
      `${classifier && `-${classifier}`}.${labelOf(text(each, "extension"), "extension")}`,
      "classifier",
    );
    return fileAt(pathOf({ ...release, version: labelOf(text(each, "value"), "value") }, suffix));
  });
  return { releases: [{ ...release, files }], leftOut };
}

/** Without a timestamp or a build, the version stays that of the snapshot. */
function ofOneVersion(release: Release, snapshot: unknown): Facts {
  const [timestamp, build] = [text(snapshot, "timestamp"), text(snapshot, "buildNumber")];
  const isTimed = timestamp !== "" && Number(build) > 0;
  const qualifier = `${timestamp}-${build}`;
  if (isTimed && !/^\d{8}\.\d{6}-\d+$/.test(qualifier))
    return { releases: [release], leftOut: [leaveOut(qualifier, new Error("it is no time and build of a snapshot"))] };
  const version = isTimed ? release.version.replace(/SNAPSHOT$/, qualifier) : release.version;
  const files = [".pom", ".jar", ".module", "-sources.jar"].map((suffix) =>
    fileAt(pathOf({ ...release, version }, suffix)),
  );
  return { releases: [{ ...release, files }] };
}

function pom(doc: Doc): Facts {
  const release = releaseOf(doc.params);
  const source = doc.text();
  const { requires, needs, packaging } = readPom(source, (other) => doc.stored(pathOf(other, ".pom"))?.text());
  // Without the module metadata that it announces Gradle takes other variants than its users are used to.
  // What has moved is elsewhere, and has no file here.
  const main = packaging === "pom" || source.includes("<relocation>") ? [] : [pathOf(release, suffixOf(packaging))];
  const module = source.includes(GRADLE_MARKER) ? [fileAt(pathOf(release, ".module"))] : [];
  // Metadata of a snapshot may name no files, of which there may then be one beside its POM.
  const beside = main.length > 0 ? [fileAt(`${doc.path.slice(0, -".pom".length)}${suffixOf(packaging)}` as Path)] : [];
  const own = isSnapshot(release) ? beside : [...main.map((path) => ({ path })), ...module];
  const follow = needs.map((other) => pathOf(other, ".pom"));
  return { releases: [{ ...release, files: own.flatMap(withProofs), requires }], follow };
}

/** Its parents and the bills of materials that it or they import. */
function parents(doc: Doc): Path[] {
  const { needs } = readPom(doc.text(), (other) => doc.stored(pathOf(other, ".pom"))?.text());
  return needs.map((other) => pathOf(other, ".pom"));
}

/** Its digests are the build's; the repository vouches for what lies beside each file. Files of another release, as variants
 * for other environments are, ask for that release. */
function gradleModule(doc: Doc): Facts {
  const release = releaseOf(doc.params);
  const { files, requires } = readGradleModule(doc.json<unknown>());
  const folderOf = (path: Path) => path.slice(0, path.lastIndexOf("/"));
  const paths = Map.groupBy(
    files.flatMap(({ url, ...limits }) => {
      const path = doc.pathOf(url);
      return path === undefined ? [] : { path, ...limits };
    }),
    ({ path }) => folderOf(path) === folderOf(doc.path),
  );
  const needed = (paths.get(false) ?? []).flatMap(({ path, ...limits }) => {
    const { name, version } = releaseOf(at(FILE).exec(path)?.groups ?? {});
    return version ? [{ name, range: version, ...limits }] : [];
  });
  const own = (paths.get(true) ?? []).map(({ path, ...limits }) => ({ ...fileAt(path), ...limits }));
  return { releases: [{ ...release, files: own.flatMap(withProofs), requires: [...requires, ...needed] }] };
}
