/** Manifests of images and artifacts, their indexes, and lists of tags (the OCI image and distribution specifications). */
import { hash, splitDigest } from "../../src/contract/digest.ts";
import type { Digest, Doc, FileFacts, LeftOut, Path, Platform, ReleaseFacts } from "../../src/contract/ecosystem.ts";
import { readEntries } from "../shared/entries.ts";

/** What names a blob or a manifest. */
export interface Descriptor {
  mediaType?: string;
  digest: Digest;
  size?: number;
  platform?: { os?: string; architecture?: string; variant?: string };
}

/** An image manifest or an index of manifests; the fields of the other are absent. */
interface Manifest {
  schemaVersion?: number;
  config?: Descriptor;
  layers?: Descriptor[];
  manifests?: Descriptor[];
  /** What it says something of: a signature, a bill of materials. */
  subject?: Descriptor;
}

export const DIGEST = "sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128}";
const WHOLE = new RegExp(`^(?:${DIGEST})$`);

export const INDEX = "application/vnd.oci.image.index.v1+json";

/** All that clients know: an upstream that is asked for less may convert what it has, and its digest would be another. */
export const MANIFESTS = [
  INDEX,
  "application/vnd.oci.image.manifest.v1+json",
  "application/vnd.docker.distribution.manifest.list.v2+json",
  "application/vnd.docker.distribution.manifest.v2+json",
].join(", ");

/** A tag, or a digest. */
export const manifestPath = (name: string, label: string): Path => `/${name}/manifests/${label}`;

export const isDigest = (label: string): boolean => WHOLE.test(label);

/** The digest of a document's bytes, which a tag's path does not tell. */
export const digestOf = (doc: Doc): Digest => `sha256:${hash("sha256", doc.bytes())}`;

/**
 * What a manifest leads to: blobs, manifests by platform, and what others say of it, which upstream may not have: referrers, and
 * the tags by which registries without such an API are told of them.
 */
export function manifestFacts(doc: Doc, name: string, own: Digest): { releases: ReleaseFacts[]; leftOut: LeftOut[] } {
  const { manifest, leftOut } = readManifest(doc);
  const { config, layers = [], manifests = [], subject } = manifest;
  const blobs = [...(config ? [config] : []), ...layers].map((blob) => blobOf(name, blob));
  const referrers: FileFacts = { path: `/${name}/referrers/${own}`, optional: true };
  const children = manifests.map((child) => childOf(name, child));
  const tags = subject ? [] : companions(name, own);
  return { releases: [{ name, version: own, files: [...blobs, referrers] }, ...children, ...tags], leftOut };
}

/** Of manifests that a list of referrers names. */
export function referrersIn(doc: Doc, name: string): { releases: ReleaseFacts[]; leftOut: LeftOut[] } {
  const { manifest, leftOut } = readManifest(doc);
  return { releases: (manifest.manifests ?? []).map((child) => childOf(name, child)), leftOut };
}

/** An image is of no use without one of its parts; of an index, what cannot be read is left out. */
export function readManifest(doc: Doc): { manifest: Manifest; leftOut: LeftOut[] } {
  const manifest = doc.json<Manifest>();
  const { schemaVersion, config, layers, manifests } = manifest;
  if (schemaVersion !== 2)
    throw new Error(`${doc.path} is no manifest: expected schemaVersion 2, found ${String(schemaVersion)}`);
  for (const each of [...(config ? [config] : []), ...(layers ?? [])]) requireDigest(each);
  if (!manifests) return { manifest, leftOut: [] };
  if (!Array.isArray(manifests)) throw new Error(`${doc.path} is no index: its manifests are no list`);
  const { found, leftOut } = readEntries(manifests, requireDigest);
  return { manifest: { ...manifest, manifests: found }, leftOut };
}

function requireDigest(descriptor: Descriptor | null): Descriptor {
  const digest: unknown = descriptor?.digest;
  if (typeof digest !== "string" || !isDigest(digest))
    throw new Error(`it names ${JSON.stringify(digest)}, which is no digest that can be verified`);
  return descriptor!;
}

/** Names of tags and repositories, as the specification has them. */
export const TAG = /^\w[\w.-]{0,127}$/;
export const REPOSITORY = /^[a-z\d]+(?:[._/-]+[a-z\d]+)*$/;

/** The tag that stands for a list of referrers, where there is no such list ("Referrers Tag Schema"). */
export function referrersTag(digest: Digest): string {
  const [algorithm, hex] = splitDigest(digest);
  return `${algorithm}-${hex.slice(0, 64)}`;
}

/** By convention of cosign, and of the specification where there is no list of referrers. */
function companions(name: string, own: Digest): ReleaseFacts[] {
  return ["", ".sig", ".att", ".sbom"].map((suffix) => {
    const version = `${referrersTag(own)}${suffix}`;
    return { name, version, files: [{ path: manifestPath(name, version), optional: true }] };
  });
}

function childOf(name: string, { digest, size, platform }: Descriptor): ReleaseFacts {
  const { os, architecture, variant } = platform ?? {};
  // Attestations are for no platform, and called so.
  const isLimited = os !== undefined && os !== "unknown" && architecture !== undefined;
  const marker = isLimited ? [os, architecture, ...(variant ? [variant] : [])].join("/") : undefined;
  const file = { path: manifestPath(name, digest), digest, ...(size !== undefined && { size }) };
  return { name, version: digest, files: [file], ...(marker !== undefined && { marker }) };
}

/** Layers that may not be passed on lie elsewhere, as a rule. */
function blobOf(name: string, { digest, size, mediaType = "" }: Descriptor): FileFacts {
  const optional = /nondistributable|\.foreign\./.test(mediaType);
  return {
    path: `/${name}/blobs/${digest}`,
    digest,
    ...(size !== undefined && { size }),
    ...(optional && { optional }),
  };
}

/** As Go names machines → as Node does. */
const ARCHITECTURES: Readonly<Record<string, string>> = { amd64: "x64", "386": "ia32", ppc64le: "ppc64" };
const SYSTEMS: Readonly<Record<string, string>> = { windows: "win32" };

/** `linux/arm/v7`. */
export function runsOn(marker: string, { os, arch }: Platform): boolean {
  const [system = "", machine = ""] = marker.split("/");
  return (
    (os === undefined || (SYSTEMS[system] ?? system) === os) &&
    (arch === undefined || (ARCHITECTURES[machine] ?? machine) === arch)
  );
}
