/**
 * What README claims of clients (docs/proven.json), and what the last run of the tests saw (.tools/proven.jsonl).
 * `bun scripts/proofs.ts` takes over what was seen.
 */
import type { Ability, Seen } from "../tests/support/proven.ts";

export interface Proof {
  ecosystem: string;
  client: string;
  version: string;
  abilities: Ability[];
}

const CLAIMED = "docs/proven.json";
const ACCOUNT = ".tools/proven.jsonl";

export async function claimed(): Promise<Proof[]> {
  const file = Bun.file(CLAIMED);
  return (await file.exists()) ? ((await file.json()) as Proof[]) : [];
}

/** What the run saw, and the clients that it lacked, as `ECOSYSTEM CLIENT`. */
async function seen(): Promise<{ proofs: Map<string, Proof>; missing: Map<string, string> }> {
  const file = Bun.file(ACCOUNT);
  const lines = (await file.exists()) ? (await file.text()).split("\n").filter(Boolean) : [];
  const proofs = new Map<string, Proof>();
  const missing = new Map<string, string>();
  for (const one of lines.map((line) => JSON.parse(line) as Seen)) {
    const key = `${one.ecosystem} ${one.client}`;
    if ("missing" in one) {
      missing.set(key, one.missing);
      continue;
    }
    const { ability, ...rest } = one;
    const abilities = new Set([...(proofs.get(key)?.abilities ?? []), ability]);
    proofs.set(key, { ...rest, abilities: [...abilities].sort() });
  }
  return { proofs, missing };
}

/** Forgets what earlier runs saw. */
export async function forget(): Promise<void> {
  await Bun.write(ACCOUNT, "");
}

/** What is claimed and was not seen though its client is here; `absent`: clients of which nothing could be seen. */
export async function unproven(): Promise<{ claims: string[]; absent: string[] }> {
  const { proofs, missing } = await seen();
  const claims: string[] = [];
  const absent: string[] = [];
  for (const { ecosystem, client, abilities } of await claimed()) {
    const key = `${ecosystem} ${client}`;
    const reason = missing.get(key);
    if (reason !== undefined) absent.push(`${key}: ${reason}`);
    else
      claims.push(
        ...abilities.flatMap((ability) =>
          proofs.get(key)?.abilities.includes(ability) ? [] : [`${key} (${ability})`],
        ),
      );
  }
  return { claims, absent };
}

/** The rows of README's table for an ecosystem: clients by what they were seen to do. */
export function clientsOf(proofs: readonly Proof[], ecosystem: string, ability: Ability): string {
  const all = proofs.filter((proof) => proof.ecosystem === ecosystem && proof.abilities.includes(ability));
  return all.map(({ client, version }) => `${client} ${version}`).join(", ");
}

if (import.meta.main) {
  const { proofs, missing } = await seen();
  const kept = (await claimed()).filter(({ ecosystem, client }) => missing.has(`${ecosystem} ${client}`));
  const byName = (a: Proof, b: Proof) => (`${a.ecosystem} ${a.client}` < `${b.ecosystem} ${b.client}` ? -1 : 1);
  const all = [...kept, ...proofs.values()].sort(byName);
  await Bun.write(CLAIMED, `${JSON.stringify(all, null, 2)}\n`);
  console.log(`${CLAIMED}: ${all.length} clients; now run: bun scripts/generate.ts`);
}
