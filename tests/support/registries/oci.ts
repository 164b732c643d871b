/** A registry of images (the OCI distribution specification), with what is said of them: referrers, and cosign's tags. */
import { hash } from "../../../src/contract/digest.ts";
import type { Files } from "../archives/files.ts";
import { tar } from "../archives/tar.ts";
import { binary, type Content, type Entry, json, type Request } from "../tree.ts";

export interface Image {
  /** `linux/amd64`, `linux/arm/v7`. Several make an index. Default: one, without an index. */
  platforms?: readonly string[];
  /** Of all platforms, the lowest first; each platform has a file `/platform` above them. */
  layers: readonly Files[];
  /** Signed as cosign does, by a tag beside it. */
  isSigned?: boolean;
  /** A bill of materials refers to it. */
  hasSbom?: boolean;
}

/** By `name:tag`. */
export type Images = Readonly<Record<string, Image>>;

const OCI = "application/vnd.oci.image";
export const INDEX = `${OCI}.index.v1+json`;
export const MANIFEST = `${OCI}.manifest.v1+json`;
const EMPTY = { mediaType: "application/vnd.oci.empty.v1+json", digest: `sha256:${hash("sha256", "{}")}`, size: 2 };

interface Descriptor {
  mediaType: string;
  digest: string;
  size: number;
}

export function makeOci(images: Images): Map<string, Content> {
  const tree = new Map<string, Content>([["/v2/", json({}, { "docker-distribution-api-version": "registry/2.0" })]]);
  const tags = Map.groupBy(Object.keys(images), (reference) => reference.slice(0, reference.lastIndexOf(":")));
  for (const [reference, image] of Object.entries(images)) addImage(tree, reference, image, tags);
  for (const [name, references] of tags) {
    const all = references.map((reference) => reference.slice(name.length + 1)).sort();
    tree.set(`/v2/${name}/tags/list`, (request) => tagsPage(name, all, request));
  }
  return tree;
}

/** What a tag of a tree points to. */
export function digestAt(tree: ReadonlyMap<string, Content>, reference: string): string {
  const [name, tag] = [reference.slice(0, reference.lastIndexOf(":")), reference.slice(reference.lastIndexOf(":") + 1)];
  const { headers } = tree.get(`/v2/${name}/manifests/${tag}`) as Entry;
  return headers?.["docker-content-digest"] ?? "";
}

function addImage(tree: Map<string, Content>, reference: string, image: Image, tags: Map<string, string[]>): void {
  const colon = reference.lastIndexOf(":");
  const [name, tag] = [reference.slice(0, colon), reference.slice(colon + 1)];
  const put = (mediaType: string, value: object, label?: string) => putManifest(tree, name, mediaType, value, label);
  const blob = (mediaType: string, bytes: Uint8Array<ArrayBuffer>) => putBlob(tree, name, mediaType, bytes);
  const shared = image.layers.map((files) => tar(files));
  const build = (platform: string, label?: string): Descriptor & { platform: object } => {
    const [os, architecture, variant] = platform.split("/");
    const layers = [...shared, tar({ platform: `${platform}\n` })];
    const diffs = layers.map((layer) => `sha256:${hash("sha256", layer)}`);
    const config = {
      os,
      architecture,
      ...(variant && { variant }),
      rootfs: { type: "layers", diff_ids: diffs },
      config: {},
    };
    const manifest = {
      config: blob(`${OCI}.config.v1+json`, Buffer.from(JSON.stringify(config))),
      layers: layers.map((layer) => blob(`${OCI}.layer.v1.tar+gzip`, Bun.gzipSync(layer))),
    };
    return { ...put(MANIFEST, manifest, label), platform: { os, architecture, ...(variant && { variant }) } };
  };
  const { platforms = [] } = image;
  const root =
    platforms.length > 0
      ? put(INDEX, { manifests: platforms.map((platform) => build(platform)) }, tag)
      : build("linux/amd64", tag);
  const note = (text: string) => {
    blob(EMPTY.mediaType, Buffer.from("{}"));
    return { config: EMPTY, layers: [blob("application/json", Buffer.from(`${text} of ${reference}\n`))] };
  };
  if (image.isSigned) {
    const label = `${root.digest.replace(":", "-")}.sig`;
    put(MANIFEST, note("a signature"), label);
    tags.get(name)?.push(`${name}:${label}`);
  }
  if (image.hasSbom) {
    const { digest, mediaType, size } = root;
    const sbom = put(MANIFEST, {
      artifactType: "application/spdx+json",
      ...note("an SBOM"),
      subject: { digest, mediaType, size },
    });
    tree.set(`/v2/${name}/referrers/${digest}`, listOf([{ ...sbom, artifactType: "application/spdx+json" }]));
  }
}

function putManifest(
  tree: Map<string, Content>,
  name: string,
  mediaType: string,
  value: object,
  label?: string,
): Descriptor {
  const body = JSON.stringify({ schemaVersion: 2, mediaType, ...value });
  const digest = `sha256:${hash("sha256", body)}`;
  const entry = { body, headers: { "content-type": mediaType, "docker-content-digest": digest } };
  for (const each of [digest, ...(label === undefined ? [] : [label])])
    tree.set(`/v2/${name}/manifests/${each}`, entry);
  const referrers = `/v2/${name}/referrers/${digest}`;
  if (!tree.has(referrers)) tree.set(referrers, listOf([]));
  return { mediaType, digest, size: body.length };
}

const listOf = (manifests: readonly object[]) =>
  json({ schemaVersion: 2, mediaType: INDEX, manifests }, { "content-type": INDEX });

function putBlob(
  tree: Map<string, Content>,
  name: string,
  mediaType: string,
  bytes: Uint8Array<ArrayBuffer>,
): Descriptor {
  const digest = `sha256:${hash("sha256", bytes)}`;
  tree.set(`/v2/${name}/blobs/${digest}`, binary(bytes));
  return { mediaType, digest, size: bytes.length };
}

/** By pages of two, as registries do that list many. */
function tagsPage(name: string, all: readonly string[], { query }: Request): Entry {
  const left = all.filter((tag) => tag > (query.get("last") ?? ""));
  const page = left.slice(0, Number(query.get("n") ?? 2));
  const next = `/v2/${name}/tags/list?n=2&last=${page.at(-1)}`;
  return json({ name, tags: page }, page.length < left.length ? { link: `<${next}>; rel="next"` } : {});
}

/** Asks for a token for each repository, as public registries do; what it gives it takes for itself only. */
export function guarded(
  tree: Map<string, Content>,
  realm: () => string,
  account?: { basic: string; names: readonly string[] },
): Map<string, Content> {
  const tokenFor = (name: string) => `token-for-${name.replaceAll("/", ".")}`;
  const all = new Map<string, Content>();
  for (const [path, content] of tree) {
    const name = /^\/v2\/(.+)\/(?:manifests|blobs|tags|referrers)\//.exec(path)?.[1] ?? "";
    const challenge = () => `Bearer realm="${realm()}",service="registry",scope="repository:${name}:pull"`;
    all.set(path, (request) => {
      if (request.headers.authorization === `Bearer ${tokenFor(name)}`)
        return typeof content === "function" ? content(request) : content;
      return { ...json({ errors: [{ code: "UNAUTHORIZED" }] }, { "www-authenticate": challenge() }), status: 401 };
    });
  }
  all.set("/token", ({ query, headers }) => {
    const name = query.get("scope")?.split(":")[1] ?? "";
    const mayRead = !account?.names.includes(name) || headers.authorization === account.basic;
    return mayRead ? json({ token: tokenFor(name), expires_in: 300 }) : { ...json({ details: "denied" }), status: 401 };
  });
  return all;
}
