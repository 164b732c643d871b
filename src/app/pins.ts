/** Frees what an owner pins: what no other owner pins is removed from the store at once. */
import { removeBlobs } from "../cache/integrity/removal.ts";
import { formatPurl } from "../contract/purl.ts";
import type { Freed } from "../http/api/mirror-api.ts";
import type { Index } from "../index/port.ts";
import type { PinOwnerRow, PinRow } from "../index/rows.ts";
import { BadRequest } from "../lib/errors.ts";
import { pinOwnerOf } from "../mirror/job/pin-owner.ts";
import type { Runtime } from "./runtime.ts";

/** Pins that end in one transaction. */
const BATCH = 500;

interface Parts extends Pick<Runtime, "mounts" | "store" | "cache"> {
  index: Index;
}

export function nameOfOwner({ kind, name }: Pick<PinOwnerRow, "kind" | "name">): string {
  return kind === "legacy" ? "legacy" : `${kind}:${name}`;
}

/** The owner that a job's id, a name (`npm`, `registry:npm`, `legacy`), a title or the number of an owner states. Throws BadRequest. */
export async function findOwner({ index, store }: Pick<Parts, "index" | "store">, text: string): Promise<PinOwnerRow> {
  const owners = await index.pins.owners();
  const job = await store.find(text);
  const wanted = job && nameOfOwner(pinOwnerOf(job.spec));
  const tests: ((owner: PinOwnerRow) => boolean)[] = [
    (owner) => nameOfOwner(owner) === (wanted ?? text),
    ({ name, title, id }) => name === text || title === text || `#${id}` === text,
  ];
  for (const test of tests) {
    const [found, ...more] = owners.filter(test);
    if (found && more.length === 0) return found;
    if (found)
      throw new BadRequest(
        `${text} names several owners of pins: ${[found, ...more].map(nameOfOwner).join(", ")}; state one of them`,
      );
  }
  const known = owners.slice(0, 20).map((owner) => `#${owner.id} ${nameOfOwner(owner)} (${owner.title})`);
  throw new BadRequest(
    `nothing is pinned for ${text}; expected the id of a job, or an owner of pins: ${known.join(", ") || "there is none"}`,
    404,
  );
}

/** Ends all pins of an owner. `isDry`: nothing is changed. Throws BadRequest while one of its jobs has not ended. */
export async function forgetOwner(parts: Parts, owner: PinOwnerRow, isDry: boolean): Promise<Freed> {
  const { index, store, cache, mounts } = parts;
  if (!isDry) await requireEnded(store, owner);
  const freed: Freed = { owner: nameOfOwner(owner), pinned: 0, files: 0, bytes: 0, shared: 0 };
  const counted = new Set<string>();
  for (let after: PinRow | undefined; ; ) {
    const page = await index.pins.page(owner.id, after, BATCH);
    after = page.at(-1);
    if (!after) break;
    for (const { stored, isShared } of page) {
      freed.pinned++;
      if (isShared) freed.shared++;
      else if (stored) {
        freed.files++;
        // One blob may have several paths.
        if (!counted.has(stored.sha256)) freed.bytes += stored.size;
        counted.add(stored.sha256);
      }
    }
    if (isDry) continue;
    const now = cache.context.now();
    const going = page.filter(({ isShared, stored }) => !isShared && stored?.kind === "artifact");
    const places = page.map(({ mount, path }) => ({ mount, path }));
    const marked = await index.commit("unpin", { owner: owner.id, places, ...releasesOf(mounts, going), now });
    for (const { mount, path } of places) cache.memory.remove(`${mount} ${path}`);
    await removeBlobs(cache.context, marked);
  }
  if (!isDry) await index.commit("forgetOwner", { owner: owner.id });
  return freed;
}

/** What mirrors must look for again. */
function releasesOf(mounts: Parts["mounts"], rows: readonly PinRow[]) {
  const spoiled = new Map<string, { mount: string; purl: string }>();
  const packages = new Map<string, { mount: string; name: string }>();
  for (const { mount, stored } of rows) {
    const ecosystem = mounts.get(mount)?.ecosystem;
    if (!ecosystem || !stored?.name) continue;
    const { name, version } = stored;
    const purl = formatPurl(ecosystem, { name, ...(version && { version }) });
    spoiled.set(`${mount} ${purl}`, { mount, purl });
    packages.set(`${mount} ${name}`, { mount, name });
  }
  return { spoiled: [...spoiled.values()], packages: [...packages.values()] };
}

async function requireEnded(store: Parts["store"], owner: PinOwnerRow): Promise<void> {
  const name = nameOfOwner(owner);
  for (const { id, state, spec } of await store.list({ limit: 1_000 }))
    if ((state === "running" || state === "pending") && nameOfOwner(pinOwnerOf(spec)) === name)
      throw new BadRequest(`job ${id} of ${name} is ${state}; cancel it first: proxy jobs cancel ${id}`, 409);
}
