/** The versions of a package, listed and unlisted: https://learn.microsoft.com/nuget/api/package-base-address-resource */
import type { Doc, Facts, Release, View } from "../../src/contract/ecosystem.ts";
import { type Entries, labelOf, readEntries } from "../shared/entries.ts";
import { filesOf, packageOf, releaseOf } from "./paths.ts";

export function listFacts(doc: Doc): Facts {
  const { found, leftOut } = releasesOf(doc);
  return { releases: found.map(([, release]) => ({ ...release, files: filesOf(release) })), leftOut };
}

/** `undefined`: clients may see none of them. */
export function list(doc: Doc, view: View): string | undefined {
  const shown = releasesOf(doc).found.filter(([, release]) => view.admits(release, packageOf(release)));
  return shown.length > 0
    ? JSON.stringify({ ...doc.json<object>(), versions: shown.map(([version]) => version) })
    : undefined;
}

/** With the version as it is written. */
function releasesOf(doc: Doc): Entries<[string, Release]> {
  const { versions } = doc.json<{ versions?: unknown[] }>();
  if (!Array.isArray(versions)) throw new Error(`${doc.path} is no list of versions`);
  return readEntries(versions, (each) => {
    const version = labelOf(each, "version");
    return [version, releaseOf(doc.params["id"] ?? "", version)];
  });
}
