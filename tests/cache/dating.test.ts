/** How old a release is, where its index does not say; and documents that policy cannot be applied to. */
import { describe, expect, test } from "bun:test";
import type { Ecosystem, MetadataRoute } from "../../src/contract/ecosystem.ts";
import { UpstreamFailed, Withheld } from "../../src/lib/errors.ts";
import { makeMount } from "../../src/mounts/mounts.ts";
import { askFor, failure } from "../support/engine.ts";
import { failing } from "../support/faults.ts";
import { SMALL, setUp } from "../support/files-cache.ts";
import { files, type Index } from "../support/files-ecosystem.ts";
import { json } from "../support/tree.ts";

const DAY = 86_400_000;
const NOW = Date.parse("2026-06-10T00:00:00Z");
const cooldown = (unknown: "withhold" | "admit" = "withhold") => ({
  now: NOW,
  cooldown: { default: 7 * DAY, ecosystems: {}, packages: {}, unknown },
});

/** Lists what is admitted; files are dated by their `Last-Modified`. */
const [index, ...others] = files.routes as [MetadataRoute, ...Ecosystem["routes"]];
const dated: Ecosystem = {
  ...files,
  datedBy: ({ version }) => `/f/${version}`,
  routes: [
    {
      ...index,
      rewrite: (doc, view) =>
        doc
          .json<Index>()
          .files.filter(({ path }) => view.admits({ name: "file", version: path.slice(3) }, path))
          .map(({ path }) => path)
          .join(" "),
    },
    ...others,
  ],
};

async function setUpDated(unknown?: "withhold" | "admit", ecosystem = dated) {
  const s = await setUp(cooldown(unknown));
  const mount = makeMount("files", ecosystem, { upstreams: { default: s.upstream.url }, ttl: 300_000 });
  s.upstream.set("/index.json", json({ files: ["old", "new", "undated"].map((name) => ({ path: `/f/${name}` })) }));
  const at = (days: number) => ({ "last-modified": new Date(NOW - days * DAY).toUTCString() });
  s.upstream.set("/f/old", { body: SMALL, headers: at(30) });
  s.upstream.set("/f/new", { body: SMALL, headers: at(1) });
  s.upstream.set("/f/undated", { body: SMALL });
  const get = (path: "/index.json" | `/f/${string}`, cache = s.cache) => cache.get(mount, askFor(path));
  const listed = async (cache = s.cache) => {
    const answer = await get("/index.json", cache);
    return answer.kind === "ready" ? new TextDecoder().decode(answer.ready.bytes) : answer.kind;
  };
  return { ...s, mount, ask: get, listed, [Symbol.asyncDispose]: s[Symbol.asyncDispose] };
}

describe("without dates in the index", () => {
  test("Last-Modified dates a release, else its first sighting; asked once, known for ever", async () => {
    await using s = await setUpDated();
    expect(await s.listed()).toBe("/f/old");
    expect(s.upstream.count(/^\/f\//, "HEAD")).toBe(3);
    const withheld = (await failure(s.ask("/f/new"))) as Error;
    expect(withheld).toBeInstanceOf(Withheld);
    expect(withheld.message).toContain("until 2026-06-16T00:00:00.000Z");
    expect(await failure(s.ask("/f/undated"))).toBeInstanceOf(Withheld);
    expect((await s.ask("/f/old")).kind).toBe("ready");
    // Nothing changes at upstream: only the clock moves.
    s.clock.advance(6 * DAY);
    expect(await s.listed()).toBe("/f/old /f/new");
    s.clock.advance(1 * DAY);
    const restarted = await s.again({});
    expect(await s.listed(restarted)).toBe("/f/old /f/new /f/undated");
    expect((await s.ask("/f/undated", restarted)).kind).toBe("ready");
    expect(s.upstream.count(/^\/f\//, "HEAD")).toBe(3);
  });

  test("what nothing dates is admitted where that is wished, what is young is not", async () => {
    await using s = await setUpDated("admit");
    expect(await s.listed()).toBe("/f/old /f/undated");
    expect((await s.ask("/f/undated")).kind).toBe("ready");
    expect(await failure(s.ask("/f/new"))).toBeInstanceOf(Withheld);
  });

  test("what upstream cannot be asked about just now is withheld, and asked about again", async () => {
    await using s = await setUpDated();
    s.upstream.fault("/f/old", failing(503));
    expect(await s.listed()).toBe("");
    expect(await failure(s.ask("/f/old"))).toBeInstanceOf(Withheld);
    s.upstream.heal();
    expect(await s.listed()).toBe("");
    s.clock.advance(60_001);
    expect(await s.listed()).toBe("/f/old");
    expect(s.upstream.count("/index.json")).toBe(1);
  });
});

test("where files are dated, the one that is asked for dates its release", async () => {
  const { datedBy: _, ...rest } = dated;
  await using s = await setUpDated("withhold", { ...rest, filesAreDated: true });
  expect((await s.ask("/f/old")).kind).toBe("ready");
  expect(String(await failure(s.ask("/f/new")))).toContain("withheld by the cooldown until 2026-06-16");
  expect(await failure(s.ask("/f/undated"))).toBeInstanceOf(Withheld);
  expect(s.upstream.count(/^\/f\//, "HEAD")).toBe(3);
});

describe("a document that policy cannot be applied to is no answer", () => {
  const broken = (route: Partial<MetadataRoute>): Ecosystem => ({
    ...dated,
    routes: [{ ...(dated.routes[0] as MetadataRoute), ...route }, ...others],
  });
  test("because it cannot be rewritten", async () => {
    const rewrite = () => {
      throw new Error("an unheard-of shape");
    };
    await using s = await setUpDated("withhold", broken({ rewrite }));
    const error = await failure(s.ask("/index.json"));
    expect(error).toBeInstanceOf(UpstreamFailed);
    expect(String(error)).toContain("cannot be rewritten, and is not sent as it is: an unheard-of shape");
  });
  test("because it cannot be read", async () => {
    let calls = 0;
    const parse: MetadataRoute["parse"] = (doc) => {
      if (calls++ > 0) throw new Error("an unheard-of shape");
      return index.parse?.(doc) ?? {};
    };
    await using s = await setUpDated("withhold", broken({ parse }));
    expect(String(await failure(s.ask("/index.json")))).toContain("is not sent unfiltered");
  });
  test("because nothing is left of it", async () => {
    await using s = await setUpDated("withhold", broken({ rewrite: () => undefined }));
    expect(await failure(s.ask("/index.json"))).toBeInstanceOf(Withheld);
  });
});
