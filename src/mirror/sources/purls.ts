import { BadRequest, messageOf } from "../../errors.ts";
import type { Mount } from "../../mounts.ts";
import { formatPurl, type Purl, parsePurl } from "../../purl.ts";
import type { Wanted } from "../plan.ts";

/** What is to be held, and under which mount. */
export interface Target {
  purl: string;
  mount: string;
  wanted: Wanted;
}

/**
 * Reads package URLs. All that is wrong is told at once, before anything is fetched: BadRequest with a line each.
 * Equal ones count once. `preferred` names the mount where several serve the type.
 */
export function targetsOf(purls: readonly string[], mounts: Iterable<Mount>, preferred?: string): Target[] {
  const all = [...mounts];
  const targets = new Map<string, Target>();
  const problems: string[] = [];
  for (const text of purls) {
    try {
      const target = targetOf(text, all, preferred);
      targets.set(`${target.mount} ${target.purl}`, target);
    } catch (error) {
      problems.push(messageOf(error));
    }
  }
  if (problems.length > 0) throw new BadRequest(problems.join("\n"));
  return [...targets.values()];
}

function targetOf(text: string, mounts: Mount[], preferred: string | undefined): Target {
  const purl = parsePurl(text);
  const serving = mounts.filter(({ ecosystem }) => (ecosystem.purlType ?? ecosystem.id) === purl.type);
  const mount =
    serving.find(({ name }) => name === preferred) ??
    byRepository(purl, serving) ??
    serving.find(isDefault) ??
    serving[0];
  if (!mount) {
    const known = [...new Set(mounts.map(({ ecosystem }) => ecosystem.purlType ?? ecosystem.id))].sort();
    throw new BadRequest(`${text}: no ecosystem serves the type "${purl.type}"; known: ${known.join(", ")}`);
  }
  const { ecosystem } = mount;
  const { repository_url: _, ...qualifiers } = purl.qualifiers ?? {};
  const wanted: Wanted = {
    name: ecosystem.identity?.(purl.name) ?? purl.name,
    ...(purl.version && { version: purl.version }),
    ...(Object.keys(qualifiers).length > 0 && { qualifiers }),
  };
  return { purl: formatPurl(ecosystem, wanted), mount: mount.name, wanted };
}

/** `?repository_url=` names the registry that is meant: the mount whose upstream it is. */
function byRepository({ qualifiers }: Purl, mounts: Mount[]): Mount | undefined {
  const url = qualifiers?.repository_url;
  if (!url) return undefined;
  const plain = (text: string) => text.replace(/^https?:\/\//, "").replace(/\/+$/, "");
  return mounts.find(({ upstreams }) =>
    [...upstreams.values()].flat().some((upstream) => plain(upstream) === plain(url)),
  );
}

function isDefault({ name, ecosystem }: Mount): boolean {
  return name === (ecosystem.mount ?? `/${ecosystem.id}`).slice(1);
}
