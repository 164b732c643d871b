/** What `proxy plugin new` writes. Its text is the first that an author reads, so it says why. */

/** Path → text. */
export function skeletonOf(name: string): Record<string, string> {
  const cases = {
    upstreams: { default: `https://${name}.example` },
    name: "example",
    samples: [{ path: "/example", file: `fixtures/${name}/example.json` }],
    cases: [
      { path: "/example/1.1.0", kind: "artifact", release: { name: "example", version: "1.1.0" } },
      { path: "/", kind: "none" },
    ],
  };
  return {
    [`${name}.ts`]: PLUGIN.replaceAll("NAME", name).replaceAll("EXPORT", camelCase(name)),
    [`${name}.cases.json`]: `${JSON.stringify(cases, null, 2)}\n`,
    [`fixtures/${name}/README.md`]: README.replaceAll("NAME", name),
    [`fixtures/${name}/example.json`]: `${JSON.stringify(EXAMPLE, null, 2)}\n`,
  };
}

const README = `# Samples of NAME's documents

As the registry really sends them, cut short, hosts replaced by \`*.example\`. \`proxy plugin record NAME.ts PATH…\` fetches
them, and notes below where from, when, and what was cut.

- example.json: made by \`proxy plugin new\`; replace it by real ones
`;

const EXAMPLE = {
  name: "example",
  releases: [
    { version: "1.0.0", sha256: "a".repeat(64), published: "2024-01-02T03:04:05Z" },
    { version: "1.1.0", sha256: "b".repeat(64), published: "2024-05-06T07:08:09Z" },
  ],
};

const PLUGIN = `import { compareSemver, type Doc, type Ecosystem, inNpmRange, isStableSemver, json, type Path, type View } from "proxy/plugin";

/** A package's document. Say here what the registry's own looks like. */
interface Index {
  name: string;
  releases: { version: string; sha256: string; published: string }[];
}

export const EXPORT: Ecosystem = {
  id: "NAME",
  contract: 2,
  title: "NAME: which registry, which clients",
  spec: "https://NAME.example/protocol",
  // Named base addresses. Operators may set others: mounts: { NAME: { ecosystem: NAME, upstreams: { default: … } } }
  upstreams: { default: "https://NAME.example" },
  // The line that points the client at this proxy.
  setup: (base) => \`NAME config set registry \${base}/\`,

  // What a path below the mount means. The first that matches is taken.
  routes: [
    {
      // Bytes that never change: verified against the digest that parse states, stored, served for ever.
      kind: "artifact",
      match: "/:name/:version",
      release: ({ name, version }) => ({ name: name!, version: version! }),
    },
    { kind: "metadata", match: "/:name", parse, rewrite },
  ],
  // The documents that together list every release of a package.
  index: ({ name }) => [\`/\${name}\`],
  versions: { compare: compareSemver, isStable: isStableSemver, satisfies: inNpmRange },
};

/** What a document states: releases, their files with digests, their dates. Throws where it is not the document. */
function parse(doc: Doc) {
  const { name, releases } = read(doc);
  return {
    releases: releases.map(({ version, sha256, published }) => ({
      name,
      version,
      publishedAt: new Date(published),
      files: [{ path: fileOf(name, version), digest: \`sha256:\${sha256}\` as const }],
    })),
  };
}

/** The document as clients see it: without what policy withholds or, offline, is not held. */
function rewrite(doc: Doc, view: View) {
  const { name, releases } = read(doc);
  const shown = releases.filter(({ version }) => view.admits({ name, version }, fileOf(name, version)));
  return json({ name, releases: shown });
}

/** Where clients of this proxy ask for the file of a release. */
function fileOf(name: string, version: string): Path {
  return \`/\${name}/\${version}\`;
}

function read(doc: Doc): Index {
  const found = doc.json<Partial<Index>>();
  if (typeof found.name !== "string" || !Array.isArray(found.releases))
    throw new Error(\`\${doc.path} is no document of a package: expected name and releases\`);
  return found as Index;
}
`;

/** docker-hub → dockerHub. */
function camelCase(id: string): string {
  return id.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
}
