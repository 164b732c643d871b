/** What is particular to gems: indexes that grow under warm clients, lists of old clients, platforms, lockfiles with checksums. */
import { expect, test } from "bun:test";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { outcome } from "../support/clients/client.ts";
import { bundle, bundler, gem } from "../support/clients/gem.ts";
import { prepare, run } from "../support/clients/run.ts";
import type { Proxy as Running } from "../support/proxy.ts";
import { type GemPackage, gemFile, makeGem } from "../support/registries/gem.ts";
import { hex } from "../support/registries/package.ts";
import { type Stage, setStage } from "../support/story.ts";
import { TIMEOUT } from "../support/time-limits.ts";
import { bytesOf, entryAt, text } from "../support/tree.ts";

const without = bundler.unavailable() !== undefined || gem.unavailable() !== undefined;

const LOWER: GemPackage = { name: "fx-lower", versions: { "1.0.0": {} } };
const MORE: GemPackage = { name: "fx-lower", versions: { "1.0.0": {}, "1.1.0": {} } };
const ANY = { packages: { "fx-lower": "" } };

/** Every document is compared with upstream's at each request. */
const ALWAYS = { config: { cache_metadata: false } };

const bodyAt = async (packages: readonly GemPackage[], path: string) =>
  Buffer.from(await bytesOf(entryAt(makeGem(packages), path))).toString();

/** Upstream publishes a release: at the end of its list, and in the gem's info. */
async function publish({ upstream }: Stage, name = MORE.name): Promise<string> {
  const info = await bodyAt([MORE], `/info/${name}`);
  const list = `${await bodyAt([LOWER], "/versions")}${name} 1.1.0 ${hex("md5", info)}\n`;
  upstream.set(`/up/info/${name}`, text(info));
  upstream.set("/up/versions", { ...text(list), headers: { ...text(list).headers, etag: `"${hex("md5", list)}"` } });
  upstream.set(`/up/gems/${name}-1.1.0.gem`, { body: gemFile(MORE, "1.1.0") });
  return list;
}

/** What a client with warm caches installs that has no lockfile yet. */
async function again({ dir }: Stage, proxy: Running, project = "warm") {
  await rm(join(dir(project), "Gemfile.lock"), { force: true });
  await rm(join(dir(project), "vendor"), { recursive: true, force: true });
  expect(outcome(await bundle({ dir: dir(project), url: `${proxy.url}/gem`, ...ANY }))).toBe("installed");
  return bundler.installed(dir(project), "fx-lower");
}

/** Statuses of what clients were answered for a path, from the log of requests. */
async function answered(log: string, path: string): Promise<number[]> {
  await Bun.sleep(400);
  const lines = (await Bun.file(log).text()).trim().split("\n");
  return lines
    .map((line) => JSON.parse(line) as { event: string; path?: string; status_code: number })
    .filter((line) => line.event === "request" && line.path === path)
    .map((line) => line.status_code);
}

test.skipIf(without)(
  "bundler, warm: what upstream appended is fetched as such, here and by the client, at once after it was",
  async () => {
    const stage = await setStage(bundler, { registry: () => makeGem([LOWER]), ...ANY });
    const { serve, install, dir, upstream } = stage;
    const log = join(dir("log"), "access.json");
    const proxy = await serve("store", { config: { ...ALWAYS.config, access_log: { path: log } } });
    expect(outcome(await install(proxy, "warm"))).toBe("installed");
    await publish(stage);
    upstream.forget();
    expect(await again(stage, proxy)).toBe("1.1.0");
    for (const path of ["versions", "info/fx-lower"]) {
      expect([path, await answered(log, `/gem/${path}`)]).toEqual([path, [200, 206]]);
    }
    const asked = upstream.requests.filter(({ path }) => path === "/up/versions");
    expect(asked.map(({ status, headers }) => `${status} ${headers["range"]}`)).toEqual(["206 bytes=0-"]);
    // And nothing more is: the client's validator is that of the whole.
    expect(await again(stage, proxy)).toBe("1.1.0");
    expect(await answered(log, "/gem/versions")).toEqual([200, 206, 304]);
  },
  TIMEOUT,
);

test.skipIf(without)(
  "bundler, warm: a list that shrinks, or is newer than the info, is no error to a client, and one line in the log",
  async () => {
    const stage = await setStage(bundler, { registry: () => makeGem([LOWER]), ...ANY });
    const { serve, install, upstream } = stage;
    const proxy = await serve("store", ALWAYS);
    const list = await publish(stage);
    expect(outcome(await install(proxy, "warm"))).toBe("installed");
    // Upstream's lists reach its edges before its infos.
    upstream.set("/up/versions", text(`${list}fx-lower 1.2.0 ${"0".repeat(32)}\n`));
    expect(await again(stage, proxy)).toBe("1.1.0");
    expect(proxy.stderr()).not.toContain("WARN");
    upstream.set("/up/versions", text(await bodyAt([LOWER], "/versions")));
    upstream.set("/up/info/fx-lower", text(await bodyAt([LOWER], "/info/fx-lower")));
    expect(await again(stage, proxy)).toBe("1.0.0");
    const warnings = proxy
      .stderr()
      .split("\n")
      .filter((line) => line.includes("WARN"));
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toMatch(
      /only grows was replaced upstream.*path=\/versions reason="it is shorter than what is held"/,
    );
  },
  TIMEOUT,
);

const NATIVE: readonly GemPackage[] = [
  LOWER,
  {
    name: "fx-native",
    versions: {
      "1.0.0": {
        platforms: ["java", "x86_64-linux", "aarch64-linux"],
        dependencies: { "fx-lower": "~> 1.0" },
        checksum: false,
      },
    },
  },
];

/** As Bundler 2.6 writes them. */
function lockfile(sums: Readonly<Record<string, string>>): string {
  const specs = [
    "fx-lower (1.0.0)",
    ...["x86_64-linux", "aarch64-linux"].map((platform) => `fx-native (1.0.0-${platform})`),
  ];
  return `GEM
  remote: https://gems.example/
  specs:
${specs.map((spec) => `    ${spec}\n${spec.startsWith("fx-native") ? "      fx-lower (~> 1.0)\n" : ""}`).join("")}
PLATFORMS
  aarch64-linux
  x86_64-linux

DEPENDENCIES
  fx-native

CHECKSUMS
${specs.map((spec) => `  ${spec}${sums[spec] ? ` sha256=${sums[spec]}` : ""}\n`).join("")}`;
}

test.skipIf(without || process.arch !== "x64")(
  "bundler: a lockfile with platforms and checksums is mirrored, proven, and installed unplugged; a wrong checksum is told",
  async () => {
    const { serve, install, dir, upstream } = await setStage(bundler, {
      registry: () => makeGem(NATIVE),
      packages: { "fx-native": "" },
    });
    const addresses = ["https://gems.example/"];
    const sums = {
      "fx-lower (1.0.0)": hex("sha256", gemFile(LOWER, "1.0.0")),
      "fx-native (1.0.0-x86_64-linux)": hex("sha256", gemFile(NATIVE[1]!, "1.0.0", "x86_64-linux")),
    };
    const file = join(dir("project"), "Gemfile.lock");
    const other = await serve("other", { addresses });
    await Bun.write(file, lockfile({ ...sums, "fx-lower (1.0.0)": "0".repeat(64) }));
    const wrong = await other.run(["mirror", "--lockfile", file]);
    expect([wrong.code, wrong.stdout + wrong.stderr]).toEqual([1, expect.stringContaining("0".repeat(64)) as string]);
    upstream.forget();
    const mirroring = await serve("store", { addresses });
    await Bun.write(file, lockfile(sums));
    const mirrored = await mirroring.run(["mirror", "--lockfile", file, "--platform", "linux-x64"]);
    expect([mirrored.code, mirrored.stdout]).toEqual([0, expect.stringContaining(" 0 failed") as string]);
    await mirroring.stop();
    expect(upstream.count(/fx-native-1\.0\.0-x86_64-linux\.gem$/)).toBe(1);
    expect(upstream.count(/fx-native-1\.0\.0(?:-java|-aarch64-linux)?\.gem$/)).toBe(0);
    await upstream.down();
    const offline = await serve("store", { offline: true, addresses });
    const proven = await offline.run(["verify", "--lockfile", file, "--platform", "linux-x64"]);
    expect([proven.code, proven.stdout]).toEqual([0, expect.stringContaining(" 0 holes") as string]);
    expect(outcome(await install(offline, "project", { lockedAgainst: "" }))).toBe("installed");
    expect(await bundler.installed(dir("project"), "fx-native")).toBe("1.0.0-x86_64-linux");
  },
  TIMEOUT,
);

test.skipIf(without)(
  "gem: lists and searches of what is held, and a platform of one's own, offline",
  async () => {
    const { serve, dir, upstream } = await setStage(gem, { registry: () => makeGem(NATIVE) });
    const mirroring = await serve("store");
    const purls = ["pkg:gem/fx-native@1.0.0?platform=java", "pkg:gem/fx-lower@1.0.0"];
    expect((await mirroring.run(["mirror", ...purls])).code).toBe(0);
    await mirroring.stop();
    await upstream.down();
    const offline = await serve("store", { offline: true });
    const options = { dir: dir("project"), url: offline.url, packages: {} };
    const home = await prepare(options);
    const source = ["--clear-sources", "--source", `${offline.url}/gem/`];
    const ask = (...command: readonly string[]) =>
      run(options, { GEM_SPEC_CACHE: `${home}/specs` }, ["gem", ...command, ...source]);
    expect((await ask("search", "fx", "--all")).stdout).toContain("fx-lower (1.0.0)\nfx-native (1.0.0 java)\n");
    const fetched = await ask("fetch", "fx-native", "--platform", "java");
    expect([fetched.code, fetched.stdout]).toEqual([
      0,
      expect.stringContaining("Downloaded fx-native-1.0.0-java") as string,
    ]);
    const held = await Bun.file(join(dir("project"), "fx-native-1.0.0-java.gem")).bytes();
    expect(hex("sha256", held)).toBe(hex("sha256", gemFile(NATIVE[1]!, "1.0.0", "java")));
  },
  TIMEOUT,
);
