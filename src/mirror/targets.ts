import { BadRequest, messageOf } from "../errors.ts";
import type { ReleaseTask } from "../jobs.ts";
import { type Mount, meaningOf, requireName, upstreamAt } from "../mounts.ts";
import { formatPurl, type Purl, parsePurl, typesOf } from "../purl.ts";

/** From package URLs to what is to be held, and under which mount. `preferred` names the mount where several serve a type. */
export class Targets {
  readonly #mounts: readonly Mount[];
  readonly #preferred: string | undefined;

  constructor(mounts: Iterable<Mount>, preferred?: string) {
    this.#mounts = [...mounts];
    this.#preferred = preferred;
  }

  serves({ type }: Purl): boolean {
    return this.#mounts.some(({ ecosystem }) => typesOf(ecosystem).includes(type));
  }

  /** What it is where no registry has it, because it comes with the toolchain. */
  builtIn({ type, name }: Purl): string | undefined {
    return this.#mounts.find(({ ecosystem }) => typesOf(ecosystem).includes(type))?.ecosystem.builtIn?.(name);
  }

  /** Throws BadRequest where no ecosystem serves the type. */
  of(purl: Purl, text = `pkg:${purl.type}/${purl.name}`): ReleaseTask {
    const serving = this.#mounts.filter(({ ecosystem }) => typesOf(ecosystem).includes(purl.type));
    const mount =
      serving.find(({ name }) => name === this.#preferred) ??
      byRepository(purl, serving) ??
      serving.find(isDefault) ??
      serving[0];
    if (!mount) {
      const known = [...new Set(this.#mounts.flatMap(({ ecosystem }) => typesOf(ecosystem)))].sort();
      throw new BadRequest(`${text}: no ecosystem serves the type "${purl.type}"; known: ${known.join(", ")}`);
    }
    const { ecosystem } = mount;
    // Which features are asked for chooses requirements, not files.
    const { name, version, qualifiers: given = {} } = readAs(mount, purl, text);
    const { repository_url: _, features = "", extras = "", ...qualifiers } = given;
    const asks = [features, extras].flatMap((list) => list.split(",")).filter(Boolean);
    const wanted = {
      name: ecosystem.identity?.(name) ?? name,
      ...(version && { version: ecosystem.versions.canonical?.(version) ?? version }),
      ...(Object.keys(qualifiers).length > 0 && { qualifiers }),
    };
    named(mount, wanted, text);
    return {
      ...wanted,
      ...(asks.length > 0 && { asks: ["default", ...asks] }),
      purl: formatPurl(ecosystem, wanted),
      mount: mount.name,
      isRoot: true,
    };
  }

  /** Of texts. All that is wrong is told at once: BadRequest with a line each. Equal ones count once. */
  ofAll(texts: Iterable<readonly [place: string, text: string]>): ReleaseTask[] {
    const targets = new Map<string, ReleaseTask>();
    const problems: string[] = [];
    for (const [place, text] of texts) {
      try {
        const target = this.of(parsePurl(text), text);
        targets.set(`${target.mount} ${target.purl}`, target);
      } catch (error) {
        problems.push(`${place}${(error as Error).message}`);
      }
    }
    if (problems.length > 0) throw new BadRequest(problems.join("\n"));
    return [...targets.values()];
  }
}

function named(mount: Mount, wanted: Parameters<typeof requireName>[1], text: string): void {
  try {
    requireName(mount, wanted);
  } catch (error) {
    throw new BadRequest(`${text}: ${messageOf(error)}`);
  }
}

function readAs(mount: Mount, purl: Purl, text: string): ReturnType<typeof meaningOf> {
  try {
    return meaningOf(mount, purl);
  } catch (error) {
    throw new BadRequest(`${text}: ${messageOf(error)}`);
  }
}

/** `?repository_url=` names the registry that is meant: the mount whose upstream it is. */
function byRepository({ qualifiers }: Purl, mounts: readonly Mount[]): Mount | undefined {
  const url = qualifiers?.repository_url;
  if (!url) return undefined;
  return mounts.find((mount) => upstreamAt(mount, mount.ecosystem.base?.(url, "default") ?? url) !== undefined);
}

function isDefault({ name, ecosystem }: Mount): boolean {
  return name === (ecosystem.mount ?? `/${ecosystem.id}`).slice(1);
}
