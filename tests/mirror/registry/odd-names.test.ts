/** One entry of a registry's list that makes no sense: it is left out and told once, in every ecosystem, and the rest is mirrored. */
import { afterAll, afterEach, beforeEach, expect, test } from "bun:test";
import { gzipSync } from "node:zlib";
import { hash } from "../../../src/contract/digest.ts";
import type { JobSpec, RegistrySpec } from "../../../src/contract/jobs.ts";
import { Listed } from "../../../src/index/sqlite/listed.ts";
import { openDatabase } from "../../../src/index/sqlite/open.ts";
import { sqliteIndex } from "../../../src/index/sqlite/sqlite-index.ts";
import { messageOf } from "../../../src/lib/errors.ts";
import { configureLog } from "../../../src/lib/log.ts";
import { finish } from "../../../src/mirror/job/finish.ts";
import type { Outcome } from "../../../src/mirror/job/progress.ts";
import { Feed } from "../../../src/mirror/registry/feed.ts";
import { RegistryLedger } from "../../../src/mirror/registry/ledger.ts";
import { UpstreamReader } from "../../../src/mirror/registry/reader.ts";
import { makeMount } from "../../../src/mounts/mounts.ts";
import { table } from "../../ecosystems/samples.ts";
import { tar } from "../../support/archives/tar.ts";
import { engine } from "../../support/engine.ts";
import { binary, type Content, json, text } from "../../support/tree.ts";
import { startUpstream } from "../../support/upstream.ts";

const [upstream, { cache, close }] = await Promise.all([startUpstream(), engine()]);
let logged: string[] = [];
beforeEach(() => {
  logged = [];
  configureLog("info", "json", (line) => void logged.push(line));
});
afterEach(() => configureLog("info", "text", (line) => void process.stderr.write(line)));
afterAll(async () => {
  await close();
  await upstream.close();
});

type Documents = Record<string, Content>;
interface Listing {
  upstreams: readonly string[];
  options?: Record<string, string[]>;
  /** The list with these names: sound ones, and odd entries as they are. */
  documents(names: readonly string[], odd: readonly unknown[]): Documents;
  /** Names in the registry's spelling. Default: `aa`, `bb`. */
  sound?: readonly string[];
  odd: readonly unknown[];
}

const AGO = "2026-01-01T00:00:00.0000000Z";
const field = (name: string, value: string) => {
  const [head, size] = [Buffer.alloc(3), Buffer.alloc(4)];
  head.writeUInt16BE(name.length, 1);
  size.writeInt32BE(value.length);
  return Buffer.concat([Buffer.from([0, 0, 0, 1]), head, Buffer.from(name), size, Buffer.from(value)]);
};
const debianIndexes = (paragraphs: string): Documents => {
  const path = "main/binary-amd64/Packages";
  const [sum, size] = [hash("sha256", paragraphs), paragraphs.length];
  return {
    "/dists/stable/InRelease": text(
      `Suite: stable\nDate: Thu, 01 Jan 2026 00:00:00 UTC\nComponents: main\nArchitectures: amd64\nSHA256:\n ${sum} ${size} ${path}\n`,
    ),
    [`/dists/stable/${path}`]: text(paragraphs),
  };
};

const listings: Record<string, Listing> = {
  npm: {
    upstreams: ["replication"],
    odd: [{ id: "../../x" }, { id: 7 }, null, { id: "a b" }],
    documents: (names, odd) => ({
      "/": json({ update_seq: 5 }),
      "/_all_docs": ({ query }) => {
        const rows = query.has("startkey") ? [] : [...odd, ...names.map((id) => ({ id, value: { rev: "1-a" } }))];
        return json({ total_rows: rows.length, rows });
      },
      "/_changes": ({ query }) =>
        json(
          query.get("since") === "5"
            ? { results: odd.slice(2).concat({ id: "bb" }), last_seq: 6 }
            : { results: [], last_seq: 6 },
        ),
    }),
  },
  pypi: {
    upstreams: ["default"],
    odd: [{ name: "..%2fx" }, { nome: "x" }, null, { name: "a/b" }],
    documents: (names, odd) => ({
      "/simple/": json(
        { meta: {}, projects: [...odd, ...names.map((name) => ({ name, "_last-serial": 1 }))] },
        { "content-type": "application/vnd.pypi.simple.v1+json" },
      ),
    }),
  },
  "pypi (HTML)": {
    upstreams: ["default"],
    odd: ["<a href='/about/'>Contact</a>", "<a href='/simple/%2e%2e/'>../x</a>"],
    documents: (names, odd) => ({
      "/simple/": text(
        `<html>${[...odd, ...names.map((name) => `<a href="/simple/${name}/">${name}</a>`)].join("\n")}</html>`,
        "text/html",
      ),
    }),
  },
  cargo: {
    upstreams: ["dump"],
    odd: ["../x", "a b", ""],
    documents: (names, odd) => ({
      "/db-dump.tar.gz": binary(
        gzipSync(
          tar({
            "d/crates.csv": `id,name\n${[...odd, ...names].map((name, at) => `${at},${String(name)}\n`).join("")}`,
            "d/versions.csv": "crate_id,num,checksum,yanked\n",
          }),
        ),
      ),
    }),
  },
  golang: {
    upstreams: ["index"],
    sound: ["a.example/aa", "a.example/bb"],
    odd: [{ Path: "../x", Version: "v1.0.0", Timestamp: AGO }, { Path: "a" }, "text", null],
    documents: (names, odd) => ({
      "/index": text(
        [...odd, ...names.map((Path) => ({ Path, Version: "v1.0.0", Timestamp: AGO }))]
          .map((line) => `${JSON.stringify(line)}\n`)
          .join(""),
      ),
    }),
  },
  maven: {
    upstreams: ["default"],
    sound: ["g/aa", "g/bb"],
    odd: ["../x|a|1|NA|jar", "g|a b|1|NA|jar", "g|a"],
    documents: (names, odd) => ({
      "/.index/nexus-maven-repository-index.properties": text("nexus.index.chain-id=1\n"),
      "/.index/nexus-maven-repository-index.gz": binary(
        gzipSync(
          Buffer.concat([
            Buffer.from([1]),
            Buffer.alloc(8),
            ...[...odd, ...names.map((name) => `${name.replace("/", "|")}|1|NA|jar`)].map((u) => field("u", String(u))),
          ]),
        ),
      ),
    }),
  },
  gem: {
    upstreams: ["default"],
    odd: ["../x 1.0 0123", "nosum 1.0", "a%b 1.0 0123"],
    documents: (names, odd) => ({
      "/versions": text(
        `created_at: 2026\n---\n${[...odd, ...names.map((name) => `${name} 1.0 0123`)].map((line) => `${String(line)}\n`).join("")}`,
      ),
    }),
  },
  nuget: {
    upstreams: ["catalog"],
    odd: [
      { "@id": "1", commitTimeStamp: AGO },
      { "@id": "2", commitTimeStamp: AGO, "nuget:id": "../x", "nuget:version": "1.0.0" },
      { "@id": "3", commitTimeStamp: AGO, "nuget:id": 7, "nuget:version": "1.0.0" },
      { "@id": "4" },
    ],
    documents: (names, odd) => {
      const items = names.map((name, at) => ({
        "@id": `s${at}`,
        "@type": "nuget:PackageDetails",
        commitTimeStamp: AGO,
        "nuget:id": name,
        "nuget:version": "1.0.0",
      }));
      return {
        "/index.json": json({ items: [{ "@id": `${upstream.url}/page0.json`, commitTimeStamp: AGO }] }),
        "/page0.json": json({ items: [...odd, ...items] }),
      };
    },
  },
  helm: {
    upstreams: ["stable"],
    sound: ["stable/aa", "stable/bb"],
    odd: ["..", "a b"],
    documents: (names, odd) => ({
      "/index.yaml": text(
        `apiVersion: v1\nentries:\n${[...odd, ...names.map((name) => name.slice(7))].map((name) => `  "${String(name)}":\n    - {name: x, version: 1.0.0, urls: [x.tgz]}\n`).join("")}`,
      ),
    }),
  },
  oci: {
    upstreams: ["default"],
    options: { repositories: ["*"] },
    odd: ["../x", "A B", 7],
    documents: (names, odd) => ({
      "/v2/_catalog": json({ repositories: [...odd, ...names] }),
      ...Object.fromEntries(
        names.flatMap((name) => [
          [`/v2/${name}/tags/list`, json({ name, tags: ["1", "../x", 7, null] })],
          [`/v2/${name}/manifests/1`, json({}, { "docker-content-digest": `sha256:${"0".repeat(64)}` })],
        ]),
      ),
    }),
  },
  debian: {
    upstreams: ["default"],
    options: { suites: ["stable"] },
    odd: ["Package: ../x", "Version: 1.0", "Package: a/b"],
    documents: (names, odd) =>
      debianIndexes(
        [...odd, ...names.map((name) => `Package: ${name}\nVersion: 1.0`)]
          .map((each) => `${String(each)}\n\n`)
          .join(""),
      ),
  },
};

function opened(name: string, listing: Listing, database: ReturnType<typeof openDatabase>) {
  const id = name.split(" ")[0]!;
  const [ecosystem] = table.find(([each]) => each.id === id)!;
  const upstreams = Object.fromEntries(listing.upstreams.map((each) => [each, upstream.url]));
  const mount = makeMount(id, ecosystem, { upstreams, ttl: 0, options: listing.options ?? {} });
  const spec: RegistrySpec = { mount: id, include: [], exclude: [], gone: "hide", mayShrink: true };
  const listed = new Listed(database);
  const index = sqliteIndex(database);
  const { context } = cache;
  const feed = new Feed({
    mount,
    spec,
    filters: "",
    isAnew: false,
    backoff: 1,
    reader: new UpstreamReader(mount, cache.context.upstream, async () => ({})),
    index,
    context,
  });
  const jobSpec = { title: "", registry: spec } as unknown as JobSpec & { registry: RegistrySpec };
  const ledger = new RegistryLedger({
    job: "j",
    spec: jobSpec,
    mount,
    feed,
    index,
    context,
  });
  return { mount, listed, feed, ledger };
}

const warnings = () =>
  logged.map((line) => JSON.parse(line) as { msg?: string; entry?: string }).filter(({ entry }) => entry !== undefined);

test.each(Object.entries(listings))("%s", async (name, listing) => {
  const database = openDatabase(":memory:");
  const names = listing.sound ?? ["aa", "bb"];
  for (const [path, content] of Object.entries(listing.documents(names, listing.odd))) upstream.set(path, content);
  const look = () => opened(name, listing, database);
  const { listed, feed, mount } = look();
  await feed.run();
  const rows = listed.page(mount.name, 0, 100);
  const due = rows.filter(({ state }) => state === "due").map((row) => row.name);
  expect(due.sort()).toEqual([...names]);
  const odd = rows.filter(({ state }) => state === "odd");
  expect(odd.length).toBeGreaterThanOrEqual(new Set(listing.odd).size);
  expect(rows.length).toBe(due.length + odd.length);
  expect(warnings().length).toBe(Math.min(odd.length, 10));

  // The log tells it once, the report of each mirror again.
  const again = look();
  await again.feed.run();
  expect(warnings().length).toBe(Math.min(odd.length, 10));
  const outcomes: Outcome[] = [];
  await finish({
    ledger: again.ledger,
    pool: { run: async () => ({ held: [], failed: [] }) as never },
    dispatch: { hold: () => Promise.reject(new Error("unused")) } as never,
    mounts: new Map([[mount.name, { ...mount, ecosystem: { ...mount.ecosystem, roots: [] } }]]),
    progress: { phase: "downloading", total: 0, completed: 0, skipped: 0, failed: 0, bytes: 0 },
    tell: (outcome) => void outcomes.push(outcome),
  });
  expect(outcomes.map(({ outcome }) => outcome)).toEqual(odd.map(() => "left out"));
  for (const { reason } of outcomes) expect(reason).toStartWith("an entry of the registry's list makes no sense: ");
});

test("what makes sense by now is taken, and what a list no longer has is forgotten", async () => {
  const database = openDatabase(":memory:");
  const { pypi } = listings as { pypi: Listing };
  const publish = (odd: readonly unknown[]) => upstream.set("/simple/", pypi.documents(["aa"], odd)["/simple/"]);
  publish([{ name: "..%2fx" }]);
  const { listed, feed } = opened("pypi", pypi, database);
  await feed.run();
  expect(listed.byState("pypi")).toEqual({ due: 1, odd: 1 });
  publish([]);
  await opened("pypi", pypi, database).feed.run();
  expect(listed.byState("pypi")).toEqual({ due: 1, gone: 1 });
});

test("a list of which no entry makes sense is none, and nothing is given up for it", async () => {
  const database = openDatabase(":memory:");
  const { pypi } = listings as { pypi: Listing };
  upstream.set("/simple/", pypi.documents(["aa"], [])["/simple/"]);
  const { listed, feed } = opened("pypi", pypi, database);
  await feed.run();
  upstream.set("/simple/", pypi.documents([], [{ name: "a b" }])["/simple/"]);
  const error = await opened("pypi", pypi, database)
    .feed.run()
    .then(() => "none", messageOf);
  expect(error).toContain("names no package (its first entry makes no sense: ");
  expect(listed.byState("pypi")).toMatchObject({ due: 1 });
});
