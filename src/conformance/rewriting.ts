/** Documents as clients see them: the same each time, complete when nothing is withheld, and silent of what is. */
import { isUtf8 } from "node:buffer";
import type { Path, ReleaseFacts } from "../contract/ecosystem.ts";
import type { Mount } from "../mounts/mounts.ts";
import { type Law, must, same } from "./law.ts";
import { factsOf, kindOf, type Sample, type SampleFacts } from "./sample.ts";
import { read, view } from "./setting.ts";

type Seen = Parameters<typeof view>[0];

export function* rewriteLaws(mount: Mount, sample: Sample, variant: string, facts: SampleFacts): Iterable<Law> {
  const rewritten = (seen: Seen = {}) => textOf(mount, sample, variant, seen);
  const shown = (seen: Seen = {}) => shownOf(mount, sample, variant, seen);
  const isArtifact = ({ path }: { path: Path }) => kindOf(mount, path) === "artifact";
  const versions = versionsOf(facts.releases);
  const files = filesOf(facts.releases);
  // What lies beside the first artifact of an entry (a signature, a specification) comes and goes with it.
  const artifacts = facts.releases.flatMap((release) => release.files?.find(isArtifact)?.path ?? []);

  const of = [sample.path, variant || sample.mediaType].filter(Boolean).join(" ");
  const law = (name: string, check: () => void): Law => ({ name: `${of}, rewritten: ${name}`, check });

  yield law("the same twice, the same releases and files, linked to this mount", () => {
    const body = rewritten();
    must(body !== "", "nothing is left of it, although nothing is withheld");
    same(rewritten(), body, "the second time");
    same(versionsOf(shown()), versions, "the versions that clients see");
    same(filesOf(shown()), files, "the files that clients see");
    for (const url of facts.releases.flatMap((release) => release.files ?? []).flatMap((file) => file.url ?? []))
      if (url.includes("://")) must(!body.includes(url), `it still links to ${url}`);
  });
  if (versions.size === 0) return;
  yield law("a withheld release is nowhere", () => {
    same(shown({ admits: () => false }), [], "with all withheld, the releases that clients see");
    for (const withheld of versions) {
      const seen: Seen = { admits: ({ version }) => version !== withheld };
      same(versionsOf(shown(seen)), versions.difference(new Set([withheld])), `${withheld} withheld, the versions`);
      const named = new RegExp(`(?<![\\w.+!^~<>=-])${RegExp.escape(withheld)}(?![\\w.+!-])`);
      if (!sample.unrelated?.includes(withheld))
        must(!named.test(rewritten(seen)), `${withheld} is withheld, and the document still names it`);
    }
  });
  if (artifacts.length === 0) return;
  yield law("a withheld file is nowhere, whatever else its release has", () => {
    for (const withheld of artifacts) {
      const seen: Seen = { admits: (_, file) => file !== withheld };
      must(!filesOf(shown(seen)).includes(withheld), `${withheld} is withheld, and listed`);
      must(!rewritten(seen).includes(view().link(withheld)), `${withheld} is withheld, and linked`);
    }
  });
  yield law("offline a file that is held is listed, and nothing else", () => {
    for (const held of artifacts) {
      const listed = filesOf(shown({ offline: true, admits: (_, file) => file === held }));
      same(
        listed.filter((path) => artifacts.includes(path)),
        [held],
        `${held} alone is held; the files that clients see`,
      );
    }
  });
}

/** What clients are sent of a document. */
function sentOf(mount: Mount, sample: Sample, variant: string, seen: Seen = {}): string | Uint8Array {
  const clients = view({ variant, ...seen });
  const { route, doc } = read(mount, sample, clients);
  const body = route.rewrite?.(doc, clients);
  return (typeof body === "object" && "body" in body ? body.body : body) ?? "";
}

/** The same to be searched; of bytes that are no UTF-8, a character each. */
function textOf(mount: Mount, sample: Sample, variant: string, seen: Seen = {}): string {
  const body = sentOf(mount, sample, variant, seen);
  if (typeof body === "string") return body;
  const buffer = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  return buffer.toString(isUtf8(buffer) ? "utf8" : "latin1");
}

/** What clients are told, read by the plugin's own parser, for which links have to lead where it knows the way from. */
export function shownOf(mount: Mount, sample: Sample, variant: string, seen: Seen = {}): readonly ReleaseFacts[] {
  const link = (path: Path) => `${mount.upstreams.get("default")?.[0]}${path}`;
  const body = sentOf(mount, sample, variant, { ...seen, link });
  const mediaType = variant || sample.mediaType;
  return body.length > 0 ? factsOf(mount, { ...sample, body, ...(mediaType && { mediaType }) }).releases : [];
}

function versionsOf(releases: readonly ReleaseFacts[]): Set<string> {
  return new Set(releases.map(({ version }) => version));
}

function filesOf(releases: readonly ReleaseFacts[]): Path[] {
  return [...new Set(releases.flatMap(({ files = [] }) => files.map(({ path }) => path)))].sort();
}
