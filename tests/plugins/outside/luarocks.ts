import {
  BadRequest,
  type Body,
  type Doc,
  type Ecosystem,
  type FileFacts,
  hash,
  type Lockfile,
  type Package,
  type Params,
  type Path,
  type Release,
  type View,
} from "proxy/plugin";
import { type Lua, type LuaTable, readLua, writeLua } from "./lib/lua.ts";
import { compareVersions, inRange, isStable } from "./lib/lua-versions.ts";

const OWNER = `(?:/manifests/(?<owner>[^/]+))?`;
const NAMED = String.raw`${OWNER}/(?<name>[^/]+)-(?<version>[^/-]+-\d+)`;
const LUAS = ["5.1", "5.2", "5.3", "5.4"];

/** What `luarocks --pin` writes: `return { dependencies = { lpeg = "1.1.0-1" } }`, and lists of the same kind of what builds and tests. */
const luarocksLock: Lockfile = {
  id: "luarocks-lock",
  title: "luarocks.lock",
  recognizes: (name, text) => name === "luarocks.lock" || /^return \{\s*dependencies = \{/.test(text),
  *read(text) {
    for (const [list, packages] of lockedIn(text))
      for (const [name, version] of tableOf(packages)) {
        const place = `${list}["${name}"]`;
        if (!/^[^/-]+-\d+$/.test(textOf(version)))
          throw new BadRequest(`${place}: expected VERSION-REVISION, found "${textOf(version)}"`);
        if (name !== "lua")
          yield { purl: { type: "luarocks", name: String(name).toLowerCase(), version: textOf(version) }, place };
      }
  },
};

function lockedIn(text: string): LuaTable {
  try {
    return tableOf(readLua(text.replace(/^\s*return\b/, "locked =")).get("locked"));
  } catch (error) {
    throw new BadRequest(`this is no luarocks.lock: ${(error as Error).message}`);
  }
}

export const luarocks: Ecosystem = {
  id: "luarocks",
  contract: 2,
  title: "LuaRocks: rocks and rockspecs for Lua; luarocks",
  spec: "https://github.com/luarocks/luarocks/blob/main/docs/rock_file_format.md",
  upstreams: { default: "https://luarocks.org" },
  setup: (base) => `luarocks install --only-server ${base} NAME`,
  routes: [
    // A manifest that is a zip archive says the same again; without it clients take the plain one.
    { kind: "deny", match: /\/manifest-[^/]+\.(?:zip|json)$/, status: 404, reason: "only plain manifests are served" },
    {
      kind: "metadata",
      match: new RegExp(`^${OWNER}/manifest(?:-(?<lua>[0-9.]+))?$`),
      parse: parseManifest,
      rewrite: rewriteManifest,
    },
    {
      kind: "metadata",
      match: new RegExp(`^${NAMED}\\.rockspec$`),
      freshness: "immutable",
      release: releaseOf,
      describedBy: () => [],
      parse: parseRockspec,
    },
    // The registry states no digests.
    {
      kind: "artifact",
      match: new RegExp(`^${NAMED}\\.(?<arch>[^/.]+)\\.rock$`),
      release: releaseOf,
      describedBy: () => [],
    },
  ],
  index: ({ name }) => [`${below(ownerOf(name))}/manifest`],
  identity: (name) => name.toLowerCase(),
  builtIn: (name) => (name === "lua" ? "is Lua itself" : undefined),
  versions: { compare: compareVersions, isStable, satisfies: inRange },
  lockfiles: [luarocksLock],
  catalog: {
    async *list(reader) {
      const events = [...packagesOf(readLua(await reader.text("/manifest")))].map(([name, versions]) => ({
        type: "changed" as const,
        package: { name },
        revision: hash("sha256", writeLua(versions)),
      }));
      yield { events, checkpoint: "" };
    },
  },
};

function parseManifest(doc: Doc, only?: Package) {
  const { owner, lua } = doc.params;
  const packages = [...packagesOf(readLua(doc.text()))];
  const wanted = packages.filter(([name]) => !only || fullName(owner, name) === only.name);
  const releases = wanted.flatMap(([name, versions]) =>
    [...versions].map(([version, rocks]) => {
      const files = rocksOf(rocks).map(
        (arch): FileFacts => ({ path: fileOf(owner, name, version, arch), isSource: arch === "src" }),
      );
      const release = { name: fullName(owner, name), version: String(version), files };
      const isSpecOnly = files.every(({ path }) => path.endsWith(".rockspec"));
      return isSpecOnly ? { ...release, builds: "is fetched from where its rockspec says" } : release;
    }),
  );
  // Clients ask for the one of their Lua.
  return { releases, beside: lua ? [] : LUAS.map((version): Path => `${below(owner)}/manifest-${version}`) };
}

function rewriteManifest(doc: Doc, view: View): Body {
  const { owner } = doc.params;
  const shown: LuaTable = new Map();
  for (const [name, versions] of packagesOf(readLua(doc.text()))) {
    const kept: LuaTable = new Map();
    for (const [version, rocks] of versions) {
      const release = { name: fullName(owner, name), version: String(version) };
      const admitted = rocksOf(rocks).filter((arch) => view.admits(release, fileOf(owner, name, version, arch)));
      if (admitted.length > 0) kept.set(version, listOf(admitted.map((arch) => new Map([["arch", arch]]))));
    }
    if (kept.size > 0) shown.set(name, kept);
  }
  return `commands = {}\nmodules = {}\nrepository = ${writeLua(shown)}\n`;
}

function parseRockspec(doc: Doc) {
  const spec = readLua(doc.text());
  const release = releaseOf(doc.params);
  for (const key of ["package", "version", "source", "build"])
    if (!spec.has(key)) throw new Error(`${doc.path} is no rockspec: it has no ${key}`);
  if (spec.get("version") !== release.version)
    throw new Error(`${doc.path} is of version ${textOf(spec.get("version"))}`);
  const requires = [...tableOf(spec.get("dependencies"))]
    .filter(([key]) => typeof key === "number")
    .map(([, text]) => {
      const [, name = "", range = ""] = /^\s*([^\s<>=~!@,]+)\s*(.*)$/s.exec(textOf(text)) ?? [];
      return { name: name.toLowerCase(), range };
    })
    .filter(({ name }) => name !== "lua");
  return { releases: [{ ...release, requires }] };
}

/** The packages of a manifest with their versions. Throws where it has none: an empty one says `repository = {}`. */
function* packagesOf(manifest: LuaTable): Generator<[string, LuaTable]> {
  const found = manifest.get("repository");
  if (!(found instanceof Map)) throw new Error("no manifest: it has no repository");
  for (const [name, versions] of found) yield [String(name), tableOf(versions)];
}

function rocksOf(rocks: Lua): string[] {
  return [...tableOf(rocks).values()].map((rock) => textOf(tableOf(rock).get("arch")));
}

function fileOf(owner: string | undefined, name: string, version: string | number, arch: string): Path {
  return `${below(owner)}/${name}-${version}.${arch === "rockspec" ? arch : `${arch}.rock`}`;
}

function releaseOf({ owner, name, version }: Params): Release {
  return { name: fullName(owner, name!), version: version! };
}

/** Of a package in somebody's own manifest, `owner/name`. */
function fullName(owner: string | undefined, name: string): string {
  return owner ? `${owner}/${name}` : name;
}

function ownerOf(name: string): string | undefined {
  return name.includes("/") ? name.slice(0, name.indexOf("/")) : undefined;
}

function below(owner: string | undefined): Path | "" {
  return owner ? `/manifests/${encodeURIComponent(owner)}` : "";
}

function textOf(value: Lua): string {
  return typeof value === "string" ? value : "";
}

function tableOf(value: Lua): LuaTable {
  return value instanceof Map ? value : new Map();
}

function listOf(items: readonly Lua[]): LuaTable {
  return new Map(items.map((item, index) => [index + 1, item]));
}
