/** Documents that speak of others, and what is derived of them: they agree with what clients are sent, and are made once. */
import { describe, expect, test } from "bun:test";
import { marshal } from "../../ecosystems/gem/marshal.ts";
import { gem } from "../../ecosystems/gem.ts";
import type { Cache } from "../../src/cache/cache.ts";
import { hash } from "../../src/contract/digest.ts";
import type { Path } from "../../src/contract/ecosystem.ts";
import { makeMount } from "../../src/mounts/mounts.ts";
import { askFor, bytesOf, engine, failure, NOTHING_ELSEWHERE, type Parts } from "../support/engine.ts";
import { makeGem } from "../support/registries/gem.ts";
import { text } from "../support/tree.ts";
import { startUpstream } from "../support/upstream.ts";

const DAY = 86_400_000;
const NOW = Date.parse("2026-06-10T00:00:00Z");
const WEEK = { default: 7 * DAY, ecosystems: {}, packages: {}, unknown: "withhold" } as const;
const GEMS = [
  { name: "fx-a", versions: { "1.0.0": {}, "2.0.0": { publishedAt: "2026-06-08T00:00:00Z", platforms: ["java"] } } },
  { name: "fx-b", versions: { "1.0.0": {} } },
];

async function setUp(settings: Parameters<typeof engine>[0] = {}, parts: Parts = {}) {
  const upstream = await startUpstream();
  const base = upstream.mount("/up", () => makeGem(GEMS));
  const mount = makeMount("gem", gem, { upstreams: { default: base }, ttl: 300_000 });
  const started = await engine({ now: NOW, staleWhileRevalidate: 0, ...settings }, parts);
  const answer = (path: Path, cache: Cache = started.cache) => cache.get(mount, askFor(path));
  const bytes = async (path: Path, cache?: Cache) => bytesOf(cache ?? started.cache, await answer(path, cache));
  /** The list's lines by gem: what it has, and the sum. */
  const listed = async (cache?: Cache): Promise<Record<string, string[]>> => {
    const lines = new TextDecoder()
      .decode(await bytes("/versions", cache))
      .trimEnd()
      .split("\n")
      .slice(2);
    return Object.fromEntries(lines.map((line) => [line.split(" ")[0]!, line.split(" ").slice(1)]));
  };
  return {
    ...started,
    upstream,
    mount,
    answer,
    bytes,
    listed,
    async [Symbol.asyncDispose]() {
      await started.close();
      await upstream.close();
    },
  };
}

const sums = async (bytes: (path: Path, cache?: Cache) => Promise<Uint8Array>, name: string, cache?: Cache) =>
  hash("md5", await bytes(`/info/${name}`, cache));

describe("offline", () => {
  test("the list, though it is not held, has what is held, and the sums of what is sent", async () => {
    await using s = await setUp();
    await s.bytes("/gems/fx-a-2.0.0-java.gem");
    await s.cache.drain();
    const offline = await s.again({ makesUpstreamRequests: false });
    expect(await s.listed(offline)).toEqual({ "fx-a": ["2.0.0-java", await sums(s.bytes, "fx-a", offline)] });
    expect(Bun.gunzipSync((await s.bytes("/specs.4.8.gz", offline)) as Uint8Array<ArrayBuffer>)).toEqual(
      marshal([["fx-a", { is: "Gem::Version", of: ["2.0.0"] }, "java"]]),
    );
    expect(new TextDecoder().decode(await s.bytes("/names", offline))).toBe("---\nfx-a\n");
  });

  test("nothing is made again while nothing changes, and all when another process holds more", async () => {
    await using s = await setUp();
    await s.bytes("/gems/fx-b-1.0.0.gem");
    await s.cache.drain();
    const offline = await s.again({ makesUpstreamRequests: false });
    const made = async (path: Path) => ((await s.answer(path, offline)) as { ready?: object }).ready;
    const [list, specs] = [await made("/versions"), await made("/specs.4.8.gz")];
    expect(list).toBeDefined();
    s.clock.advance(60_000);
    expect([await made("/versions"), await made("/specs.4.8.gz")]).toEqual([list, specs]);
    expect((await made("/versions")) === list && (await made("/specs.4.8.gz")) === specs).toBe(true);
    const other = await engine({ now: NOW }, { dir: s.dir });
    await s.bytes("/gems/fx-a-1.0.0.gem", other.cache);
    await other.cache.drain();
    await other.close();
    s.clock.advance(60_000);
    expect(Object.keys(await s.listed(offline))).toEqual(["fx-a", "fx-b"]);
    expect((await made("/specs.4.8.gz")) === specs).toBe(false);
  });
});

describe("under a cooldown", () => {
  test("the list has the sum of the info that is sent, and what is withheld again when it is of age", async () => {
    await using s = await setUp({ cooldown: WEEK });
    const [labels, sum] = (await s.listed())["fx-a"] ?? [];
    expect(labels).toBe("1.0.0,2.0.0,2.0.0-java");
    const filtered = await sums(s.bytes, "fx-a");
    // At once: the info that is held now is filtered.
    expect((await s.listed())["fx-a"]).toEqual(["1.0.0", filtered]);
    s.clock.advance(6 * DAY);
    expect((await s.listed())["fx-a"]).toEqual([labels!, sum!]);
    expect(await sums(s.bytes, "fx-a")).toBe(sum!);
  });

  test("an info that is older than the list does not keep clients from asking for it", async () => {
    await using s = await setUp({ cooldown: WEEK });
    await s.bytes("/info/fx-a");
    const next = "0".repeat(32);
    s.upstream.set("/up/versions", text(`created_at: 2026-01-01T00:00:00Z\n---\nfx-a 1.0.0,2.0.0,3.0.0 ${next}\n`));
    expect((await s.listed())["fx-a"]).toEqual(["1.0.0,3.0.0", next]);
  });
});

describe("where nothing is withheld", () => {
  test("documents go out as they came, with the sum that clients compare", async () => {
    await using s = await setUp();
    const answer = await s.answer("/info/fx-a");
    if (answer.kind !== "ready") throw new Error(answer.kind);
    expect(answer.ready.etag).toBe(`"${hash("md5", answer.ready.bytes)}"`);
    expect(answer.ready.headers["repr-digest"]).toBe(
      `sha-256=:${Buffer.from(hash("sha256", answer.ready.bytes), "hex").toString("base64")}:`,
    );
  });
  test("one that memory is too small for is sent from the store, and what is derived of it all the same", async () => {
    await using s = await setUp({}, { memory: 800 });
    const answer = await s.answer("/versions");
    if (answer.kind !== "file" || answer.file.kind !== "held") throw new Error(answer.kind);
    const whole = await s.bytes("/versions");
    expect(answer.file.row.headers["etag"]).toBe(`"${hash("md5", whole)}"`);
    expect((await s.bytes("/specs.4.8.gz")).length).toBeGreaterThan(50);
  });
});

test("what is derived is made once of the same bytes, elsewhere where these are many", async () => {
  const derived: string[] = [];
  let rendered = 0;
  await using s = await setUp(
    {},
    {
      offload: (cache) => ({
        ...NOTHING_ELSEWHERE,
        read: async () => ({ pages: [], revision: undefined }),
        state: () => Promise.reject(new Error("nothing is stated")),
        render: (target, variant, base) => {
          rendered++;
          const row = cache().documents.held(target.mount, target.path);
          if (!row) throw new Error("is not held");
          return cache().views.render(target, row, variant, base);
        },
        derive: async (_, path, made) => {
          derived.push(path);
          const route = gem.routes.find(({ kind }) => kind === "derived");
          if (route?.kind !== "derived" || !made) throw new Error("nothing is derived");
          return cache().views.derive({ route, params: { list: "specs" }, path }, made);
        },
      }),
    },
  );
  const specs = async () => ((await s.answer("/specs.4.8.gz")) as { ready?: object }).ready;
  const first = await specs();
  expect((await specs()) === first).toBe(true);
  expect(derived).toEqual([]);
  const many = Array.from({ length: 20_000 }, (_, index) => `fx-${index} 1.0.0 ${"ab".repeat(16)}\n`).join("");
  s.upstream.set("/up/versions", text(`created_at: 2026-01-01T00:00:00Z\n---\n${many}`));
  s.clock.advance(61_000);
  rendered = 0;
  const second = await specs();
  expect(rendered).toBe(1);
  expect((await specs()) === second).toBe(true);
  expect(derived).toEqual(["/specs.4.8.gz"]);
  expect(await failure(s.answer("/other.4.8.gz"))).toBeDefined();
});
