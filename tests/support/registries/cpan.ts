/** A CPAN: the list of modules, each in its newest release, and one author's folder with archives, what they require, and checksums. */
import { gzipSync } from "node:zlib";
import { tarGz } from "../archives/tar.ts";
import { binary, type Content, json, text } from "../tree.ts";
import { hex, type Package, releasesOf } from "./package.ts";

const FOLDER = "J/JA/JANE";

/** Packages by the name of their module (`Fx::Lower`); what they require, by those of modules. */
export function makeCpan(packages: readonly Package[]): Map<string, Content> {
  const tree = new Map<string, Content>();
  const sums: string[] = [];
  const lines = packages.map((pack) => {
    const listed = releasesOf(pack).map(({ version, dependencies }) => {
      const dist = `${pack.name.replaceAll("::", "-")}-${version}`;
      const meta = {
        "meta-spec": { version: 2 },
        name: pack.name,
        version,
        prereqs: { runtime: { requires: dependencies } },
      };
      const archive = distribution(pack.name, version, dist, JSON.stringify(meta));
      tree.set(`/authors/id/${FOLDER}/${dist}.tar.gz`, binary(archive));
      tree.set(`/authors/id/${FOLDER}/${dist}.meta`, json(meta));
      sums.push(sumOf(`${dist}.meta`, JSON.stringify(meta)), sumOf(`${dist}.tar.gz`, archive));
      return `${pack.name.padEnd(30)} ${version.padStart(8)}  ${FOLDER}/${dist}.tar.gz\n`;
    });
    return listed.at(-1)!;
  });
  const list = `File: 02packages.details.txt\nLine-Count: ${lines.length}\n\n${lines.join("")}`;
  tree.set("/modules/02packages.details.txt.gz", binary(gzipSync(list), "application/x-gzip"));
  tree.set(`/authors/id/${FOLDER}/CHECKSUMS`, text(`$cksum = {\n${sums.join(",\n")}\n};\n`));
  return tree;
}

function sumOf(name: string, bytes: Uint8Array | string): string {
  const fields = [
    `'mtime' => '2024-01-02'`,
    `'sha256' => '${hex("sha256", bytes)}'`,
    `'size' => ${Buffer.from(bytes as string).length}`,
  ];
  return `  '${name}' => {\n${fields.map((field) => `    ${field}`).join(",\n")}\n  }`;
}

function distribution(module: string, version: string, dist: string, meta: string): Uint8Array<ArrayBuffer> {
  const path = `lib/${module.replaceAll("::", "/")}.pm`;
  const requires = (JSON.parse(meta) as { prereqs: { runtime: { requires: Record<string, string> } } }).prereqs.runtime
    .requires;
  const needs = Object.entries(requires).map(([name, range]) => `'${name}' => '${range}'`);
  return tarGz({
    [`${dist}/MANIFEST`]: `MANIFEST\nMETA.json\nMakefile.PL\n${path}\n`,
    [`${dist}/META.json`]: meta,
    [`${dist}/Makefile.PL`]: `use ExtUtils::MakeMaker;\nWriteMakefile(NAME => '${module}', VERSION => '${version}', PREREQ_PM => { ${needs.join(", ")} });\n`,
    [`${dist}/${path}`]: `package ${module};\nour $VERSION = '${version}';\n1;\n`,
  });
}
