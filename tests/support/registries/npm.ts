/** An npm registry: full and abbreviated packuments, single manifests, tarballs, tags, search, the audit endpoint. */
import { padded } from "../archives/files.ts";
import { tarGz } from "../archives/tar.ts";
import { binary, type Content, json, type Request } from "../tree.ts";
import { base64, hex, type Package, type Release, releasesOf } from "./package.ts";

export interface NpmRelease extends Release {
  deprecated?: string;
  /** No `integrity`, as versions of before 2017 have it: only the SHA-1. */
  shasumOnly?: boolean;
  /** More fields of its package.json: `optionalDependencies`, `os`, `bin`. */
  manifest?: Readonly<Record<string, unknown>>;
}

export interface NpmPackage extends Package<NpmRelease> {
  /** Default: `latest` is the last version of the list. */
  tags?: Readonly<Record<string, string>>;
  /** Of its document. Default: the same, whatever it says. */
  rev?: string;
  /** By the registry's keys, over `name@version:integrity`. */
  sign?(over: string): readonly { keyid: string; sig: string }[];
}

const ABBREVIATED = "application/vnd.npm.install-v1+json";

export function makeNpm(packages: readonly NpmPackage[], base: string): Map<string, Content> {
  const tree = new Map<string, Content>();
  for (const pack of packages) {
    const tarballs = new Map(releasesOf(pack).map(({ version, size }) => [version, npmTarball(pack, version, size)]));
    const { full, abbreviated } = packument(pack, tarballs, base);
    tree.set(`/${pack.name}`, (request) =>
      wants(request, ABBREVIATED) ? json(abbreviated, { "content-type": ABBREVIATED, vary: "accept" }) : json(full),
    );
    tree.set(`/-/package/${pack.name}/dist-tags`, json(full["dist-tags"]));
    for (const [version, manifest] of Object.entries(full.versions))
      tree.set(`/${pack.name}/${version}`, json(manifest));
    for (const [tag, version] of Object.entries(full["dist-tags"])) {
      tree.set(`/${pack.name}/${tag}`, json(full.versions[version]));
    }
    for (const [version, tarball] of tarballs) tree.set(tarballPath(pack.name, version), binary(tarball));
  }
  tree.set("/-/v1/search", ({ query }) => json(search(packages, query.get("text") ?? "")));
  for (const audit of ["advisories/bulk", "audits/quick", "audits"]) {
    tree.set(`POST /-/npm/v1/security/${audit}`, json({}));
  }
  tree.set("/-/npm/v1/keys", json({ keys: [] }));
  tree.set("/-/ping", json({}));
  return tree;
}

/** `/@fx/s/-/s-1.0.0.tgz`. */
export function tarballPath(name: string, version: string): string {
  return `/${name}/-/${name.split("/").at(-1)}-${version}.tgz`;
}

/** What npm would pack for a release: everything under `package/`. */
export function npmTarball(pack: NpmPackage, version: string, size?: number): Uint8Array<ArrayBuffer> {
  const files = {
    "package/package.json": `${JSON.stringify(packageJson(pack, version), null, 2)}\n`,
    "package/index.js": `module.exports = ${JSON.stringify(`${pack.name}@${version}`)};\n`,
  };
  return tarGz(padded(files, `package/${version}.bin`, size));
}

function packageJson({ name, versions }: NpmPackage, version: string) {
  const { dependencies = {}, manifest = {} } = versions[version] ?? {};
  return { name, version, main: "index.js", license: "MIT", dependencies, ...manifest };
}

function packument(pack: NpmPackage, tarballs: ReadonlyMap<string, Uint8Array>, base: string) {
  const { name } = pack;
  const releases = releasesOf(pack);
  const versions = Object.fromEntries(
    releases.map(({ version, deprecated, shasumOnly }) => {
      const tarball = tarballs.get(version)!;
      const integrity = `sha512-${base64("sha512", tarball)}`;
      const dist = { tarball: base + tarballPath(name, version), shasum: hex("sha1", tarball) };
      const state = deprecated === undefined ? {} : { deprecated };
      const signatures = pack.sign?.(`${name}@${version}:${integrity}`);
      const whole = shasumOnly ? dist : { ...dist, integrity, ...(signatures && { signatures }) };
      return [version, { ...packageJson(pack, version), _id: `${name}@${version}`, ...state, dist: whole }];
    }),
  );
  const tags: Record<string, string> = { latest: releases.at(-1)?.version ?? "", ...pack.tags };
  const dates = releases.map(({ publishedAt }) => publishedAt).sort();
  const published = Object.fromEntries(releases.map(({ version, publishedAt }) => [version, publishedAt]));
  const modified = dates.at(-1);
  const time = { created: dates[0], modified, ...published };
  const full = { _id: name, _rev: pack.rev ?? "1-0", name, "dist-tags": tags, versions, time, readme: `# ${name}\n` };
  return { full, abbreviated: { name, modified, "dist-tags": tags, versions } };
}

function search(packages: readonly NpmPackage[], text: string) {
  const found = packages.filter(({ name }) => name.includes(text));
  const objects = found.map((pack) => ({
    package: { name: pack.name, version: releasesOf(pack).at(-1)?.version, maintainers: [] },
  }));
  return { objects, total: objects.length };
}

const wants = ({ headers }: Request, type: string) => (headers["accept"] ?? "").includes(type);
