/** A signed APT repository, as dpkg-scanpackages, apt-ftparchive and gpg make one; several suites may share a pool. */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { deb } from "../archives/deb.ts";
import { padded } from "../archives/files.ts";
import { temporaryFolder } from "../temporary-folder.ts";
import { binary, type Content, text } from "../tree.ts";
import { hex, type Package, type Release, releasesOf } from "./package.ts";

export interface DebRelease extends Release {
  /** Default `all`. */
  arch?: string;
  /** The field as it is written: `mail-transport-agent, fx (= 1)`. */
  provides?: string;
}

/** Dependencies are names with ranges as in control files (`>= 1.0`), alternatives joined: `{ "fx-a | fx-b": "" }`. */
export type DebPackage = Package<DebRelease>;

export interface Suite {
  /** Default `stable`. */
  name?: string;
  /** Default: long ago. */
  date?: string;
  /** Whether contents are to be had by their digest too. Default true. */
  byHash?: boolean;
  /** Compressions that are to be had. Default: gzip and, where there is an `xz`, xz. */
  forms?: readonly (".gz" | ".xz")[];
  /** A flat repository: all in its root. */
  flat?: boolean;
}

/** Signs; makes a key of its own. */
export interface Key {
  /** The public key, for `signed-by`. */
  readonly file: string;
  sign(text: string): Promise<{ inline: string; detached: string }>;
  remove(): Promise<void>;
}

export async function makeKey(): Promise<Key> {
  const folder = await temporaryFolder();
  const home = join(folder.path, "gnupg");
  await mkdir(home, { mode: 0o700 });
  const gpg = (...args: string[]) => ["gpg", "--homedir", home, "--batch", "--yes", "--quiet", ...args];
  const run = async (args: string[], input = "") => {
    const child = Bun.spawn(args, { stdin: new Blob([input]), stdout: "pipe", stderr: "pipe" });
    const [stdout, stderr, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
    if (code !== 0) throw new Error(`${args.join(" ")}: ${stderr}`);
    return stdout;
  };
  await run(gpg("--passphrase", "", "--quick-gen-key", "Fx <fx@fx.example>", "ed25519", "sign", "never"));
  const file = join(folder.path, "fx.gpg");
  await run(gpg("--output", file, "--export", "fx@fx.example"));
  return {
    file,
    sign: async (text) => ({
      inline: await run(gpg("--clearsign"), text),
      detached: await run(gpg("--armor", "--detach-sign"), text),
    }),
    remove: async () => {
      await run(["gpgconf", "--homedir", home, "--kill", "all"]).catch(() => "");
      await folder.remove();
    },
  };
}

/** The files of a package, by path: its index says the same of it. */
export function debOf({ name }: DebPackage, release: DebRelease & { version: string }): Uint8Array<ArrayBuffer> {
  const files = padded(
    { [`usr/share/fx/${name}`]: `${name} ${release.version}\n` },
    `usr/share/fx/${name}.bin`,
    release.size,
  );
  return deb(controlOf(name, release), files);
}

export async function makeDebian(
  packages: readonly DebPackage[],
  key: Pick<Key, "sign">,
  suite: Suite = {},
): Promise<Map<string, Content>> {
  const { name = "stable", date = "Sat, 03 Jan 2026 09:30:00 UTC", byHash = true, flat = false } = suite;
  const { forms = Bun.which("xz") ? [".gz", ".xz"] : [".gz"] } = suite;
  const tree = new Map<string, Content>();
  const dir = flat ? "" : `/dists/${name}`;
  const folder = flat ? "" : "main/binary-amd64/";
  let index = "";
  for (const pack of packages)
    for (const release of releasesOf(pack)) {
      const bytes = debOf(pack, release);
      const file = `${pack.name}_${release.version.replace(/^\d+:/, "")}_${release.arch ?? "all"}.deb`;
      const path = flat ? `./${file}` : `pool/main/f/${pack.name}/${file}`;
      tree.set(`/${path.replace("./", "")}`, binary(bytes, "application/vnd.debian.binary-package"));
      index += `${controlOf(pack.name, release)}Filename: ${path}\nSize: ${bytes.length}\nSHA256: ${hex("sha256", bytes)}\n\n`;
    }
  const listed: [name: string, bytes: Uint8Array<ArrayBuffer>][] = [];
  for (const [stem, content] of [
    [`${folder}Packages`, index],
    ...(flat ? [] : [["main/i18n/Translation-en", translations(packages)] as const]),
    ...(flat ? [] : [["main/dep11/Components-amd64.yml", "---\nFile: DEP-11\n"] as const]),
  ] as const)
    for (const form of ["", ".gz", ".xz"] as const) {
      const bytes = await pack(content, form);
      if (!bytes || !["", ...forms].includes(form)) continue;
      // Release files list the plain form, which is not there to be had.
      listed.push([`${stem}${form}`, bytes]);
      if (form !== "") put(`${dir}/${stem}${form}`, bytes);
    }
  function put(path: string, bytes: Uint8Array<ArrayBuffer>) {
    tree.set(path, binary(bytes));
    if (!byHash) return;
    const parent = path.slice(0, path.lastIndexOf("/"));
    for (const [field, algorithm] of [
      ["SHA256", "sha256"],
      ["SHA512", "sha512"],
    ] as const)
      tree.set(`${parent}/by-hash/${field}/${hex(algorithm, bytes)}`, binary(bytes));
  }
  const hashes = (
    [
      ["SHA256", "sha256"],
      ["SHA512", "sha512"],
    ] as const
  ).map(
    ([field, algorithm]) =>
      `${field}:\n${listed.map(([each, bytes]) => ` ${hex(algorithm, bytes)} ${bytes.length} ${each}\n`).join("")}`,
  );
  const release = `Origin: Fx\nSuite: ${name}\nCodename: ${name}\nDate: ${date}\n${byHash ? "Acquire-By-Hash: yes\n" : ""}Architectures: amd64\nComponents: main\n${hashes.join("")}`;
  const { inline, detached } = await key.sign(release);
  tree.set(`${dir}/InRelease`, text(inline));
  tree.set(`${dir}/Release`, text(release));
  tree.set(`${dir}/Release.gpg`, text(detached));
  return tree;
}

function controlOf(
  name: string,
  { version, arch = "all", dependencies = {}, provides }: DebRelease & { version: string },
): string {
  const depends = Object.entries(dependencies).map(([names, range]) => `${names}${range ? ` (${range})` : ""}`);
  return [
    `Package: ${name}`,
    `Version: ${version}`,
    `Architecture: ${arch}`,
    "Maintainer: Fx <fx@fx.example>",
    ...(depends.length > 0 ? [`Depends: ${depends.join(", ")}`] : []),
    ...(provides ? [`Provides: ${provides}`] : []),
    `Description: ${name}`,
    "",
  ].join("\n");
}

function translations(packages: readonly DebPackage[]): string {
  return packages
    .map(({ name }) => `Package: ${name}\nDescription-md5: ${hex("md5", `${name}\n`)}\nDescription-en: ${name}\n\n`)
    .join("");
}

async function pack(content: string, form: "" | ".gz" | ".xz"): Promise<Uint8Array<ArrayBuffer> | undefined> {
  if (form === "") return new TextEncoder().encode(content);
  if (form === ".gz") return gzipSync(content);
  if (!Bun.which("xz")) return undefined;
  return Bun.spawn(["xz", "-c"], { stdin: new Blob([content]) }).stdout.bytes();
}
