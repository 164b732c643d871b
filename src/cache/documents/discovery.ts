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

  read({ mount }: Pick<Target, "mount">, { sha256 }: Pick<DocumentRow, "sha256">, doc: () => Doc): Declared {
    const known = this.#known.get(mount.name);
    if (known?.sha256 === sha256) return known.declared;
    return this.keep({ mount }, { sha256 }, mount.ecosystem.discovery?.read(doc()) ?? {});
  }

  /** What was read of it. */
  keep({ mount }: Pick<Target, "mount">, { sha256 }: Pick<DocumentRow, "sha256">, declared: Declared): Declared {
    this.#known.set(mount.name, { sha256, declared });
    return declared;
  }
}
