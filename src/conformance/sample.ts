import type { LeftOut, Path, ReleaseFacts } from "../contract/ecosystem.ts";
import { classify } from "../mounts/match.ts";
import type { Mount } from "../mounts/mounts.ts";
import { read, type Source } from "./setting.ts";

export interface Sample extends Source {
  /** Where the end of a document is not marked, only a cut inside a line can be noticed. Default: anywhere. */
  truncation?: "anywhere" | "line" | "none";
  /** Entries that make no sense, as text, and the text in the body before which each of them could stand: such a one is left out,
   * and the rest of the document is as it was. Default: none is tried. */
  odd?: readonly { before: string; entries: readonly string[] }[];
  /** What reads like one of its versions and is something else: the version of its format. */
  unrelated?: readonly string[];
}

export interface SampleFacts {
  releases: readonly ReleaseFacts[];
  follow: readonly Path[];
  leftOut: readonly LeftOut[];
}

/** What a document states; nothing where its route has no `parse`. */
export function factsOf(mount: Mount, sample: Sample): SampleFacts {
  const { route, doc } = read(mount, sample);
  const { releases = [], follow = [], leftOut = [] } = route.parse?.(doc) ?? {};
  // What was left out is known once the rest was read.
  return { releases: [...releases], follow: [...follow], leftOut: [...leftOut] };
}

/** The kind of the route that takes a path; the status where there is none. */
export function kindOf({ ecosystem, upstreams }: Mount, path: Path): string {
  const match = classify(ecosystem, "GET", path, (name) => upstreams.has(name));
  return typeof match === "number" ? String(match) : match.route.kind;
}
