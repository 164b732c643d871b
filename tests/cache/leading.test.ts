/** Documents that lead to others: to upstreams, to the digest of a file, to dates. And answers to questions, which lead nowhere. */
import { expect, test } from "bun:test";
import { hash } from "../../src/contract/digest.ts";
import type { Doc, Ecosystem, Facts, Path, View } from "../../src/contract/ecosystem.ts";
import { DigestMismatch, UpstreamFailed, Withheld } from "../../src/lib/errors.ts";
import { makeMount } from "../../src/mounts/mounts.ts";
import { askFor, failure } from "../support/engine.ts";
import { SMALL, setUp } from "../support/files-cache.ts";
import { files } from "../support/files-ecosystem.ts";
import { binary, json } from "../support/tree.ts";

const DAY = 86_400_000;
const NOW = Date.parse("2026-06-10T00:00:00Z");

interface List {
  versions: string[];
}
interface Leaf {
  at: string;
  entry: string;
}
const release = (version: string) => ({ name: "file", version });
const fileOf = (version: string): Path => `/files/${version}`;
const versionsOf = (doc: Doc) => doc.json<List>().versions;
const parse = (doc: Doc): Facts => ({
  releases: versionsOf(doc).map((version) => ({ ...release(version), files: [{ path: fileOf(version) }] })),
});
const rewrite = (doc: Doc, view: View) =>
  versionsOf(doc)
    .filter((version) => view.admits(release(version)))
    .join(" ");

/** A list without dates; a page of leaves with dates; a leaf that names an entry of a log, which has the digest. */
const led: Ecosystem = {
  ...files,
  upstreams: { default: "https://files.example" },
  places: { files: "/files", leaves: "/leaves", log: "/log", search: "/search" },
  discovery: { path: "/root.json", read: (doc) => doc.json<Record<string, string | string[]>>() },
  index: () => ["/list", "/leaves/index"],
  routes: [
    { kind: "metadata", match: "/list", parse, rewrite },
    {
      kind: "metadata",
      match: "/leaves/index",
      from: "leaves",
      to: () => "/index",
      parse: (doc) => ({
        releases: doc
          .json<[string, string][]>()
          .map(([version, at]) => ({ ...release(version), publishedAt: new Date(at) })),
      }),
    },
    {
      kind: "metadata",
      match: "/leaves/:version",
      from: "leaves",
      to: ({ version }) => `/${version!}`,
      parse: (doc) => {
        const { at, entry } = doc.json<Leaf>();
        const { version = "" } = doc.params;
        const path = doc.pathOf(entry);
        return {
          releases: [{ ...release(version), publishedAt: new Date(at), files: [{ path: fileOf(version) }] }],
          follow: path ? [path] : [],
        };
      },
    },
    {
      kind: "metadata",
      match: "/log/:version",
      from: "log",
      to: ({ version }) => `/${version!}`,
      freshness: "immutable",
      describedBy: () => [],
      parse: (doc) => ({
        releases: [
          {
            ...release(doc.params["version"]!),
            files: [{ path: fileOf(doc.params["version"]!), digest: `sha512:${doc.text()}` }],
          },
        ],
      }),
    },
    {
      kind: "artifact",
      match: "/files/:version",
      from: "files",
      to: ({ version }) => `/${version!}`,
      release: ({ version }) => release(version!),
      describedBy: ({ version }) => [`/leaves/${version!}`],
    },
    { kind: "passthrough", match: "/search", from: "search", to: () => "/", query: ["q"], parse, rewrite },
  ],
};

async function start(cooldown = 0) {
  const s = await setUp({
    now: NOW,
    cooldown: { default: cooldown, ecosystems: {}, packages: {}, unknown: "withhold" },
  });
  const { upstream } = s;
  const at = (path: string) => `${upstream.url}${path}`;
  upstream.set(
    "/root.json",
    json({ files: at("/deep/bytes"), leaves: at("/deep"), log: at("/deep/log"), search: [at("/down"), at("/find")] }),
  );
  upstream.set("/list", json({ versions: ["old", "new"] }));
  const dates = [
    ["old", "2026-05-01"],
    ["new", "2026-06-09"],
  ] as const;
  upstream.set("/deep/index", json(dates));
  for (const [version, date] of dates) {
    upstream.set(`/deep/${version}`, json({ at: date, entry: at(`/deep/log/${version}`) }));
    upstream.set(`/deep/log/${version}`, { body: hash("sha512", SMALL) });
    upstream.set(`/deep/bytes/${version}`, binary(SMALL));
  }
  upstream.set("/down", { body: "down", status: 503 });
  upstream.set("/find", ({ query }) => json({ versions: query.get("q") === "broken" ? null : ["new", "old"] }));
  const mount = makeMount("files", led, { upstreams: { default: upstream.url }, ttl: 300_000 });
  const get = (path: Path, query = "") =>
    s.cache.get(mount, { ...askFor(path), query: new URLSearchParams(query) }).then((answer) => {
      if (answer.kind !== "ready") throw new Error(answer.kind);
      return Buffer.from(answer.ready.bytes).toString();
    });
  return { ...s, get, [Symbol.asyncDispose]: s[Symbol.asyncDispose] };
}

test("a file's digest stands two documents away, below upstreams that upstream declares", async () => {
  await using s = await start();
  expect(await s.get("/files/old")).toBe(SMALL.toString());
  expect([s.upstream.count("/root.json"), s.upstream.count("/deep/log/old")]).toEqual([1, 1]);
  s.upstream.set("/deep/bytes/new", binary(Buffer.from("forged")));
  expect(await failure(s.get("/files/new"))).toBeInstanceOf(DigestMismatch);
});

test("what that document says beside, a date, counts for the file", async () => {
  await using s = await start(7 * DAY);
  expect(await s.get("/files/old")).toBe(SMALL.toString());
  expect(await failure(s.get("/files/new"))).toBeInstanceOf(Withheld);
});

test("a list without dates is filtered by those of another index document, and no file is asked for", async () => {
  await using s = await start(7 * DAY);
  expect(await s.get("/list")).toBe("old");
  expect(s.upstream.count(/^\/deep\/bytes/)).toBe(0);
});

test("an answer is filtered, and not sent where that fails; of equals the next is asked where one is down", async () => {
  await using s = await start(7 * DAY);
  expect(await s.get("/search", "q=a&other=b")).toBe("old");
  expect(s.upstream.requests.filter(({ path }) => path === "/find").map(({ target }) => target)).toEqual(["/find?q=a"]);
  expect(await failure(s.get("/search", "q=broken"))).toBeInstanceOf(UpstreamFailed);
});
