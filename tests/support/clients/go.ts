import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { escaped } from "../registries/golang.ts";
import type { Client } from "./client.ts";
import { homeOf, olderThan, once, prepare, run, write } from "./run.ts";

/**
 * GOSUMDB is off unless `env` has it. As lockfile stand go.mod and go.sum, which name no registry: with them in place the
 * project is only built.
 */
export const go: Client = {
  name: "go",
  ecosystem: "golang",
  lockfile: "go.sum",
  program: ["go", "version"],
  // 1.21 is the first that reads `go 1.21.0` and `toolchain` in go.mod.
  unavailable: once(() => olderThan("go", "1.21.0", "version")),
  async install(options) {
    const { dir, url, packages, lockedAgainst } = options;
    const locked = lockedAgainst !== undefined;
    const home = await prepare(options, ...(locked ? [] : ["go.sum", "go.mod"]));
    const imports = Object.keys(packages).map((path) => `import _ "${path}"\n`);
    await write(dir, { "main.go": `package main\n\n${imports.join("")}\nfunc main() {}\n` });
    if (!locked) await write(dir, { "go.mod": "module project\n\ngo 1.21\n" });
    const env = {
      GOPROXY: url,
      GOSUMDB: "off",
      GOFLAGS: locked ? "-mod=readonly" : "-mod=mod",
      GOPATH: `${home}/go`,
      GOMODCACHE: `${home}/modules`,
      GOCACHE: BUILD_CACHE,
      GOTOOLCHAIN: "local",
      GOENV: "off",
      GO111MODULE: "on",
    };
    const wanted = Object.entries(packages).map(([path, version]) => `${path}@${version || "latest"}`);
    const get = locked ? [] : [["go", "get", ...wanted]];
    return run(options, env, ...get, ["go", "build", "-o", "/dev/null", "."]);
  },
  /** By the folder that its zip was unpacked to. */
  async installed(dir, path) {
    const folder = join(homeOf(dir), "modules", escaped(path));
    if (!existsSync(dirname(folder))) return undefined;
    const base = `${folder.slice(dirname(folder).length + 1)}@`;
    const versions = (await readdir(dirname(folder))).filter((name) => name.startsWith(base));
    return versions
      .map((name) => name.slice(base.length))
      .sort(Bun.semver.order)
      .at(-1);
  },
};

/** Compiled packages are kept over installs, or each would compile the standard library anew: it holds no modules. */
const BUILD_CACHE = join(import.meta.dir, "../../../.tools/go-build");
