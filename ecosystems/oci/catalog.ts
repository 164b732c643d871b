/**
 * The tags of the repositories that a mount names, or that its registry lists: `team/*:v1.*`. No registry tells what changed, so each
 * tag is asked by HEAD what it points to, which costs nothing of a pull limit.
 */

import type { Catalog, CatalogEvent, Reader, Reading } from "../../src/contract/catalog.ts";
import { NotFound, UpstreamFailed } from "../../src/lib/errors.ts";
import { leaveOut, readEntries } from "../shared/entries.ts";
import { nextLink } from "../shared/link-header.ts";
import { Unread } from "../shared/list-failures.ts";
import { MANIFESTS, REPOSITORY, TAG } from "./manifests.ts";

/** What each tag of a repository pointed to. Those of which nothing was told are empty. */
type Tags = Record<string, string>;
/** Repositories by the name of their package here. */
type Position = Record<string, Tags>;
interface Wish {
  upstream: string;
  repository: RegExp | string;
  tag: RegExp;
}
interface Repository {
  upstream: string;
  repository: string;
  tags: RegExp[];
}

const PAGE = 1_000;
/** Requests at once. */
const LOT = 8;

export const ociCatalog: Catalog = {
  async *changes(reader, checkpoint = "{}") {
    const position = JSON.parse(checkpoint) as Position;
    const unread = new Unread();
    const odd: CatalogEvent[] = [];
    const wanted = await repositoriesOf(reader, unread, odd);
    for (const [name, repository] of wanted) {
      const now = await unread.attempt(name, () => tagsOf(reader, repository, odd));
      if (!now) continue;
      const before = position[name] ?? {};
      position[name] = now;
      yield { events: [...differences(name, before, now), ...odd.splice(0)], checkpoint: JSON.stringify(position) };
    }
    unread.tell();
    // What is no longer wished for stays as it is.
    for (const name of Object.keys(position)) if (!wanted.has(name)) delete position[name];
    yield { events: odd, checkpoint: JSON.stringify(position) };
  },
};

function differences(name: string, before: Tags, now: Tags): CatalogEvent[] {
  const changed = Object.entries(now).filter(([tag, digest]) => digest === "" || digest !== before[tag]);
  const gone = Object.keys(before).filter((tag) => now[tag] === undefined);
  return [
    ...changed.map(([version, revision]): CatalogEvent => {
      return { type: "changed", package: { name }, version, ...(revision && { revision }) };
    }),
    ...gone.map((version): CatalogEvent => ({ type: "gone", package: { name }, version })),
  ];
}

async function repositoriesOf(reader: Reader, unread: Unread, odd: CatalogEvent[]): Promise<Map<string, Repository>> {
  const { options, upstreams } = reader.traits;
  const named = options["repositories"] ?? [];
  const found = new Map<string, Repository>();
  for (const { upstream, repository, tag } of (named.length > 0 ? named : ["*"]).map((each) =>
    wishOf(each, upstreams),
  )) {
    const all =
      typeof repository === "string"
        ? [repository]
        : await unread.attempt(`_catalog of ${upstream}`, () => listed(reader, upstream, repository, odd));
    for (const each of all ?? []) {
      const name = upstream === "default" ? each : `upstream/${upstream}/${each}`;
      const known = found.get(name) ?? { upstream, repository: each, tags: [] };
      known.tags.push(tag);
      found.set(name, known);
    }
  }
  return found;
}

/** `alpine`, `library/alpine:3.*`, `other.example/team/*`: by the name of an upstream, a repository or several, and tags. */
function wishOf(text: string, upstreams: readonly string[]): Wish {
  const [, path = "", tag = "*"] = /^(.+?)(?::([^/:]+))?$/.exec(text) ?? [];
  const upstream = upstreams.find((each) => each !== "default" && path.startsWith(`${each}/`)) ?? "default";
  const own = upstream === "default" ? path : path.slice(upstream.length + 1);
  const isOfficial = upstream === "default" && !own.includes("/") && own !== "*";
  const repository = isOfficial ? `library/${own}` : own;
  return { upstream, repository: repository.includes("*") ? globOf(repository) : repository, tag: globOf(tag) };
}

function globOf(glob: string): RegExp {
  return new RegExp(`^${glob.split("*").map(RegExp.escape).join(".*")}$`);
}

async function listed(reader: Reader, upstream: string, glob: RegExp, odd: CatalogEvent[]): Promise<string[]> {
  try {
    const all = await pagesOf(reader, upstream, "/v2/_catalog", "repositories");
    const { found, leftOut } = readEntries(all, (each) => {
      if (typeof each !== "string" || !REPOSITORY.test(each)) throw new Error("it is no name of a repository");
      return each;
    });
    odd.push(...leftOut.map((each) => ({ type: "odd", ...each }) as const));
    return found.filter((each) => glob.test(each));
  } catch (error) {
    if (error instanceof UpstreamFailed && error.retryable) throw error;
    throw new NotFound(
      `the registry ${upstream} does not list its repositories (${(error as Error).message}); name them under options.repositories of the mount`,
    );
  }
}

/** Throws where it is not there, too: registries say so to whom they do not show it. */
async function tagsOf(reader: Reader, { upstream, repository, tags }: Repository, odd: CatalogEvent[]): Promise<Tags> {
  const stated = await pagesOf(reader, upstream, `/v2/${repository}/tags/list`, "tags");
  const all = stated.filter(isTag);
  for (const tag of stated)
    if (!isTag(tag)) odd.push({ type: "odd", ...leaveOut(`${repository}:${String(tag)}`, "it is no tag") });
  const wanted = all.filter((tag) => tags.some((glob) => glob.test(tag)));
  const found: Tags = {};
  for (let at = 0; at < wanted.length; at += LOT) {
    const lot = wanted.slice(at, at + LOT);
    const digests = await Promise.all(
      lot.map((tag) => digestAt(reader, upstream, `/v2/${repository}/manifests/${tag}`)),
    );
    for (const [index, tag] of lot.entries()) if (digests[index] !== undefined) found[tag] = digests[index];
  }
  return found;
}

function isTag(tag: unknown): tag is string {
  return typeof tag === "string" && TAG.test(tag);
}

async function digestAt(reader: Reader, upstream: string, path: string): Promise<string | undefined> {
  try {
    const { header } = await reader.open(path, { upstream, method: "HEAD", headers: { accept: MANIFESTS } });
    return header("docker-content-digest") ?? "";
  } catch (error) {
    if (error instanceof NotFound) return undefined;
    throw error;
  }
}

/** Throws where a page leads to itself. */
async function pagesOf(
  reader: Reader,
  upstream: string,
  path: string,
  field: "tags" | "repositories",
): Promise<unknown[]> {
  const found: unknown[] = [];
  const asked = new Set<string>();
  for (let query: string | undefined = `?n=${PAGE}`; query !== undefined; ) {
    if (asked.has(query)) throw new UpstreamFailed(`${path} of ${upstream} names a page as its next that came before`);
    asked.add(query);
    const reading: Reading = await reader.open(path + query, { upstream });
    const chunks = await Array.fromAsync(reading.chunks());
    const page = JSON.parse(Buffer.concat(chunks).toString("utf8")) as Partial<Record<typeof field, unknown[] | null>>;
    if (page[field] === undefined) throw new UpstreamFailed(`${path} of ${upstream} is no list of ${field}`);
    found.push(...(page[field] ?? []));
    const next = nextLink(reading.header("link") ?? "");
    query = next?.includes("?") ? next.slice(next.indexOf("?")) : undefined;
  }
  return found;
}
