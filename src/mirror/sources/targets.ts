import { withoutCredentials } from "../../../ecosystems/shared/lockfiles/elsewhere.ts";
import { digestOfHex } from "../../contract/digest.ts";
import type { Digest } from "../../contract/ecosystem.ts";
import type { ReleaseTask } from "../../contract/jobs.ts";
import type { Lockfile, Origin } from "../../contract/lockfile.ts";
import { formatPurl, type Purl, parsePurl, typesOf } from "../../contract/purl.ts";
import { BadRequest, messageOf } from "../../lib/errors.ts";
import { type Mount, meaningOf, requireName } from "../../mounts/mounts.ts";
import { packageFilter } from "../registry/filters.ts";
import { Addresses, isDefault, type OwnPath } from "./addresses.ts";

export interface TargetsOptions {
  /** The name of the mount for what states no registry, where several serve a type. */
  preferred?: string | undefined;
  /** Which addresses are this proxy's own. Default: none. */
  own?: OwnPath | undefined;
}

/** From package URLs to what is to be held, and under which mount. */
export class Targets {
  readonly #mounts: readonly Mount[];
  readonly #preferred: string | undefined;
  readonly #addresses: Addresses;
  readonly #owns = new Map<Mount, (purl: string) => boolean>();

  constructor(mounts: Iterable<Mount>, { preferred, own }: TargetsOptions = {}) {
    this.#mounts = [...mounts];
    this.#preferred = preferred;
    this.#addresses = new Addresses(own);
    for (const mount of this.#mounts)
      if (mount.packages && mount.packages.length > 0)
        this.#owns.set(mount, packageFilter({ include: mount.packages, exclude: [] }));
  }

  /** The formats of lockfiles that plugins of its mounts read. */
  get lockfiles(): readonly Lockfile[] {
    return [...new Set(this.#mounts.flatMap(({ ecosystem }) => ecosystem.lockfiles ?? []))];
  }

  serves({ type }: Purl): boolean {
    return this.#mounts.some(({ ecosystem }) => typesOf(ecosystem).includes(type));
  }

  /** What it is where no registry has it, because it comes with the toolchain. */
  builtIn({ type, name }: Purl): string | undefined {
    return this.#mounts.find(({ ecosystem }) => typesOf(ecosystem).includes(type))?.ecosystem.builtIn?.(name);
  }

  /** Throws BadRequest with the reason where no mount here has it. */
  of(purl: Purl, text = `pkg:${purl.type}/${purl.name}`): ReleaseTask {
    const [found] = this.everywhere(purl, text);
    return found;
  }

  /**
   * What it is at each mount that may have it, the one that is asked for it first: of what states its registry, that one.
   * Throws BadRequest as `of` does.
   */
  everywhere(purl: Purl, text = `pkg:${purl.type}/${purl.name}`): [ReleaseTask, ...ReleaseTask[]] {
    const found = this.#find(purl);
    if (typeof found === "string") throw new BadRequest(`${text}: ${found}`);
    return found;
  }

  /** What is to be held for a package URL that a source has from somewhere, or the reason why no mount here has it. */
  from(purl: Purl, origin?: Origin): ReleaseTask | string {
    const found = this.#find(purl, origin);
    return typeof found === "string" ? found : found[0];
  }

  /** Of texts. All that is wrong is told at once: BadRequest with a line each. Equal ones count once. */
  ofAll(texts: Iterable<readonly [place: string, text: string]>): ReleaseTask[] {
    const targets = new Map<string, ReleaseTask>();
    const problems: string[] = [];
    for (const [place, text] of texts) {
      try {
        const target = this.of(parsePurl(text), text);
        targets.set(`${target.mount} ${target.purl} ${(target.digests ?? []).join()}`, target);
      } catch (error) {
        problems.push(`${place}${(error as Error).message}`);
      }
    }
    if (problems.length > 0) throw new BadRequest(problems.join("\n"));
    return [...targets.values()];
  }

  #find(purl: Purl, origin?: Origin): [ReleaseTask, ...ReleaseTask[]] | string {
    const serving = this.#mounts.filter(({ ecosystem }) => typesOf(ecosystem).includes(purl.type));
    if (serving.length === 0) {
      const known = [...new Set(this.#mounts.flatMap(({ ecosystem }) => typesOf(ecosystem)))].sort();
      return `no ecosystem serves the type "${purl.type}"; known: ${known.join(", ")}`;
    }
    const mounts = this.#mountsFor(purl, serving, origin);
    if (typeof mounts === "string") return mounts;
    let problem: string | undefined;
    const found: ReleaseTask[] = [];
    for (const mount of mounts)
      try {
        found.push(taskOf(mount, purl));
      } catch (error) {
        problem ??= messageOf(error);
      }
    const [first, ...others] = found;
    return first ? [first, ...others] : (problem ?? "no mount here has it");
  }

  /** Those that may have it, in order; or why there are none. */
  #mountsFor(purl: Purl, serving: readonly Mount[], origin: Origin | undefined): readonly Mount[] | string {
    const { repository_url, download_url, vcs_url } = purl.qualifiers ?? {};
    const usual = this.#inOrder(serving);
    const stated: Origin | undefined = repository_url
      ? { kind: "registry", address: repository_url }
      : download_url
        ? { kind: "file", address: download_url }
        : origin;
    // Tools state it of what is from a repository of source code, beside which a registry may have another package of that name.
    if (vcs_url && stated?.kind !== "registry" && stated?.kind !== "file")
      return `is from a repository of source code: ${withoutCredentials(vcs_url)}`;
    const owners = serving.filter((mount) => this.#owns.get(mount)?.(`pkg:${purl.type}/${encodeURI(purl.name)}`));
    if (stated?.kind === "several") return this.#ofSeveral(stated.addresses, serving, owners);
    if (stated && stated.kind !== "default") {
      const found = this.#addresses.mountsAt(stated, serving);
      if (found.length > 0) return this.#inOrder(found);
      if (stated.kind !== "hint") return stated.reason ?? problemOf(usual[0]!, purl) ?? nowhere(stated.address);
    }
    if (owners.length > 0) return this.#inOrder(owners);
    if (stated?.kind !== "default") return usual;
    return usual.toSorted((a, b) => Number(isDefault(b)) - Number(isDefault(a)));
  }

  /** The mount of one of several registries: that which has the name for its own, which the operator prefers, or which is the only
   * one with a mount. Else the reason why it cannot be told: a private name must not be asked of a public registry. */
  #ofSeveral(
    addresses: readonly string[],
    serving: readonly Mount[],
    owners: readonly Mount[],
  ): readonly Mount[] | string {
    const found = addresses.flatMap((address) =>
      address === "default"
        ? serving.filter(isDefault)
        : this.#addresses.mountsAt({ kind: "registry", address }, serving),
    );
    const mounts = this.#inOrder([...new Set(found)]);
    const named = addresses.map((each) => (each === "default" ? "the default registry" : withoutCredentials(each)));
    if (mounts.length === 0) return nowhere(named.join(" or "));
    const owning = mounts.filter((mount) => owners.includes(mount));
    if (owning.length > 0) return owning;
    if (mounts.length === 1 || mounts[0]!.name === this.#preferred) return mounts;
    return `is ambiguous: it may be from ${named.join(" or ")}, and nothing says from which; name it among the packages of its mount in the configuration, or choose the mount with --mount`;
  }

  #inOrder(mounts: readonly Mount[]): readonly Mount[] {
    const rank = (mount: Mount) => (mount.name === this.#preferred ? 0 : isDefault(mount) ? 1 : 2);
    return mounts.length === 1 ? mounts : mounts.toSorted((a, b) => rank(a) - rank(b));
  }
}

/** Why the ecosystem's own reading of a package URL finds nothing at a mount. */
function problemOf(mount: Mount, purl: Purl): string | undefined {
  try {
    meaningOf(mount, purl);
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}

/** Throws where the package URL means nothing at the mount, with the reason. */
function taskOf(mount: Mount, purl: Purl): ReleaseTask {
  const { ecosystem } = mount;
  const { name, version, qualifiers: given = {} } = meaningOf(mount, purl);
  // Where it is from chose the mount; which features are asked for chooses requirements, not files.
  const { repository_url: _, download_url: __, vcs_url: ___, checksum, ...others } = given;
  const { features = "", extras = "", ...qualifiers } = others;
  const asks = [features, extras].flatMap((list) => list.split(",")).filter(Boolean);
  const digests = checksum ? digestsOf(checksum) : [];
  const wanted = {
    name: ecosystem.identity?.(name) ?? name,
    ...(version && { version: ecosystem.versions.canonical?.(version) ?? version }),
    ...(Object.keys(qualifiers).length > 0 && { qualifiers }),
  };
  requireName(mount, wanted);
  return {
    ...wanted,
    ...(asks.length > 0 && { asks: ["default", ...asks] }),
    ...(digests.length > 0 && { digests }),
    purl: formatPurl(ecosystem, wanted),
    mount: mount.name,
    isRoot: true,
  };
}

/** `?checksum=sha1:HEX,sha256:HEX`. Throws BadRequest for a hash that is none. */
function digestsOf(checksum: string): Digest[] {
  return checksum.split(",").flatMap((each) => {
    const colon = each.indexOf(":");
    return digestOfHex(each.slice(0, Math.max(0, colon)).trim(), each.slice(colon + 1)) ?? [];
  });
}

function nowhere(address: string): string {
  return `is from ${withoutCredentials(address)}, which no mount here has`;
}
