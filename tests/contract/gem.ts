import type { Doc, Ecosystem, Release, ReleaseFacts } from "../../src/ecosystem.ts";

/** HOLES: `/versions` holds sums of the served `/info` documents (a view on what is served elsewhere), and is read by range. */
export const gem: Ecosystem = {
  id: "gem",
  contract: 1,
  title: "RubyGems: gem, bundler",
  spec: "https://guides.rubygems.org/rubygems-org-compact-index-api/",
  upstreams: { default: "https://gems.example" },
  setup: (base) => `bundle config set mirror.all ${base}`,
  routes: [
    {
      kind: "metadata",
      match: "/info/:name",
      parse: (doc) => ({ releases: lines(doc).map(([, facts]) => facts) }),
      rewrite: (doc, view) => {
        const shown = lines(doc).filter(([, release]) => view.admits(release, release.files?.[0]?.path));
        return `---\n${shown.map(([line]) => `${line}\n`).join("")}`;
      },
    },
    { kind: "metadata", match: "/versions", freshness: 60 },
    { kind: "metadata", match: "/names", freshness: 600 },
    { kind: "metadata", match: /^\/(?:latest_|prerelease_)?specs\.4\.8\.gz$/ },
    { kind: "artifact", match: "/gems/:file", release: ({ file }) => guess(file!) },
    { kind: "artifact", match: "/quick/Marshal.4.8/:file", release: ({ file }) => guess(file!), describedBy: () => [] },
  ],
  index: ({ name }) => [`/info/${name}`],
  versions: {
    compare: (a, b) => (a < b ? -1 : Number(a > b)),
    isStable: (v) => !/[a-z]/i.test(v),
    satisfies: (a, b) => a === b,
  },
  async *catalog(reader, checkpoint = "0") {
    const text = await reader.text("/versions", { from: Number(checkpoint) });
    const names = new Set(text.split("\n").flatMap((line) => line.split(" ")[0] || []));
    yield {
      events: Array.from(names, (name) => ({ type: "changed" as const, package: { name } })),
      checkpoint: String(Number(checkpoint) + text.length),
    };
  },
};

/** `1.2.3-java rack:>= 1|checksum:ab…,created_at:2026-…`. */
function lines(doc: Doc): [line: string, facts: ReleaseFacts][] {
  const name = doc.params.name!;
  const text = doc.text();
  return text
    .slice(text.indexOf("---\n") + 4)
    .split("\n")
    .filter(Boolean)
    .map((line) => {
      const label = line.split(" ")[0]!;
      const [version = "", platform] = label.split(/-(.*)/s);
      const sha256 = /checksum:([0-9a-f]{64})/.exec(line)?.[1];
      const at = /created_at:([^,\s]+)/.exec(line)?.[1];
      const file = {
        path: `/gems/${name}-${label}.gem` as const,
        ...(sha256 && { digest: `sha256:${sha256}` as const }),
      };
      return [
        line,
        {
          name,
          version,
          ...(platform && { qualifiers: { platform } }),
          ...(at && { publishedAt: new Date(at) }),
          files: [file],
        },
      ];
    });
}

/** `foo-1-2.gem` does not tell; what `/info` states of the path wins. */
function guess(file: string): Release {
  const found = /^(?<name>.+?)-(?<version>\d[^-]*)(?:-.+)?\.gem(?:spec\.rz)?$/.exec(file)?.groups;
  return { name: found?.name ?? file, version: found?.version ?? "" };
}
