/** A chart repository as `helm repo index` writes it: an index and charts, some with their provenance. */
import { padded } from "../archives/files.ts";
import { tarGz } from "../archives/tar.ts";
import { binary, type Content, text } from "../tree.ts";
import { hex, type Package, type Release, releasesOf } from "./package.ts";

export interface ChartRelease extends Release {
  /** Where the index says that it is. Default: `charts/NAME-VERSION.tgz`. */
  url?: string;
  /** Default: of its bytes; empty: none. */
  digest?: string;
  provenance?: string;
}

export type ChartPackage = Package<ChartRelease>;

export const chartPath = (name: string, version: string): string => `/charts/${name}-${version}.tgz`;

export function makeHelm(charts: readonly ChartPackage[]): Map<string, Content> {
  const tree = new Map<string, Content>();
  const lines = ["apiVersion: v1", "entries:"];
  for (const chart of charts) {
    lines.push(`  ${chart.name}:`);
    for (const { version, publishedAt, size, url, digest, provenance } of releasesOf(chart)) {
      const bytes = chartFile(chart.name, version, size);
      const path = chartPath(chart.name, version);
      tree.set(path, binary(bytes, "application/gzip"));
      if (provenance !== undefined) tree.set(`${path}.prov`, text(provenance));
      lines.push(
        "  - apiVersion: v2",
        '    appVersion: "1.10"',
        `    created: "${publishedAt}"`,
        "    description: A chart of tests",
        `    digest: ${digest ?? hex("sha256", bytes)}`,
        `    name: ${chart.name}`,
        "    urls:",
        `    - ${url ?? path.slice(1)}`,
        `    version: ${version}`,
      );
    }
  }
  lines.push('generated: "2026-01-01T00:00:00Z"', "");
  tree.set("/index.yaml", text(lines.join("\n"), "text/yaml"));
  return tree;
}

/** A chart of one map of settings. */
export function chartFile(name: string, version: string, size?: number): Uint8Array<ArrayBuffer> {
  const files = {
    [`${name}/Chart.yaml`]: `apiVersion: v2\nname: ${name}\nversion: ${version}\n`,
    [`${name}/templates/settings.yaml`]: `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ${name}\ndata:\n  version: "${version}"\n`,
  };
  return tarGz(padded(files, `${name}/files/filler`, size));
}

const CHART = "application/vnd.cncf.helm";

/** The same chart in a registry of images, at `/v2/REPOSITORY`. */
export function makeChartImage(repository: string, name: string, version: string): Map<string, Content> {
  const tree = new Map<string, Content>([["/v2/", text("{}", "application/json")]]);
  const blob = (mediaType: string, bytes: Uint8Array<ArrayBuffer>) => {
    const digest = `sha256:${hex("sha256", bytes)}`;
    tree.set(`/v2/${repository}/blobs/${digest}`, binary(bytes));
    return { mediaType, digest, size: bytes.length };
  };
  const config = Buffer.from(JSON.stringify({ apiVersion: "v2", name, version }));
  const mediaType = "application/vnd.oci.image.manifest.v1+json";
  const manifest = JSON.stringify({
    schemaVersion: 2,
    mediaType,
    config: blob(`${CHART}.config.v1+json`, config),
    layers: [blob(`${CHART}.chart.content.v1.tar+gzip`, chartFile(name, version))],
  });
  const digest = `sha256:${hex("sha256", manifest)}`;
  const entry = { body: manifest, headers: { "content-type": mediaType, "docker-content-digest": digest } };
  for (const reference of [version, digest]) tree.set(`/v2/${repository}/manifests/${reference}`, entry);
  tree.set(
    `/v2/${repository}/tags/list`,
    text(JSON.stringify({ name: repository, tags: [version] }), "application/json"),
  );
  return tree;
}
