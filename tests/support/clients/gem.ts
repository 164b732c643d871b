import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { Client } from "./client.ts";
import { missingProgram, prepare, run, write } from "./run.ts";

/** Reads lists of all gems and one specification each; later ones read the index, as bundler does. It has no lockfile. */
export const gem: Client = {
  name: "gem",
  ecosystem: "gem",
  trusts: true,
  program: ["gem"],
  unavailable: () => missingProgram("gem"),
  async install(options) {
    const { url, packages } = options;
    const home = await prepare(options, GEMS);
    const source = ["--clear-sources", "--source", `${url}/`, "--install-dir", GEMS, "--no-document"];
    const commands = Object.entries(packages).map(([name, range]) =>
      ["gem", "install", name, ...source, range ? ["--version", range] : []].flat(),
    );
    return run(options, { GEM_SPEC_CACHE: `${home}/specs` }, ...commands);
  },
  installed: (dir, name) => versionIn(join(dir, GEMS, "gems"), name),
};

const GEMS = "gems";

/** A mirror of all sources stands for the one that the lockfile names. */
export const bundler: Client = {
  name: "bundler",
  ecosystem: "gem",
  lockfile: "Gemfile.lock",
  program: ["bundler"],
  unavailable: () => missingProgram("bundle"),
  async install(options) {
    const { lockedAgainst } = options;
    await prepare(options, VENDOR, ...(lockedAgainst === undefined ? ["Gemfile.lock"] : []));
    return bundle(options, lockedAgainst !== undefined);
  },
  async installed(dir, name) {
    const [version] = await readdir(join(dir, VENDOR, "ruby")).catch(() => []);
    return version && versionIn(join(dir, VENDOR, "ruby", version, "gems"), name);
  },
};

const VENDOR = "vendor";

/** With what earlier runs left: a warm client. `locked`: as the lockfile says, or not at all. */
export async function bundle(options: Parameters<Client["install"]>[0], locked = false) {
  const { dir, url, packages } = options;
  const wishes = Object.entries(packages).map(([name, range]) => {
    const words = [name, ...range.split(/,\s*/).filter(Boolean)];
    return `gem ${words.map((word) => JSON.stringify(word)).join(", ")}\n`;
  });
  await write(dir, { Gemfile: `source "https://gems.example"\n${wishes.join("")}` });
  const env = {
    BUNDLE_MIRROR__ALL: `${url}/`,
    BUNDLE_PATH: VENDOR,
    BUNDLE_RETRY: "0",
    BUNDLE_SILENCE_ROOT_WARNING: "true",
    ...(locked && { BUNDLE_FROZEN: "true" }),
  };
  return run(options, env, ["bundle", "install"]);
}

async function versionIn(folder: string, name: string): Promise<string | undefined> {
  const found = (await readdir(folder).catch(() => [])).filter(
    (each) => each.startsWith(`${name}-`) && /^\d/.test(each.slice(name.length + 1)),
  );
  return found
    .map((each) => each.slice(name.length + 1))
    .sort()
    .at(-1);
}
