import { hash } from "../../src/digest.ts";
import type {
  CatalogEvent,
  Digest,
  Doc,
  Ecosystem,
  Params,
  Path,
  Release,
  ReleaseFacts,
  View,
} from "../../src/ecosystem.ts";

const FULL_NAME = /^(?<full>.+)\.(?:gem|gemspec\.rz)$/;

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
      rewrite: info,
    },
    // HOLE: each line ends with the MD5 of `/info/NAME` as it is served here, and only held documents of this name could be
    // summed (`View.served`). Until then Bundler asks again for what is filtered on each run.
    // HOLE: 25 MB that only grow are fetched whole at each revalidation, as no route can say that upstream's end suffices.
    { kind: "metadata", match: "/versions", freshness: 60, parse: everyPackage, rewrite: listed },
    { kind: "metadata", match: "/names", freshness: 600 },
    { kind: "metadata", match: /^\/(?:latest_|prerelease_)?specs\.4\.8\.gz$/ },
    {
      kind: "deny",
      match: "/api/v1/dependencies",
      status: 404,
      reason: "Gone from the registry, too: clients use its index.",
    },
    { kind: "artifact", match: "/gems/:file", release: guess, describedBy: candidates },
    { kind: "artifact", match: "/quick/Marshal.4.8/:file", release: guess, describedBy: candidates },
  ],
  index: ({ name }) => [`/info/${encodeURIComponent(name)}`],
  // Where upstream sends them; ours are set with the body.
  keepHeaders: ["repr-digest", "digest"],
  versions: {
    compare: (a, b) => (a < b ? -1 : Number(a > b)),
    isStable: (version) => !/[a-z]/i.test(version),
    satisfies: (version, range) => version === range,
  },
  catalog: {
    async *changes(reader, checkpoint = "0") {
      const text = await reader.text("/versions", { from: Number(checkpoint) });
      const events = text.split("\n").flatMap((line): CatalogEvent[] => {
        const [name, changes = ""] = line.split(" ");
        return name && changes ? [{ type: "changed", package: { name } }] : [];
      });
      yield { events, checkpoint: String(Number(checkpoint) + text.length) };
    },
  },
};

/** `1.2.3-java rack:>= 1|checksum:ab…,created_at:2026-…`. */
function lines(doc: Doc): [line: string, facts: ReleaseFacts][] {
  const name = doc.params.name!;
  return below(doc).map((line) => {
    const [label = ""] = line.split(" ");
    const [version = "", platform = "ruby"] = label.split(/-(.*)/s);
    const sha256 = /checksum:([0-9a-f]{64})(?![0-9a-f])/.exec(line)?.[1];
    const at = /created_at:([^,\s]+)/.exec(line)?.[1];
    if (!version || !line.includes("|")) throw new Error(`${doc.path} has a line without version or attributes`);
    const digest: { digest?: Digest } = sha256 ? { digest: `sha256:${sha256}` } : {};
    const qualifiers = { platform };
    const files = [
      { path: `/gems/${name}-${label}.gem` as Path, ...digest, qualifiers },
      { path: `/quick/Marshal.4.8/${name}-${label}.gemspec.rz` as Path, qualifiers },
    ];
    return [line, { name, version, ...(at && { publishedAt: new Date(at) }), files }];
  });
}

function below(doc: Doc): string[] {
  const [, text] = doc.text().split(/^---\n/m);
  if (text === undefined) throw new Error(`${doc.path} is no compact index: it has no line of dashes`);
  if (!doc.text().endsWith("\n")) throw new Error(`${doc.path} is cut off: its last line has no end`);
  return text.split("\n").filter(Boolean);
}

function info(doc: Doc, view: View) {
  const shown = lines(doc).filter(([, release]) => view.admits(release, release.files?.[0]?.path));
  return whole(`---\n${shown.map(([line]) => `${line}\n`).join("")}`);
}

/** Clients verify what they joined of several answers with the digest of the whole. */
function whole(body: string) {
  const digest = Buffer.from(hash("sha256", body), "hex").toString("base64");
  return { body, headers: { "repr-digest": `sha-256=:${digest}:` } };
}

/** A package stands here as often as it changed; a version, until a later line takes it back. */
function everyPackage(doc: Doc) {
  const releases = below(doc).flatMap((line) => {
    const [name = "", labels = ""] = line.split(" ");
    return labels
      .split(",")
      .filter((label) => !label.startsWith("-"))
      .map((label) => ({ name, version: label.split("-")[0]! }));
  });
  return { releases };
}

function listed(doc: Doc, view: View) {
  const shown = below(doc).flatMap((line) => {
    const [name = "", labels = "", md5 = ""] = line.split(" ");
    const kept = labels
      .split(",")
      .filter((label) => label.startsWith("-") || view.admits({ name, version: label.split("-")[0]! }));
    return kept.length > 0 ? [`${name} ${kept.join(",")} ${md5}\n`] : [];
  });
  return whole(`${doc.text().split(/^---\n/m)[0]!}---\n${shown.join("")}`);
}

/** `foo-1-2.gem` does not tell; what an index states of the path wins. */
function guess({ file }: Params): Release | undefined {
  const [, name, version] = /^(.+?)-(\d[^-]*)/.exec(file!) ?? [];
  return name && version ? { name, version: version.replace(/\.gem(?:spec\.rz)?$/, "") } : undefined;
}

/** Every way to part the name from the version: the index of the right one states the path, and the others do not. */
function candidates({ file }: Params): Path[] {
  const parts = FULL_NAME.exec(file!)?.groups?.full?.split("-") ?? [];
  const names = parts.flatMap((part, i) => (i > 0 && /^\d/.test(part) ? [parts.slice(0, i).join("-")] : []));
  return names.map((name): Path => `/info/${encodeURIComponent(name)}`);
}
