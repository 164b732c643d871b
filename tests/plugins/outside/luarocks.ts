import type { Doc, Ecosystem, Package, Path, ReleaseFacts, Requirement, View } from "proxy/plugin";
import { readLua, type Table, type Value, writeLua } from "./lib/lua.ts";
import { compareRocks, isStableRock, satisfiesRocks } from "./lib/lua-versions.ts";

/** `name-1.0-1.src.rock`: the version has one dash, before its revision; names may have dashes and dots. */
const FILE = String.raw`(?<name>[\w.-]+?)-(?<version>[\w.]+-\d+)`;

export const luarocks: Ecosystem = {
  id: "luarocks",
  contract: 1,
  title: "LuaRocks: luarocks",
  spec: "https://github.com/luarocks/luarocks/blob/main/docs/rock_file_format.md",
  upstreams: { default: "https://luarocks.org" },
  setup: (base) => `luarocks config rocks_servers[1] ${base}`,
  options: {
    lua: { default: ["5.1", "5.2", "5.3", "5.4"], help: "Versions of Lua whose manifests list what there is." },
  },

  routes: [
    // The same manifest packed in other ways: clients ask for the plain one when these are not there.
    {
      kind: "deny",
      match: /^\/manifest(?:-\d\.\d)?\.(?:zip|json)$/,
      status: 404,
      reason: "Ask for the plain manifest.",
    },
    { kind: "metadata", match: /^\/manifest(?:-(?<lua>\d\.\d))?$/, parse: readManifest, rewrite: shownManifest },
    {
      kind: "metadata",
      match: new RegExp(`^/${FILE}\\.rockspec$`),
      freshness: "immutable",
      release: ({ name, version }) => ({ name: name!, version: version! }),
      parse: readRockspec,
    },
    {
      kind: "artifact",
      match: new RegExp(`^/${FILE}\\.(?<arch>[\\w-]+)\\.rock$`),
      release: ({ name, version }) => ({ name: name!, version: version! }),
    },
  ],

  index: (_pkg, { options }) => (options["lua"] ?? []).map((lua): Path => `/manifest-${lua}`),
  versions: { compare: compareRocks, isStable: isStableRock, satisfies: satisfiesRocks },
};

/** What a manifest lists: versions of each name, and of each version the forms that it has. */
function repositoryOf(doc: Doc): Table {
  const repository = readLua(doc.text()).get("repository");
  if (!(repository instanceof Map)) throw new Error(`${doc.path} is no manifest: it has no repository`);
  return repository;
}

function readManifest(doc: Doc, only?: Package) {
  return { releases: releasesOf(repositoryOf(doc), only) };
}

function* releasesOf(repository: Table, only?: Package): Iterable<ReleaseFacts> {
  for (const [name, versions] of repository) {
    if (only && only.name !== name) continue;
    for (const [version, forms] of tableOf(versions)) {
      const archs = Array.from(tableOf(forms).values(), archOf);
      const files = archs.sort(byUse).map((arch) => ({ path: fileOf(String(name), String(version), arch) }));
      const isElsewhere = archs.every((arch) => arch === "rockspec");
      yield {
        name: String(name),
        version: String(version),
        files,
        ...(isElsewhere && { builds: "its sources lie elsewhere, as its rockspec says" }),
      };
    }
  }
}

/** Rocks come first: clients take them before the specification, whose sources lie elsewhere. */
function byUse(a: string, b: string): number {
  return Number(a === "rockspec") - Number(b === "rockspec") || Number(b === "src") - Number(a === "src");
}

function fileOf(name: string, version: string, arch: string): Path {
  return `/${name}-${version}.${arch === "rockspec" ? arch : `${arch}.rock`}`;
}

function shownManifest(doc: Doc, view: View) {
  const shown: Table = new Map();
  for (const [name, versions] of repositoryOf(doc)) {
    const kept: Table = new Map();
    for (const [version, forms] of tableOf(versions)) {
      const release = { name: String(name), version: String(version) };
      const admitted = Array.from(tableOf(forms).values()).filter((form) =>
        view.admits(release, fileOf(release.name, release.version, archOf(form))),
      );
      if (admitted.length > 0) kept.set(version, new Map(admitted.map((form, i) => [i + 1, form])));
    }
    if (kept.size > 0) shown.set(name, kept);
  }
  return { body: `commands = {}\nmodules = {}\nrepository = ${writeLua(shown)}\n`, mediaType: "text/plain" };
}

/** What a release requires: `dependencies = { "lua >= 5.1", "lpeg ~> 1.0" }`. Lua itself is no rock. */
function readRockspec(doc: Doc) {
  const spec = readLua(doc.text());
  const [name, version] = [spec.get("package"), spec.get("version")];
  if (typeof name !== "string" || typeof version !== "string" || !spec.has("source"))
    throw new Error(`${doc.path} is no rockspec: expected package, version and source`);
  const wanted = Array.from(tableOf(spec.get("dependencies")).values(), textOf);
  const requires = wanted.flatMap((each): Requirement[] => {
    const [, required = "", range = ""] = /^\s*(\S+)\s*(.*)$/.exec(each) ?? [];
    return required === "lua" || required === "" ? [] : [{ name: required.toLowerCase(), range }];
  });
  return { releases: [{ name: doc.params["name"]!, version, requires }] };
}

/** `src`, `rockspec`, `linux-x86_64`. */
function archOf(form: Value): string {
  return textOf(tableOf(form).get("arch"));
}

function textOf(value: Value | undefined): string {
  return typeof value === "string" ? value : "";
}

function tableOf(value: Value | undefined): Table {
  return value instanceof Map ? value : new Map();
}
