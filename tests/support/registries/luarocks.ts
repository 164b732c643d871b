/** A server of rocks: a manifest for each Lua, and a rock of sources with its specification for each release. */
import { tarGz } from "../archives/tar.ts";
import { zip } from "../archives/zip.ts";
import { binary, type Content, text } from "../tree.ts";
import { type Package, releasesOf } from "./package.ts";

/** That of all, and of each Lua. */
const MANIFESTS = ["", "-5.1", "-5.2", "-5.3", "-5.4"];

export function makeLuarocks(packages: readonly Package[]): Map<string, Content> {
  const tree = new Map<string, Content>();
  const listed = packages.map((pack) => {
    const versions = releasesOf(pack).map(({ version, dependencies }) => {
      const label = `${pack.name}-${version}`;
      const spec = rockspec(pack.name, version, dependencies);
      tree.set(`/${label}.rockspec`, text(spec));
      tree.set(`/${label}.src.rock`, binary(srcRock(pack.name, version, spec)));
      return `["${version}"] = { { arch = "rockspec" }, { arch = "src" } }`;
    });
    return `["${pack.name}"] = { ${versions.join(", ")} }`;
  });
  const manifest = `commands = {}\nmodules = {}\nrepository = {\n${listed.join(",\n")}\n}\n`;
  for (const lua of MANIFESTS) tree.set(`/manifest${lua}`, text(manifest));
  return tree;
}

function rockspec(name: string, version: string, dependencies: Readonly<Record<string, string>>): string {
  const wanted = Object.entries(dependencies).map(([other, range]) => `, "${other} ${range}"`);
  const [, main, revision] = /^(.*)(-\d+)$/.exec(version)!;
  return `-- As people write them.
local v = "${main}"
package = "${name}"
version = v .. "${revision}"
source = { url = "https://sources.example/${name}.tar.gz", dir = "${name}" }
description = { summary = "For tests" }
dependencies = { "lua >= 5.1"${wanted.join("")} }
build = { type = "builtin", modules = { ["${name}"] = "${name}.lua" } }
`;
}

function srcRock(name: string, version: string, spec: string): Uint8Array<ArrayBuffer> {
  const sources = tarGz({ [`${name}/${name}.lua`]: `return "${name} ${version}"\n` });
  return zip({ [`${name}-${version}.rockspec`]: spec, [`${name}.tar.gz`]: sources });
}
