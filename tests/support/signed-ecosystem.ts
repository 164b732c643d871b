/**
 * The smallest ecosystem of generations: `/root.json` states the digests of the documents below `/n/`, whose contents are at
 * `/by/SHA256` and `/copy/SHA256`; `/root.txt` says the same date, and `/root.sig` does not tell which. Documents list files
 * below `/f/`. Names that begin with `again` repeat others; mirrors hold all.
 */
import { hash } from "../../src/contract/digest.ts";
import { CONTRACT_REVISION, type Digest, type Doc, type Ecosystem, type Path } from "../../src/contract/ecosystem.ts";
import { type Mount, makeMount } from "../../src/mounts/mounts.ts";
import { json, text } from "./tree.ts";
import type { Upstream } from "./upstream.ts";

interface Root {
  date: number;
  names: Record<string, string>;
}

const generation = () => ({
  roots: ["/root.json" as const],
  beside: ["/root.txt" as const, "/root.sig" as const],
});
const listing = { kind: "metadata" as const, generation, packed: true, parse: files };

export const signed: Ecosystem = {
  id: "signed",
  contract: CONTRACT_REVISION,
  title: "Generations of tests",
  spec: "https://signed.example/",
  upstreams: { default: "https://signed.example" },
  routes: [
    {
      kind: "metadata",
      match: "/root.json",
      pointer: true,
      generation,
      parse(doc) {
        const { date, names } = doc.json<Root>();
        const documents = Object.entries(names).map(([name, sha256]) => ({
          path: `/n/${name}` as Path,
          digest: `sha256:${sha256}` as Digest,
          at: [`/by/${sha256}`, `/copy/${sha256}`] as const,
        }));
        const paths = documents.map(({ path }) => path);
        const repeats = (path: Path) => path.startsWith("/n/again");
        return {
          documents,
          revision: date,
          follow: paths.filter((path) => !repeats(path)),
          beside: ["/root.txt", "/root.sig", ...paths.filter(repeats)],
        };
      },
    },
    {
      kind: "metadata",
      match: "/root.txt",
      pointer: true,
      generation,
      agrees: (doc, root) => doc.text() === `date ${root.json<Root>().date}`,
    },
    { kind: "metadata", match: "/root.sig", pointer: true, generation },
    { ...listing, match: "/n/:name" },
    {
      ...listing,
      match: /^\/(?:by|copy)\/(?<hex>[0-9a-f]{64})$/,
      freshness: "immutable",
      digest: ({ hex }) => `sha256:${hex!}`,
      describedBy: () => [],
    },
    { kind: "artifact", match: "/f/:name", needsDigest: true, describedBy: () => [{ below: "/" }] },
  ],
  index: () => ["/root.json"],
  versions: {
    compare: (a, b) => (a < b ? -1 : Number(a > b)),
    isStable: () => true,
    satisfies: (version, range) => version === range,
  },
  setup: (base) => base,
};

/** A line a file: its name and sha256. */
function files(doc: Doc) {
  const lines = new TextDecoder().decode(doc.bytes()).matchAll(/^(\S+) ([0-9a-f]{64})$/gm);
  const releases = Array.from(lines, ([, version, sha256]) => ({
    name: "file",
    version: version!,
    files: [{ path: `/f/${version!}` as Path, digest: `sha256:${sha256!}` as Digest }],
  }));
  return { releases };
}

export const signedMount = (url: string): Mount =>
  makeMount("signed", signed, { upstreams: { default: url }, ttl: 300_000 });

export const digestOf = (body: string): string => hash("sha256", new TextEncoder().encode(body));

/** What a generation consists of: names and their contents. `by`: whether contents are to be had by their digest, too. */
export function publishGeneration(
  upstream: Upstream,
  date: number,
  contents: Readonly<Record<string, string>>,
  { by = true } = {},
): void {
  const names = Object.fromEntries(Object.entries(contents).map(([name, body]) => [name, digestOf(body)]));
  upstream.set("/root.json", json({ date, names } satisfies Root));
  upstream.set("/root.txt", text(`date ${date}`));
  upstream.set("/root.sig", text(`signature ${date}`));
  for (const [name, body] of Object.entries(contents)) {
    upstream.set(`/n/${name}`, text(body));
    if (by) upstream.set(`/by/${digestOf(body)}`, text(body));
  }
}
