/** A registry of gems: the compact index, the gems, and the older lists and specifications, which Ruby itself writes. */
import { deflateSync, gzipSync } from "node:zlib";
import { padded } from "../archives/files.ts";
import { tar, tarGz } from "../archives/tar.ts";
import { binary, type Content, type Entry, text } from "../tree.ts";
import { hex, type Package, type Release, releasesOf } from "./package.ts";

export interface GemRelease extends Release {
  /** Beside the one that runs everywhere: `java`, `x86_64-linux`. */
  platforms?: readonly string[];
  /** `>= 3.1`. */
  ruby?: string;
  /** False: its line has no checksum, as those of a few old gems. */
  checksum?: boolean;
}

export type GemPackage = Package<GemRelease>;

export function makeGem(packages: readonly GemPackage[]): Map<string, Content> {
  const tree = new Map<string, Content>();
  const labels = (pack: GemPackage) =>
    releasesOf(pack).flatMap(({ version, platforms = [] }) =>
      ["", ...platforms].map((platform) => ({
        version,
        platform,
        label: platform ? `${version}-${platform}` : version,
      })),
    );
  const lines = packages.map((pack) => {
    const { name } = pack;
    const infos = labels(pack).map(({ version, platform, label }) => {
      const file = gemFile(pack, version, platform);
      tree.set(gemPath(name, label), binary(file));
      const quick = async () =>
        binary(
          deflateSync(
            await ruby(
              `Marshal.dump(Gem::Specification.from_yaml(STDIN.read))`,
              specification(pack, version, platform),
            ),
          ),
        );
      tree.set(`/quick/Marshal.4.8/${name}-${label}.gemspec.rz`, quick);
      return infoLine(pack, version, label, hex("sha256", file));
    });
    const info = `---\n${infos.join("")}`;
    tree.set(`/info/${name}`, withSum(info));
    return `${name} ${labels(pack)
      .map(({ label }) => label)
      .join(",")} ${hex("md5", info)}\n`;
  });
  const versions = `created_at: 2026-01-01T00:00:00Z\n---\n${lines.join("")}`;
  tree.set("/versions", withSum(versions));
  tree.set("/names", text(`---\n${packages.map(({ name }) => `${name}\n`).join("")}`));
  const all = packages.flatMap((pack) =>
    labels(pack).map(({ version, platform }) => [pack.name, version, platform || "ruby"]),
  );
  for (const list of ["specs", "latest_specs", "prerelease_specs"]) {
    const isPre = list.startsWith("pre");
    const some = all.filter(([, version]) => /[a-z]/i.test(version!) === isPre);
    tree.set(`/${list}.4.8.gz`, async () => binary(gzipSync(await ruby(LIST, JSON.stringify(some)))));
  }
  return tree;
}

/** The registry's validator is the MD5 of the whole, whatever part it sends: bundler compares what it has with it. */
function withSum(content: string): Entry {
  const entry = text(content);
  return { ...entry, headers: { ...entry.headers, etag: `"${hex("md5", content)}"` } };
}

const LIST = `require "json"; Marshal.dump(JSON.parse(STDIN.read).map { |n, v, p| [n, Gem::Version.new(v), p] })`;

/** What a Ruby expression comes to, which reads its input. */
async function ruby(expression: string, input: string): Promise<Uint8Array<ArrayBuffer>> {
  const child = Bun.spawn(
    ["ruby", "-rrubygems", "-e", `STDOUT.binmode; print(${expression.includes(";") ? `(${expression})` : expression})`],
    {
      stdin: new Blob([input]),
      stdout: "pipe",
    },
  );
  return child.stdout.bytes();
}

export const gemPath = (name: string, label: string): string => `/gems/${name}-${label}.gem`;

/** `1.2.3-java fx-lower:>= 1.0&< 3|checksum:…,created_at:…`. */
function infoLine(pack: GemPackage, version: string, label: string, sha256: string): string {
  const { dependencies = {}, ruby: wanted, checksum = true } = pack.versions[version] ?? {};
  const { publishedAt } = releasesOf(pack).find((release) => release.version === version)!;
  const requires = Object.entries(dependencies).map(([name, range]) => `${name}:${range.replaceAll(/,\s*/g, "&")}`);
  const attributes = [
    ...(checksum ? [`checksum:${sha256}`] : []),
    ...(wanted ? [`ruby:${wanted}`] : []),
    `created_at:${publishedAt.replace(/\.\d+/, "")}`,
  ];
  return `${label} ${requires.join(",")}|${attributes.join(",")}\n`;
}

/** A gem with `lib/NAME.rb`. */
export function gemFile(pack: GemPackage, version: string, platform = ""): Uint8Array<ArrayBuffer> {
  const { size } = pack.versions[version] ?? {};
  const code = { [`lib/${pack.name}.rb`]: `module Fx; VERSION = "${version}${platform}"; end\n` };
  return tar({
    "metadata.gz": gzipSync(specification(pack, version, platform)),
    "data.tar.gz": tarGz(padded(code, "lib/filler.bin", size)),
  });
}

/** The YAML that a gem has in itself. */
function specification(pack: GemPackage, version: string, platform: string): string {
  const { dependencies = {}, ruby: wanted = ">= 0" } = pack.versions[version] ?? {};
  const requires = Object.entries(dependencies).map(
    ([name, range]) => `- !ruby/object:Gem::Dependency
  name: ${name}
  requirement: !ruby/object:Gem::Requirement
    requirements:
${requirements(range, "    ")}
  type: :runtime
  prerelease: false
`,
  );
  return `--- !ruby/object:Gem::Specification
name: ${pack.name}
version: !ruby/object:Gem::Version
  version: "${version}"
platform: ${platform || "ruby"}
authors:
- Nobody
date: 2024-01-01 00:00:00.000000000 Z
dependencies:${requires.length > 0 ? `\n${requires.join("")}` : " []\n"}email: nobody@gems.example
files:
- lib/${pack.name}.rb
licenses:
- MIT
metadata: {}
require_paths:
- lib
required_ruby_version: !ruby/object:Gem::Requirement
  requirements:
${requirements(wanted, "  ")}
required_rubygems_version: !ruby/object:Gem::Requirement
  requirements:
${requirements(">= 0", "  ")}
rubygems_version: 3.3.15
specification_version: 4
summary: A gem of tests
test_files: []
`;
}

function requirements(range: string, indent: string): string {
  return range
    .split(/,\s*/)
    .map((wish) => {
      const [, operator = "=", version] = /^(\S+) (.+)$/.exec(wish) ?? [undefined, "=", wish];
      return `${indent}- - "${operator}"\n${indent}  - !ruby/object:Gem::Version\n${indent}    version: "${version}"`;
    })
    .join("\n");
}
