/** Upstreams that upstream itself declares, in a document of its own. */

import type { Declared, Doc, MetadataRoute } from "../../contract/ecosystem.ts";
import type { DocumentRow } from "../../index/rows.ts";

import { knownUpstreams, type Mount } from "../../mounts/mounts.ts";
import { documentAt, type Target } from "../target.ts";

/** Seconds that such a document is believed, where no route says. */
const FRESH = 3_600;

/** The document that declares them; `undefined` where there is none, or the operator set all of them. */
export function discoveryOf(mount: Mount): Target<MetadataRoute> | undefined {
  const { discovery } = mount.ecosystem;
  if (!discovery || knownUpstreams(mount.ecosystem).every((name) => mount.upstreams.has(name))) return undefined;
  const { path } = discovery;
  const route = { kind: "metadata", match: path, freshness: FRESH } as const;
  return documentAt(mount, path) ?? { mount, route, params: {}, path };
}

/** Reads each version of a mount's document once. */
export class Declarations {
  readonly #known = new Map<string, { sha256: string; declared: Declared }>();

  read({ mount }: Target<MetadataRoute>, { sha256 }: DocumentRow, doc: () => Doc): Declared {
    const known = this.#known.get(mount.name);
    if (known?.sha256 === sha256) return known.declared;
    const declared = mount.ecosystem.discovery?.read(doc()) ?? {};
    this.#known.set(mount.name, { sha256, declared });
    return declared;
  }
}
