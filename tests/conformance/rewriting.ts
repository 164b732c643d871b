/** Documents as clients see them: the same each time, complete when nothing is withheld, and silent of what is. */
import { expect, test } from "bun:test";
import type { Path, ReleaseFacts } from "../../src/ecosystem.ts";
import type { Mount } from "../../src/mounts.ts";
import { read, view } from "../support/plugin.ts";
import { factsOf, kindOf, type Sample, type SampleFacts } from "./sample.ts";

type Seen = Parameters<typeof view>[0];

export function rewriteLaws(mount: Mount, sample: Sample, variant: string, facts: SampleFacts): void {
  const rewritten = (seen: Seen = {}): string => {
    const { route, doc } = read(mount, sample);
    const body = route.rewrite?.(doc, view({ variant, ...seen }));
    const bytes = typeof body === "object" && "body" in body ? body.body : body;
    return bytes instanceof Uint8Array ? new TextDecoder().decode(bytes) : (bytes ?? "");
  };
  /** What clients are told, read by the plugin's own parser, for which links have to lead where it knows the way from. */
  const shown = (seen: Seen = {}) => {
    const body = rewritten({ ...seen, link: (path) => `${mount.upstreams.get("default")?.[0]}${path}` });
    const mediaType = variant || sample.mediaType;
    return body ? factsOf(mount, { ...sample, body, ...(mediaType && { mediaType }) }).releases : [];
  };
  const isArtifact = (path: Path) => kindOf(mount, path) === "artifact";
  const versions = versionsOf(facts.releases);
  const files = filesOf(facts.releases);
  // What lies beside the first file of an entry (a signature, a specification) comes and goes with it.
  const artifacts = facts.releases.flatMap((release) => release.files?.[0]?.path ?? []).filter(isArtifact);

  test(`rewritten ${variant}: the same twice, the same releases and files, linked to this mount`, () => {
    const body = rewritten();
    expect(body).not.toBe("");
    expect(rewritten()).toBe(body);
    expect(versionsOf(shown())).toEqual(versions);
    expect(filesOf(shown())).toEqual(files);
    for (const { url } of facts.releases.flatMap((release) => release.files ?? []))
      if (url?.includes("://")) expect(body).not.toContain(url);
  });
  if (versions.size === 0) return;
  test(`rewritten ${variant}: a withheld release is nowhere`, () => {
    expect(shown({ admits: () => false })).toEqual([]);
    for (const withheld of versions) {
      const seen: Seen = { admits: ({ version }) => version !== withheld };
      expect(versionsOf(shown(seen))).toEqual(versions.difference(new Set([withheld])));
      const named = new RegExp(`(?<![\\w.+!^~<>=-])${RegExp.escape(withheld)}(?![\\w.+!-])`);
      if (!sample.unrelated?.includes(withheld)) expect(rewritten(seen)).not.toMatch(named);
    }
  });
  if (artifacts.length > 0) {
    test(`rewritten ${variant}: a withheld file is nowhere, whatever else its release has`, () => {
      for (const withheld of artifacts) {
        const seen: Seen = { admits: (_, file) => file !== withheld };
        expect(filesOf(shown(seen))).not.toContain(withheld);
        expect(rewritten(seen)).not.toContain(view().link(withheld));
      }
    });
    test(`rewritten ${variant}: offline a file that is held is listed, and nothing else`, () => {
      for (const held of artifacts) {
        const listed = filesOf(shown({ offline: true, admits: (_, file) => file === held }));
        expect(listed.filter((path) => artifacts.includes(path))).toEqual([held]);
      }
    });
  }
}

function versionsOf(releases: readonly ReleaseFacts[]): Set<string> {
  return new Set(releases.map(({ version }) => version));
}

function filesOf(releases: readonly ReleaseFacts[]): Path[] {
  return [...new Set(releases.flatMap(({ files = [] }) => files.map(({ path }) => path)))].sort();
}
