import { existsSync } from "node:fs";
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Result } from "./client.ts";
import { missingProgram, run } from "./run.ts";

export interface AptOptions {
  /** A private root: nothing of the machine's apt or dpkg is read or changed. */
  dir: string;
  /** As in a sources.list: `http://127.0.0.1:8080/debian stable main`. */
  source: string;
  /** The public key; without one, the repository is trusted as it is. */
  key?: string;
  options?: Readonly<Record<string, string>>;
}

export function unavailable(): string | undefined {
  return ["apt-get", "dpkg", "gpg"].map(missingProgram).find(Boolean);
}

/** A clean root, its sources read. */
export async function update({ dir, source, key, options = {} }: AptOptions): Promise<Result> {
  const entry = `deb [arch=amd64 ${key ? `signed-by=${key}` : "trusted=yes"}] ${source}\n`;
  return updateFrom(dir, { "sources.list": entry }, options);
}

/** The same, with files in the root's `etc/apt`. */
export async function updateFrom(
  dir: string,
  sources: Readonly<Record<string, string>>,
  options: AptOptions["options"] = {},
): Promise<Result> {
  await rm(dir, { recursive: true, force: true });
  for (const folder of [
    "etc/apt/preferences.d",
    "var/lib/apt/lists/partial",
    "var/cache/apt/archives/partial",
    "var/lib/dpkg",
    "var/log/apt",
    ".home",
  ])
    await mkdir(join(dir, folder), { recursive: true });
  await Bun.write(join(dir, "var/lib/dpkg/status"), "");
  for (const [path, content] of Object.entries(sources)) await Bun.write(join(dir, "etc/apt", path), content);
  const settings = {
    Dir: dir,
    "Dir::State::status": join(dir, "var/lib/dpkg/status"),
    "Dir::Etc::Parts": "/dev/null",
    "Dir::Etc::Trusted": "/dev/null",
    "Dir::Etc::TrustedParts": "/dev/null",
    "Dir::Bin::dpkg": "/usr/bin/dpkg",
    "APT::Sandbox::User": "root",
    "APT::Architecture": "amd64",
    "APT::Architectures": "amd64",
    "Acquire::Languages": "en",
    // As on machines with a software centre: one of its lists missing, apt takes none of the suite's.
    "Acquire::IndexTargets::deb::DEP-11::MetaKey": "$(COMPONENT)/dep11/Components-$(NATIVE_ARCHITECTURE).yml",
    "Acquire::IndexTargets::deb::DEP-11::ShortDescription": "Components-$(NATIVE_ARCHITECTURE)",
    "Acquire::IndexTargets::deb::DEP-11::Description": "$(RELEASE)/$(COMPONENT) $(NATIVE_ARCHITECTURE) DEP-11 Metadata",
    "Acquire::Retries": "0",
    "DPkg::Options": `--root=${dir};--force-not-root`,
    ...options,
  };
  const lines = Object.entries(settings).map(([name, value]) =>
    name === "DPkg::Options"
      ? `DPkg::Options { ${value
          .split(";")
          .map((each) => `"${each}";`)
          .join(" ")} };`
      : `${name} "${value}";`,
  );
  await Bun.write(join(dir, "apt.conf"), lines.join("\n"));
  // Without --error-on=any an update that failed ends with 0.
  return apt(dir, "update", "--error-on=any");
}

export async function apt(dir: string, ...args: readonly string[]): Promise<Result> {
  const env = { APT_CONFIG: join(dir, "apt.conf"), DEBIAN_FRONTEND: "noninteractive", LC_ALL: "C" };
  return run({ dir, url: "", packages: {} }, env, ["apt-get", "-q", "-y", ...args]);
}

/** Updated, and the packages installed. */
export async function install(options: AptOptions, ...packages: readonly string[]): Promise<Result> {
  const updated = await update(options);
  return updated.code === 0 ? apt(options.dir, "install", ...packages) : updated;
}

/** What a package of the tests has installed in a root: its name and version. */
export async function installed(dir: string, name: string): Promise<string | undefined> {
  const file = join(dir, "usr/share/fx", name);
  return existsSync(file) ? (await Bun.file(file).text()).trim() : undefined;
}
