import type { Requirement } from "../../contract/ecosystem.ts";
import type { Aside } from "../../contract/lockfile.ts";
import { formatPurl } from "../../contract/purl.ts";
import type { Mount } from "../../mounts/mounts.ts";
import type { Outcome } from "./progress.ts";

/** Of each kind so many are kept for the summary; the count tells the rest. */
const KEPT = 1_000;
/** Declared dependencies that are looked at. */
const DECLARED = 20_000;

/** Lines of one kind: the first ones, and how many there are. */
export class Lines {
  readonly first: string[] = [];
  count = 0;

  add(line: string): void {
    this.count++;
    if (this.first.length < KEPT) this.first.push(line);
  }
}

/** What a job has to say beside its counts, bounded whatever its size. */
export class JobSummary {
  readonly withheld = new Lines();
  readonly leftOut = new Lines();
  readonly unproven = new Lines();
  /** Stored files whose digest nothing states, which a check found. */
  readonly unverified: Pick<Outcome, "mount" | "purl" | "path">[] = [];
  unverifiedCount = 0;
  /** What sources name and no registry has: what has to come from elsewhere, and what is their own. */
  readonly foreign = new Lines();
  readonly asides = new Lines();
  readonly failures: Pick<Outcome, "purl" | "path" | "reason">[] = [];
  readonly planned: Pick<Outcome, "mount" | "path" | "size" | "outcome">[] = [];
  /** What the mirrored releases declare to need, once each. */
  readonly declared = new Map<string, Requirement & { mount: string }>();
  readonly #keepsPlan: boolean;

  /** `keepsPlan`: every file is remembered, for a dry run. */
  constructor({ keepsPlan = false } = {}) {
    this.#keepsPlan = keepsPlan;
  }

  tell({ mount, purl, path, size, outcome, reason = "" }: Outcome): void {
    if (outcome === "withheld") this.withheld.add(purl);
    else if (outcome === "left out") this.leftOut.add(`${purl}: ${reason}`);
    else if (outcome === "unproven") this.unproven.add(`${purl}: ${reason}`);
    else if (outcome === "unverified") {
      this.unverifiedCount++;
      if (this.unverified.length < KEPT) this.unverified.push({ mount, purl, ...(path && { path }) });
    } else if (outcome === "failed") {
      if (this.failures.length < KEPT) this.failures.push({ purl, ...(path && { path }), reason });
    } else if (this.#keepsPlan)
      this.planned.push({ mount, outcome, ...(path && { path }), ...(size !== undefined && { size }) });
  }

  aside({ what, reason, place, isOwn }: Aside): void {
    (isOwn ? this.asides : this.foreign).add(`${what} ${reason} (${place})`);
  }

  declare(mount: string, requires: readonly Requirement[]): void {
    for (const requirement of requires) {
      if (this.declared.size >= DECLARED) return;
      if (requirement.elsewhere === undefined)
        this.declared.set(`${mount} ${requirement.name} ${requirement.range}`, { ...requirement, mount });
    }
  }

  /** Of the declared dependencies, those for which nothing held fits, as PURLs with their range. */
  missing(
    mounts: ReadonlyMap<string, Mount>,
    versionsHeld: (mount: string, name: string) => readonly string[],
  ): string[] {
    return [...this.declared.values()].flatMap(({ mount, name, range }) => {
      const { ecosystem } = mounts.get(mount) ?? {};
      if (!ecosystem) return [];
      const identity = ecosystem.identity?.(name) ?? name;
      const isHeld = versionsHeld(mount, identity).some((version) => ecosystem.versions.satisfies(version, range));
      return isHeld ? [] : [`${formatPurl(ecosystem, { name: identity })} ${range}`.trimEnd()];
    });
  }
}
