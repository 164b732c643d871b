/** A Cargo registry: sparse index (RFC 2789) and crates. The download root of the `dl` template is `BASE/crates`. */
import { padded } from "../archives/files.ts";
import { tarGz } from "../archives/tar.ts";
import { binary, type Content, json, text } from "../tree.ts";
import { hex, type Package, type Release, releasesOf } from "./package.ts";

export interface CargoRelease extends Release {
  yanked?: boolean;
  /** Feature name → what it turns on. */
  features?: Readonly<Record<string, readonly string[]>>;
  /** False: the line has no `pubtime`, as in older snapshots of the index. */
  pubtime?: boolean;
}

export type CargoPackage = Package<CargoRelease>;

export function makeCargo(packages: readonly CargoPackage[], base: string): Map<string, Content> {
  const tree = new Map<string, Content>();
  tree.set("/config.json", json({ dl: `${base}/crates/{crate}/{crate}-{version}.crate`, api: base }));
  for (const pack of packages) {
    const lines = releasesOf(pack).map(({ version }) => {
      const crate = crateFile(pack, version);
      tree.set(cratePath(pack.name, version), binary(crate, "application/gzip"));
      return `${JSON.stringify(indexLine(pack, version, hex("sha256", crate)))}\n`;
    });
    tree.set(indexPath(pack.name), text(lines.join("")));
  }
  tree.set("/api/v1/crates", ({ query }) => {
    const found = packages.filter(({ name }) => name.includes(query.get("q") ?? ""));
    const crates = found.map((pack) => ({ name: pack.name, max_version: releasesOf(pack).at(-1)?.version }));
    return json({ crates, meta: { total: crates.length } });
  });
  return tree;
}

/** a → /1/a, ab → /2/ab, abc → /3/a/abc, serde → /se/rd/serde. */
export function indexPath(name: string): string {
  const lower = name.toLowerCase();
  if (lower.length < 3) return `/${lower.length}/${lower}`;
  return lower.length === 3 ? `/3/${lower[0]}/${lower}` : `/${lower.slice(0, 2)}/${lower.slice(2, 4)}/${lower}`;
}

export const cratePath = (name: string, version: string): string => `/crates/${name}/${name}-${version}.crate`;

/** A library crate with `pub fn version()`. */
export function crateFile(pack: CargoPackage, version: string): Uint8Array<ArrayBuffer> {
  const { dependencies = {}, features = {}, size } = pack.versions[version] ?? {};
  const root = `${pack.name}-${version}`;
  const table = (entries: readonly string[]) => entries.map((entry) => `${entry}\n`).join("");
  const manifest = [
    `[package]\nname = "${pack.name}"\nversion = "${version}"\nedition = "2021"\n`,
    `[dependencies]\n${table(Object.entries(dependencies).map(([name, range]) => `${name} = "${range}"`))}`,
    `[features]\n${table(Object.entries(features).map(([name, on]) => `${name} = ${JSON.stringify(on)}`))}`,
  ];
  const source = `pub fn version() -> &'static str { "${version}" }\n`;
  const files = { [`${root}/Cargo.toml`]: manifest.join("\n"), [`${root}/src/lib.rs`]: source };
  return tarGz(padded(files, `${root}/filler.bin`, size));
}

function indexLine(pack: CargoPackage, version: string, cksum: string) {
  const { dependencies = {}, features = {}, yanked = false, pubtime = true } = pack.versions[version] ?? {};
  const { publishedAt } = releasesOf(pack).find((release) => release.version === version)!;
  const deps = Object.entries(dependencies).map(([name, req]) => ({
    name,
    // A bare version in Cargo.toml means a caret requirement; the index spells it out.
    req: /^\d/.test(req) ? `^${req}` : req,
    features: [],
    optional: false,
    default_features: true,
    target: null,
    kind: "normal",
  }));
  const line = { name: pack.name, vers: version, deps, cksum, features, yanked };
  // Cargo wants whole seconds.
  return pubtime ? { ...line, pubtime: publishedAt.replace(/\.\d+/, "") } : line;
}
