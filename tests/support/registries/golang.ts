/** A Go module proxy (GOPROXY protocol): lists, infos, go.mod files and module zips. Its checksum database is `sumdb.ts`. */
import { padded } from "../archives/files.ts";
import { zip } from "../archives/zip.ts";
import { binary, type Content, json, text } from "../tree.ts";
import { type Package, type Release, releasesOf } from "./package.ts";

export interface GoRelease extends Release {
  /** False: not in `@v/list`, as pseudo-versions are. Default true. */
  listed?: boolean;
  /** Retractions that its go.mod declares: `v1.0.0`, `[v1.0.0, v1.1.0]`. */
  retracts?: readonly string[];
}

/** Named by module path, capitals included: `fx.example/Upper`. Versions begin with `v`. */
export type GoPackage = Package<GoRelease>;

export function makeGolang(packages: readonly GoPackage[]): Map<string, Content> {
  const tree = new Map<string, Content>();
  for (const pack of packages) {
    const releases = releasesOf(pack);
    const infos = releases.map(({ version, publishedAt }) => ({
      Version: version,
      Time: publishedAt.replace(/\.\d+/, ""),
    }));
    const listed = releases.filter(({ listed = true }) => listed);
    const root = `/${escaped(pack.name)}`;
    tree.set(`${root}/@v/list`, text(listed.map(({ version }) => `${version}\n`).join("")));
    tree.set(`${root}/@latest`, json(infos.at(-1)));
    for (const [index, { version }] of releases.entries()) {
      const file = `${root}/@v/${escaped(version)}`;
      tree.set(`${file}.info`, json(infos[index]));
      tree.set(`${file}.mod`, text(goMod(pack, version)));
      tree.set(`${file}.zip`, binary(moduleZip(pack, version), "application/zip"));
    }
  }
  return tree;
}

/** Module paths and versions in URLs: `fx.example/Upper` → `fx.example/!upper`. */
export const escaped = (path: string): string => path.replace(/[A-Z]/g, (capital) => `!${capital.toLowerCase()}`);

function goMod({ name, versions }: GoPackage, version: string): string {
  const { dependencies = {}, retracts = [] } = versions[version] ?? {};
  const requires = Object.entries(dependencies).map(([path, wanted]) => `require ${path} ${wanted}\n`);
  return `module ${name}\n\ngo 1.21\n\n${requires.join("")}${retracts.map((range) => `retract ${range}\n`).join("")}`;
}

/** A package with `const Version`, which imports what it requires. */
export function moduleZip(pack: GoPackage, version: string): Uint8Array<ArrayBuffer> {
  const { dependencies = {}, size } = pack.versions[version] ?? {};
  const root = `${pack.name}@${version}`;
  const imports = Object.keys(dependencies).map((path) => `import _ "${path}"\n`);
  const source = `package ${packageName(pack.name)}\n\n${imports.join("")}\nconst Version = "${version}"\n`;
  const files = { [`${root}/go.mod`]: goMod(pack, version), [`${root}/module.go`]: source };
  return zip(padded(files, `${root}/filler.bin`, size));
}

/** The last element of a module path, but for a major version: `fx.example/Upper/v2` → `upper`. */
export function packageName(path: string): string {
  const last =
    path
      .replace(/\/v\d+$/, "")
      .split("/")
      .at(-1) ?? "";
  return last.toLowerCase().replace(/[^a-z0-9]/g, "");
}
