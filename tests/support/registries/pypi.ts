/** A Python package index: PEP 503 HTML and PEP 691 JSON, PEP 658 metadata, the legacy JSON, and the files. */
import { binary, type Content, json, type Request, text } from "../tree.ts";
import { hex } from "./package.ts";
import { filesOf, normalized, type PypiFile, type PypiPackage } from "./pypi-files.ts";

export interface PypiOptions {
  /** Where files are linked to: the base URL at which this tree is mounted a second time. Default: the index itself. */
  filesUrl?: string;
  /** Which representations the index has; default both. */
  api?: "both" | "html" | "json";
  /** `.metadata` siblings (PEP 658); default true. */
  coreMetadata?: boolean;
  /** Of all documents; default 1. */
  serial?: number;
}

const JSON_TYPE = "application/vnd.pypi.simple.v1+json";

export function makePypi(
  packages: readonly PypiPackage[],
  base: string,
  options: PypiOptions = {},
): Map<string, Content> {
  const { filesUrl = base, api = "both", coreMetadata = true, serial = 1 } = options;
  const tree = new Map<string, Content>();
  for (const pack of packages) {
    const name = normalized(pack.name);
    const files = filesOf(pack);
    const described = files.map((file) => describe(file, filesUrl, coreMetadata));
    const page = text(html(name, described), "text/html; charset=utf-8");
    const document = {
      meta: { "api-version": "1.1", "_last-serial": serial },
      name,
      versions: Object.keys(pack.versions),
    };
    const jsonPage = json(
      { ...document, files: described },
      { "content-type": JSON_TYPE, "x-pypi-last-serial": `${serial}` },
    );
    tree.set(`/simple/${name}/`, (request) => {
      if (api === "html" || (api === "both" && !wantsJson(request))) return page;
      return jsonPage;
    });
    for (const file of files) {
      tree.set(file.path, binary(file.bytes));
      if (coreMetadata && file.kind === "wheel") tree.set(`${file.path}.metadata`, text(file.metadata));
    }
    for (const [path, value] of legacy(pack, files, filesUrl)) tree.set(path, json(value));
  }
  const names = packages.map(({ name }) => ({ name: normalized(name), "_last-serial": 1 }));
  const all = { meta: { "api-version": "1.1", "_last-serial": 1 }, projects: names };
  tree.set("/simple/", json(all, { "content-type": JSON_TYPE }));
  return tree;
}

function describe(file: PypiFile, filesUrl: string, coreMetadata: boolean) {
  const metadata: { sha256: string } | false = coreMetadata &&
    file.kind === "wheel" && { sha256: hex("sha256", file.metadata) };
  return {
    filename: file.filename,
    url: filesUrl + file.path,
    hashes: { sha256: hex("sha256", file.bytes) },
    "requires-python": file.requiresPython,
    size: file.bytes.length,
    "upload-time": file.publishedAt,
    yanked: file.yanked,
    "core-metadata": metadata,
    "data-dist-info-metadata": metadata,
  };
}

function html(name: string, files: readonly ReturnType<typeof describe>[]): string {
  const anchors = files.map((file) => {
    const metadata = file["core-metadata"] ? ` data-core-metadata="sha256=${file["core-metadata"].sha256}"` : "";
    const yanked = file.yanked ? ` data-yanked="${file.yanked === true ? "" : Bun.escapeHTML(file.yanked)}"` : "";
    const python = ` data-requires-python="${Bun.escapeHTML(file["requires-python"])}"`;
    return `<a href="${file.url}#sha256=${file.hashes.sha256}"${python}${metadata}${yanked}>${file.filename}</a><br>\n`;
  });
  const head = `<head><meta name="pypi:repository-version" content="1.1"><title>Links for ${name}</title></head>`;
  return `<!DOCTYPE html>\n<html>${head}<body><h1>Links for ${name}</h1>\n${anchors.join("")}</body></html>\n`;
}

/** `/pypi/NAME/json` and `/pypi/NAME/VERSION/json`. */
function legacy(pack: PypiPackage, files: readonly PypiFile[], filesUrl: string): [string, unknown][] {
  const name = normalized(pack.name);
  const urlsOf = (version: string) =>
    files
      .filter((file) => file.version === version)
      .map((file) => ({
        filename: file.filename,
        url: filesUrl + file.path,
        digests: { sha256: hex("sha256", file.bytes), md5: hex("md5", file.bytes) },
        size: file.bytes.length,
        packagetype: file.kind === "wheel" ? "bdist_wheel" : "sdist",
        upload_time_iso_8601: file.publishedAt,
        yanked: Boolean(file.yanked),
        yanked_reason: typeof file.yanked === "string" ? file.yanked : null,
      }));
  const info = (version: string) => ({
    name: pack.name,
    version,
    requires_python: pack.versions[version]?.requiresPython ?? ">=3.8",
    requires_dist: Object.entries(pack.versions[version]?.dependencies ?? {}).map(([other, range]) => other + range),
  });
  const versions = Object.keys(pack.versions);
  const newest = versions.at(-1) ?? "";
  const releases = Object.fromEntries(versions.map((version) => [version, urlsOf(version)]));
  const whole = { info: info(newest), releases, urls: urlsOf(newest), last_serial: 1, vulnerabilities: [] };
  return [
    [`/pypi/${name}/json`, whole],
    ...versions.map((version): [string, unknown] => [
      `/pypi/${name}/${version}/json`,
      { info: info(version), urls: urlsOf(version), last_serial: 1, vulnerabilities: [] },
    ]),
  ];
}

const wantsJson = ({ headers }: Request) => (headers["accept"] ?? "").includes(JSON_TYPE);
