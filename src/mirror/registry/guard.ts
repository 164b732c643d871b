/** Against upstreams that say all at once that much of what they had is gone: a list that was cut off, a registry that moved. */

import type { RegistrySpec } from "../../contract/jobs.ts";
import type { Index } from "../../index/port.ts";
import { BadRequest } from "../../lib/errors.ts";
import type { Mount } from "../../mounts/mounts.ts";

/** More than this share of what is known, and than so many, cannot be gone at once. */
const MOST = 0.02;
const FEW = 10;

export interface GuardOptions {
  mount: Mount;
  spec: RegistrySpec;
  listed: Pick<Index["listed"], "byState">;
}

export class Guard {
  readonly #options: GuardOptions;
  /** Packages that are gone since upstream was looked at last. */
  #gone = 0;
  /** Those that are there, as of when these were more than a few. */
  #all: number | undefined;

  constructor(options: GuardOptions) {
    this.#options = options;
  }

  /** Before another look at upstream: what is gone at once is counted anew. */
  begin(): void {
    this.#gone = 0;
    this.#all = undefined;
  }

  /** Why so many more packages cannot be gone; `undefined` where they can. */
  async refusal(count: number): Promise<BadRequest | undefined> {
    const { spec, mount, listed } = this.#options;
    this.#gone += count;
    if (spec.mayShrink || this.#gone <= FEW || count === 0) return undefined;
    this.#all ??= await countThere(listed, mount);
    if (this.#gone <= this.#all * MOST) return undefined;
    return new BadRequest(
      `${mount.name}: upstream says that ${this.#gone} of ${this.#all} packages are gone, more than ${MOST * 100} % at once. No more of them were given up. If it is right, run it again with --allow-shrink`,
    );
  }
}

/** Packages that are there, as far as it is known. Looks at all of them. */
export async function countThere(
  listed: Pick<Index["listed"], "byState">,
  { name }: Pick<Mount, "name">,
): Promise<number> {
  const { gone: _, odd: __, ...there } = await listed.byState(name);
  return Object.values(there).reduce((sum, each) => sum + each, 0);
}
