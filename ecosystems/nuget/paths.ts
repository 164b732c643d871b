import { digestOfText } from "../../src/contract/digest.ts";
import type { Digest, FileFacts, Path, Release } from "../../src/contract/ecosystem.ts";
import { PLACES } from "./service-index.ts";
import { canonical } from "./versions.ts";

/** Ids and versions have many spellings and one of them in paths. */
export function releaseOf(id: string, version: string): Release {
  return { name: id.toLowerCase(), version: canonical(version) };
}

export function listOf(name: string): Path {
  return `${PLACES.flat}/${encodeURIComponent(name)}/index.json`;
}

export function packageOf({ name, version }: Release): Path {
  const [id, label] = [name, version].map(encodeURIComponent);
  return `${PLACES.flat}/${id!}/${label!}/${id!}.${label!}.nupkg`;
}

/** The specification that is in the package, too. */
export function nuspecOf({ name, version }: Release): Path {
  const [id, label] = [name, version].map(encodeURIComponent);
  return `${PLACES.flat}/${id!}/${label!}/${id!}.nuspec`;
}

/** A document of a package's registration, in the hive that is asked first. */
export function registered(name: string, rest = "index.json"): Path {
  return `${PLACES.registration}/${encodeURIComponent(name)}/${rest}`;
}

export function leafOf({ name, version }: Release): Path {
  return registered(name, `${encodeURIComponent(version)}.json`);
}

/** The files of a release. `url`: where upstream has the package. */
export function filesOf(release: Release, url?: string): FileFacts[] {
  const path = packageOf(release);
  return [
    { path, ...(url !== undefined && { url }) },
    { path: nuspecOf(release), optional: true, beside: path },
  ];
}

/** As base64. Throws where it is no sha512. */
export function sha512Of(text: string): Digest {
  const digest = digestOfText("sha512", text.trim().replace(/^"(.*)"$/, "$1"));
  if (!digest) throw new Error(`expected the base64 of a sha512, found "${text.slice(0, 100)}"`);
  return digest;
}
