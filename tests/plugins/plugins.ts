/** Plugin files as strangers write them, in a folder of their own. */
import { join } from "node:path";

/** The smallest that serves: documents of JSON, files by their sha256. Other names and texts by replacing parts of it. */
export const ACME = `import { compareSemver, type Ecosystem, inNpmRange, isStableSemver, json } from "proxy/plugin";
import { z } from "zod";

const Index = z.object({ versions: z.record(z.string(), z.string()) });

export const acme: Ecosystem = {
  id: "acme",
  contract: 2,
  title: "Acme registry",
  spec: "https://acme.example/spec",
  upstreams: { default: "https://acme.example" },
  setup: (base) => \`acme config registry \${base}\`,
  routes: [
    { kind: "answer", match: "/ping", answer: () => json({ pong: true }) },
    {
      kind: "artifact",
      match: "/:name/files/:version",
      release: ({ name, version }) => ({ name: name!, version: version! }),
    },
    {
      kind: "metadata",
      match: "/:name",
      parse: (doc) => ({
        releases: Object.entries(Index.parse(doc.json()).versions).map(([version, sha256]) => ({
          name: doc.params.name!,
          version,
          files: [{ path: \`/\${doc.params.name!}/files/\${version}\`, digest: \`sha256:\${sha256}\` }],
        })),
      }),
      rewrite: (doc, view) => {
        const { versions } = Index.parse(doc.json());
        const shown = Object.entries(versions).filter(([version]) => view.admits({ name: doc.params.name!, version }));
        return json({ versions: Object.fromEntries(shown) });
      },
    },
  ],
  index: ({ name }) => [\`/\${name}\`],
  versions: { compare: compareSemver, isStable: isStableSemver, satisfies: inNpmRange },
};
`;

/** ACME as another ecosystem: `plugin("other", ["contract: 2", "contract: 7"])`. */
export function plugin(id: string, ...changes: readonly [from: string, to: string][]): string {
  let text = ACME;
  for (const [from, to] of changes) {
    if (!text.includes(from)) throw new Error(`the plugin has no ${from}`);
    text = text.replace(from, to);
  }
  return text.replaceAll("acme", id);
}

/** Writes files into a folder; returns the path of the first. */
export async function write(folder: string, files: Readonly<Record<string, string>>): Promise<string> {
  for (const [name, text] of Object.entries(files)) await Bun.write(join(folder, name), text);
  return join(folder, Object.keys(files)[0]!);
}
