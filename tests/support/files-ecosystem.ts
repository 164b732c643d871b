/** The smallest ecosystem: files at `/f/NAME` that `/index.json` vouches for, and files at `/raw/NAME` that nothing does. */

import { hash } from "../../src/contract/digest.ts";
import { CONTRACT_REVISION, type Digest, type Ecosystem, type Path } from "../../src/contract/ecosystem.ts";
import { type Mount, makeMount } from "../../src/mounts/mounts.ts";
import { binary, json } from "./tree.ts";
import type { Upstream } from "./upstream.ts";

export interface Index {
  revision?: number;
  files: { path: Path; digest?: Digest; size?: number; url?: string; at?: string }[];
}

export const files: Ecosystem = {
  id: "files",
  contract: CONTRACT_REVISION,
  title: "Files of tests",
  spec: "https://files.example/",
  upstreams: { default: "https://files.example" },
  routes: [
    {
      kind: "metadata",
      match: "/index.json",
      parse(doc) {
        const { files: stated, revision } = doc.json<Index>();
        const releases = stated.map(({ at, ...file }) => ({
          name: "file",
          version: file.path.slice(3),
          files: [file],
          ...(at !== undefined && { publishedAt: new Date(at) }),
        }));
        return { releases, ...(revision !== undefined && { revision }) };
      },
    },
    { kind: "artifact", match: "/f/:name", release: ({ name = "" }) => ({ name: "file", version: name }) },
    { kind: "artifact", match: "/raw/:name", describedBy: () => [] },
  ],
  index: () => ["/index.json"],
  versions: {
    compare: (a, b) => (a < b ? -1 : Number(a > b)),
    isStable: () => true,
    satisfies: (version, range) => version === range,
  },
  setup: (base) => base,
};

export const mountOf = (url: string, ttl = 300_000): Mount =>
  makeMount("files", files, { upstreams: { default: url }, ttl });

/** Puts files at an upstream's root: `/f/NAME` with an index that has their digests and sizes, `/raw/NAME` without. */
export function publish(
  upstream: Upstream,
  contents: Readonly<Record<string, Uint8Array<ArrayBuffer>>>,
  { revision }: Pick<Index, "revision"> = {},
): void {
  const listed = Object.entries(contents).map(([name, bytes]) => ({
    path: `/f/${name}` as Path,
    digest: `sha256:${hash("sha256", bytes)}` as Digest,
    size: bytes.length,
  }));
  upstream.set("/index.json", json({ files: listed, ...(revision !== undefined && { revision }) } satisfies Index));
  for (const [name, bytes] of Object.entries(contents))
    for (const folder of ["f", "raw"]) upstream.set(`/${folder}/${name}`, binary(bytes));
}
