/**
 * README's table "Point a client at it", as a new user follows it: its commands are run and its files written as they stand
 * there, then the client installs with no other setting of a registry.
 */
import { expect, onTestFinished, test } from "bun:test";
import { chmod, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { clients } from "../support/clients/all.ts";
import { apt, unavailable as noApt, updateFrom } from "../support/clients/apt.ts";
import { type Client, outcome } from "../support/clients/client.ts";
import { DOTNET, dotnetEnv } from "../support/clients/dotnet.ts";
import { helm } from "../support/clients/helm.ts";
import { packageJson } from "../support/clients/node-modules.ts";
import { ociClients } from "../support/clients/oci.ts";
import { pyproject, python } from "../support/clients/python.ts";
import { CLIENTS, homeOf, run, write } from "../support/clients/run.ts";
import { setOciStage } from "../support/oci-stage.ts";
import { projects } from "../support/projects.ts";
import { type Proxy as Running, startProxy } from "../support/proxy.ts";
import { makeDebian, makeKey } from "../support/registries/debian.ts";
import { debianPlugin } from "../support/registries/debian-maven.ts";
import { makeHelm } from "../support/registries/helm.ts";
import { setStage } from "../support/story.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { TIMEOUT } from "../support/time-limits.ts";
import { overlay } from "../support/tree.ts";
import { startUpstream } from "../support/upstream.ts";

const README = await Bun.file(join(import.meta.dir, "../../README.md")).text();

/** What a row says to do: commands to run and files to write. */
interface SetUp {
  commands: string[];
  files: Record<string, string>;
  isRun: boolean;
}

/** The rows by client. "in `FILE`:" begins a file, of which each following piece of code is a line; other code is a command. */
const rows = new Map<string, SetUp>();
for (const row of section("Point a client at it").matchAll(
  /^\| ([\w ]+?)( \(not run by the tests: [^)]+\))? \| (.+) \|$/gm,
)) {
  const [, name = "", notRun, cell = ""] = row;
  const setUp: SetUp = { commands: [], files: {}, isRun: notRun === undefined };
  const [before = "", file, content = ""] = cell.split(/\bin `([^`]+)`:/);
  for (const [, code = ""] of before.matchAll(/`([^`]+)`/g)) if (!code.includes("{")) setUp.commands.push(code);
  if (file) setUp.files[file] = Array.from(content.matchAll(/`([^`]+)`/g), ([, line]) => `${line}\n`).join("");
  rows.set(name, setUp);
}

/** The text below a heading; of a table, from its first row. */
function section(title: string): string {
  const from = README.indexOf("|---|", README.indexOf(`## ${title}`));
  return README.slice(from, README.indexOf("\n## ", from + 1));
}

interface Follower {
  client?: Client;
  /** Beside what the row says: a project, and what names no registry. */
  files?: Readonly<Record<string, string>>;
  env?: (home: string) => Readonly<Record<string, string>>;
  /** Programs by the name that README calls them by. */
  programs?: Readonly<Record<string, string>>;
  install: readonly string[];
}

const client = (name: string) => clients.find((each) => each.name === name)!;
const node = (path: string) => `node ${join(CLIENTS, path)}`;
const npmProject = { "package.json": packageJson(projects.npm.packages) };
const rust = Bun.which("cargo")?.match(/^(.*)\/\.cargo\/bin\/cargo$/)?.[1];

const followers: Readonly<Record<string, Follower>> = {
  npm: { client: client("npm"), files: npmProject, install: ["npm install --no-audit"] },
  pnpm: {
    client: client("pnpm"),
    files: npmProject,
    programs: { pnpm: node("npm/node_modules/pnpm/bin/pnpm.mjs") },
    install: ["pnpm install --no-frozen-lockfile"],
  },
  "yarn 1": {
    client: client("yarn-classic"),
    files: npmProject,
    programs: { yarn: node("npm/node_modules/yarn/bin/yarn.js") },
    // root's cache is one for the whole machine otherwise.
    env: (home) => ({ YARN_CACHE_FOLDER: `${home}/cache` }),
    install: ["yarn install"],
  },
  "yarn berry": {
    client: client("yarn-berry"),
    files: { ...npmProject, "yarn.lock": "" },
    programs: { yarn: node("berry/node_modules/@yarnpkg/cli-dist/bin/yarn.js") },
    env: () => ({ YARN_ENABLE_IMMUTABLE_INSTALLS: "false", YARN_NODE_LINKER: "node-modules" }),
    install: ["yarn install"],
  },
  bun: { client: client("bun"), files: npmProject, install: ["bun install"] },
  pip: {
    client: client("pip"),
    programs: { pip: `${python} -m pip` },
    install: [`${python} -m venv --without-pip .venv`, "pip --python .venv/bin/python install 'fx-upper>=1.0'"],
  },
  uv: {
    client: client("uv"),
    files: { "pyproject.toml": pyproject(projects.pypi.packages, "[tool.uv]\npackage = false\n") },
    programs: { uv: join(CLIENTS, "uv/bin/uv") },
    env: () => ({ UV_PYTHON: python ?? "python3", UV_PYTHON_DOWNLOADS: "never" }),
    install: ["uv sync"],
  },
  poetry: {
    client: client("poetry"),
    files: { "pyproject.toml": pyproject(projects.pypi.packages, "[tool.poetry]\npackage-mode = false\n") },
    programs: { poetry: join(CLIENTS, "poetry/bin/poetry") },
    env: () => ({ POETRY_VIRTUALENVS_IN_PROJECT: "true", PYTHON_KEYRING_BACKEND: "keyring.backends.null.Keyring" }),
    install: [`poetry env use ${python}`, "poetry install --no-interaction"],
  },
  cargo: {
    client: client("cargo"),
    files: {
      "Cargo.toml": '[package]\nname = "project"\nversion = "1.0.0"\n[dependencies]\nfx-upper = "1"\n[workspace]\n',
      "src/main.rs": "fn main() {}\n",
    },
    env: () => (rust && !process.env["RUSTUP_HOME"] ? { RUSTUP_HOME: `${rust}/.rustup` } : {}),
    install: ["cargo fetch"],
  },
  gem: { client: client("gem"), install: ["gem install fx-upper --install-dir gems --no-document"] },
  bundler: {
    client: client("bundler"),
    files: { Gemfile: 'source "https://gems.example"\ngem "fx-upper"\n' },
    env: () => ({ BUNDLE_PATH: "vendor", BUNDLE_SILENCE_ROOT_WARNING: "true" }),
    install: ["bundle install"],
  },
  go: {
    client: client("go"),
    files: {
      "go.mod": "module project\n\ngo 1.21\n",
      "main.go": 'package main\n\nimport _ "fx.example/upper"\n\nfunc main() {}\n',
    },
    // The modules are those of no public checksum database.
    env: () => ({ GOSUMDB: "off", GOTOOLCHAIN: "local", GOFLAGS: "-mod=mod" }),
    install: ["go mod tidy", "chmod -R u+w $(go env GOMODCACHE)"],
  },
  mvn: {
    client: client("mvn"),
    files: {
      "pom.xml": `<project><modelVersion>4.0.0</modelVersion><groupId>p</groupId><artifactId>p</artifactId><version>1</version><packaging>pom</packaging>
        <dependencies><dependency><groupId>ex.fx</groupId><artifactId>upper</artifactId><version>1.1</version></dependency></dependencies></project>`,
    },
    env: (home) => ({ MAVEN_OPTS: `-Duser.home=${home}` }),
    install: [
      `mvn --batch-mode org.apache.maven.plugins:maven-dependency-plugin:${debianPlugin("maven-dependency-plugin")}:copy-dependencies`,
    ],
  },
  dotnet: {
    client: client("dotnet"),
    files: {
      "project.csproj":
        '<Project Sdk="Microsoft.NET.Sdk"><PropertyGroup><TargetFramework>netstandard2.1</TargetFramework></PropertyGroup><ItemGroup><PackageReference Include="Fx.Upper" Version="1.*"/></ItemGroup></Project>',
    },
    programs: { dotnet: DOTNET },
    env: dotnetEnv,
    install: ["dotnet restore -nodeReuse:false"],
  },
};

/** Does what the row says, and runs the commands after it, all in one project with a HOME of its own. */
async function follow(
  name: string,
  proxy: Running,
  dir: string,
  { files = {}, env, programs = {}, install }: Follower,
) {
  const home = homeOf(dir);
  const here = (text: string) => text.replaceAll("localhost:8080", `localhost:${proxy.port}`);
  const row = rows.get(name)!;
  await mkdir(home, { recursive: true });
  await write(dir, files);
  for (const [file, content] of Object.entries(row.files))
    await Bun.write(file.startsWith("~/") ? join(home, file.slice(2)) : join(dir, file), here(content));
  for (const [program, command] of Object.entries(programs)) {
    const path = join(dir, "bin", program);
    await Bun.write(path, `#!/bin/sh\nexec ${command} "$@"\n`);
    await chmod(path, 0o755);
  }
  const own = { PATH: `${join(dir, "bin")}:${process.env["PATH"]}`, ...env?.(home) };
  const steps = [...row.commands.map(here), ...install].map((command) => ["bash", "-c", command]);
  return run({ dir, url: proxy.url, packages: {} }, own, ...steps);
}

test("each client of the table is followed here, or the table says that it is not run", () => {
  const elsewhere = ["helm", "apt", ...ociClients.map(({ name }) => name)];
  const run = Array.from(rows).flatMap(([name, { isRun }]) => (isRun ? [name] : []));
  expect(run.sort()).toEqual([...Object.keys(followers), ...elsewhere].sort());
  expect(
    Array.from(rows.values()).filter(({ commands, files }) => commands.length + Object.keys(files).length === 0),
  ).toEqual([]);
});

for (const [name, follower] of Object.entries(followers)) {
  const driver = follower.client!;
  test.skipIf(driver.unavailable() !== undefined)(
    `${name}: what README says is enough to install`,
    async () => {
      const { upstream, serve, dir } = await setStage(driver);
      const proxy = await serve("store");
      expect(outcome(await follow(name, proxy, dir("project"), follower))).toBe("installed");
      const { artifact } = projects[driver.ecosystem];
      expect(upstream.count(artifact, "GET")).toBe(1);
      expect(upstream.requests.every(({ headers }) => headers["user-agent"]?.startsWith("proxy/"))).toBe(true);
    },
    TIMEOUT,
  );
}

for (const { name, unavailable } of ociClients)
  test.skipIf(unavailable() !== undefined)(
    `${name}: what README says is enough to pull`,
    async () => {
      const { upstream, serve, dir } = await setOciStage(undefined, "library/alpine:3.20");
      const proxy = await serve("store");
      const programs = Object.fromEntries(
        ["crane", "regctl", "oras"].map((each) => [each, join(CLIENTS, "go/bin", each)]),
      );
      const env = (home: string) => ({ XDG_RUNTIME_DIR: home, STORAGE_DRIVER: "vfs", TMPDIR: home });
      const policy = { ".home/.config/containers/policy.json": '{"default":[{"type":"insecureAcceptAnything"}]}' };
      expect(outcome(await follow(name, proxy, dir("project"), { programs, env, files: policy, install: [] }))).toBe(
        "installed",
      );
      expect(upstream.count(/\/blobs\//, "GET")).toBeGreaterThan(0);
    },
    TIMEOUT,
  );

test.skipIf(helm.unavailable() !== undefined)(
  "helm: what README says is enough to pull a chart",
  async () => {
    await using folder = await temporaryFolder();
    const upstream = await startUpstream();
    const stable = upstream.mount("/stable", () => makeHelm([{ name: "fx-web", versions: { "1.0.0": {} } }]));
    const proxy = await startProxy({ dir: join(folder.path, "store"), config: { upstream: { helm: { stable } } } });
    onTestFinished(async () => {
      await proxy.stop();
      await upstream.close();
    });
    const programs = { helm: join(CLIENTS, "helm/bin/helm") };
    const follower = { programs, install: ["helm pull stable/fx-web"] };
    expect(outcome(await follow("helm", proxy, join(folder.path, "project"), follower))).toBe("installed");
  },
  TIMEOUT,
);

test.skipIf(noApt() !== undefined)(
  "apt: README's file, with this archive's key, is enough to update and download",
  async () => {
    await using folder = await temporaryFolder();
    const key = await makeKey();
    const upstream = await startUpstream();
    const packages = [{ name: "fx-lower", versions: { "1.0": {} } }];
    const [first, updates] = [
      await makeDebian(packages, key, { name: "trixie" }),
      await makeDebian([{ name: "fx-new", versions: { "2.0": {} } }], key, { name: "trixie-updates" }),
    ];
    const base = upstream.mount("/up", () => overlay(first, updates));
    const config = { mounts: { debian: { ecosystem: "debian", upstreams: { default: base } } } };
    const proxy = await startProxy({ dir: join(folder.path, "store"), config });
    onTestFinished(async () => {
      await proxy.stop();
      await upstream.close();
      await key.remove();
    });
    const [[path, text]] = Object.entries(rows.get("apt")!.files) as [[string, string]];
    const sources = text
      .replace("localhost:8080", `localhost:${proxy.port}`)
      .replace(/^(Signed-By: ).*$/m, `$1${key.file}`);
    const root = join(folder.path, "root");
    expect(outcome(await updateFrom(root, { [path.replace("/etc/apt/", "")]: sources }))).toBe("installed");
    expect(outcome(await apt(root, "download", "fx-lower", "fx-new"))).toBe("installed");
  },
  TIMEOUT,
);
