import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { Client } from "./client.ts";
import { homeOf, missingProgram, olderThan, once, prepare, run, write } from "./run.ts";

/**
 * The registry replaces the default one (`replace-with`), so that the lockfile names the default one whatever the URL is. The
 * project is built, for which a linker is needed.
 */
export const cargo: Client = {
  name: "cargo",
  ecosystem: "cargo",
  lockfile: "Cargo.lock",
  program: ["cargo"],
  // 1.68 is the first that knows sparse registries.
  unavailable: once(() => olderThan("cargo", "1.68.0", "--version") ?? missingProgram("cc")),
  async install(options) {
    const { dir, url, packages, lockedAgainst } = options;
    const locked = lockedAgainst !== undefined;
    const home = await prepare(options, "target", ...(locked ? [] : ["Cargo.lock"]));
    const dependencies = Object.entries(packages).map(([name, range]) => `${name} = "${range || "*"}"\n`);
    const uses = Object.keys(packages).map((name) => `use ${name.replaceAll("-", "_")} as _;\n`);
    const registry = `[source.crates-io]\nreplace-with = "registry"\n[source.registry]\nregistry = "sparse+${url}/"\n`;
    await write(dir, {
      "Cargo.toml": `[package]\nname = "project"\nversion = "1.0.0"\nedition = "2021"\n[dependencies]\n${dependencies.join("")}[workspace]\n`,
      "src/main.rs": `${uses.join("")}fn main() {}\n`,
      ".home/cargo/config.toml": `${registry}[net]\nretry = 0\n`,
    });
    const env = { CARGO_HOME: `${home}/cargo`, ...rustupHome() };
    return run(options, env, ["cargo", "build", ...(locked ? ["--locked"] : [])]);
  },
  /** By the folder that its crate was unpacked to. */
  async installed(dir, name) {
    const sources = join(homeOf(dir), "cargo/registry/src");
    const registries = await readdir(sources).catch(() => []);
    const crates = await Promise.all(registries.map((registry) => readdir(join(sources, registry))));
    const folder = crates
      .flat()
      .find((crate) => crate.startsWith(`${name}-`) && /^\d/.test(crate.slice(name.length + 1)));
    return folder?.slice(name.length + 1);
  },
};

/** A cargo that is a proxy of rustup finds its toolchain through HOME, which is empty here. */
function rustupHome(): Record<string, string> {
  const folder = Bun.which("cargo")?.match(/^(.*)\/\.cargo\/bin\/cargo$/)?.[1];
  return folder && !process.env["RUSTUP_HOME"] ? { RUSTUP_HOME: `${folder}/.rustup` } : {};
}
