/** Images through the cache: what tags point to, what repositories share and do not, what is listed of them. */
import { describe, expect, test } from "bun:test";
import { oci } from "../../ecosystems/oci.ts";
import type { Ask } from "../../src/cache/ask.ts";
import type { Cache } from "../../src/cache/cache.ts";
import type { CacheSettings } from "../../src/cache/context.ts";
import { hash } from "../../src/contract/digest.ts";
import type { Path } from "../../src/contract/ecosystem.ts";
import { formatPurl, parsePurl } from "../../src/contract/purl.ts";
import { DigestMismatch, NotFound, UpstreamFailed, Withheld } from "../../src/lib/errors.ts";
import { walk } from "../../src/mirror/plan/walk.ts";
import { makeMount, upstreamAt } from "../../src/mounts/mounts.ts";
import { filler } from "../support/archives/files.ts";
import { bytesOf, engine, failure } from "../support/engine.ts";
import { failing, redirect, wrongBytes } from "../support/faults.ts";
import { digestAt, guarded, type Images, makeOci } from "../support/registries/oci.ts";
import type { Entry } from "../support/tree.ts";
import { startUpstream } from "../support/upstream.ts";

const LAYER = { "opt/layer": filler(50_000, "layer") };
const IMAGES: Images = {
  "library/app:1.0": { layers: [LAYER], platforms: ["linux/amd64", "linux/arm64"] },
  "library/app:1.1": { layers: [LAYER] },
  "library/app:latest": { layers: [LAYER] },
  "team/other:1": { layers: [LAYER] },
};
const ACCOUNT = { basic: "Basic dTpw", names: ["team/other"] };

async function start(settings: Partial<CacheSettings> = {}, { credentials = false, images = IMAGES } = {}) {
  const upstream = await startUpstream();
  const tree = makeOci(images);
  upstream.mount("", (url) => guarded(tree, () => `${url}/token`, ACCOUNT));
  const scope = { scope: upstream.url, header: "authorization", value: ACCOUNT.basic };
  const started = await engine(settings, { upstream: { credentials: credentials ? [scope] : [] } });
  const mount = makeMount("v2", oci, {
    upstreams: { default: upstream.url, "other.example": upstream.url },
    ttl: 300_000,
  });
  const ask = (path: Path, query = ""): Ask => {
    return { method: "GET", path, query: new URLSearchParams(query), accept: null, base: "http://proxy.example" };
  };
  const answer = (path: Path, query = "", cache = started.cache) => cache.get(mount, ask(path, query));
  const get = async (path: Path, query = "", cache: Cache = started.cache) => {
    const found = await answer(path, query, cache);
    return { bytes: await bytesOf(cache, found), ...(found.kind === "ready" && { ready: found.ready }) };
  };
  const list = async (path: Path, query = "", cache: Cache = started.cache): Promise<Record<string, unknown>> => {
    const { bytes, ready } = await get(path, query, cache);
    return { ...(JSON.parse(Buffer.from(bytes).toString()) as Record<string, unknown>), link: ready?.headers["link"] };
  };
  const close = async () => {
    await started.close();
    await upstream.close();
  };
  /** The layer that all images have. */
  const layer = Array.from(tree.keys()).find((path) => {
    const { body } = tree.get(path) as Entry;
    return path.startsWith("/v2/library/app/blobs/") && body instanceof Uint8Array && body.length > 10_000;
  })!;
  const blob = layer.slice("/v2/library/app".length) as Path;
  return { ...started, upstream, tree, mount, answer, get, list, blob, [Symbol.asyncDispose]: close };
}

test("an official image has one name, a digest in its answer, and its media type", async () => {
  await using s = await start();
  const [short, long] = [await s.get("/app/manifests/1.0"), await s.get("/library/app/manifests/1.0")];
  expect(Buffer.from(short.bytes)).toEqual(Buffer.from(long.bytes));
  const digest = digestAt(s.tree, "library/app:1.0");
  expect(long.ready?.headers["docker-content-digest"]).toBe(digest);
  expect(long.ready?.mediaType).toBe("application/vnd.oci.image.index.v1+json");
  expect(s.upstream.requests.filter(({ path, status }) => path.endsWith("/1.0") && status === 200).length).toBe(1);
  const byDigest = await s.get(`/app/manifests/${digest}` as Path);
  expect(byDigest.ready?.headers["docker-content-digest"]).toBe(digest);
});

test("a digest of another algorithm is verified, and answered with as it was asked for", async () => {
  await using s = await start();
  const { body, headers } = s.tree.get("/v2/library/app/manifests/1.1") as Entry;
  const digest = `sha512:${hash("sha512", body as string)}`;
  const asked: Path = `/library/app/manifests/${digest}`;
  s.upstream.set(`/v2${asked}`, { body, headers: { "content-type": headers?.["content-type"] ?? "" } });
  expect((await s.get(asked)).ready?.headers["docker-content-digest"]).toBe(digest);
  const wrong: Path = `/library/app/manifests/sha512:${"0".repeat(128)}`;
  s.upstream.set(`/v2${wrong}`, { body });
  expect(await failure(s.get(wrong))).toBeInstanceOf(DigestMismatch);
});

describe("a layer that repositories share", () => {
  test("is fetched once: for another repository upstream is only asked whether it has it", async () => {
    await using s = await start({}, { credentials: true });
    const first = await s.get(`/library/app${s.blob}`);
    await s.cache.drain();
    s.upstream.forget();
    const second = await s.get(`/team/other${s.blob}`);
    expect(Buffer.from(second.bytes)).toEqual(Buffer.from(first.bytes));
    const asked = s.upstream.requests.filter(({ path }) => path.endsWith(s.blob));
    expect(asked.map(({ method, status }) => `${method} ${status}`)).toEqual(["HEAD 401", "HEAD 200"]);
    s.upstream.forget();
    await s.get(`/team/other${s.blob}`);
    expect(s.upstream.requests).toEqual([]);
  });
  test("is not readable through a repository that does not show it", async () => {
    await using s = await start();
    await s.get(`/library/app${s.blob}`);
    await s.cache.drain();
    expect(await failure(s.get(`/team/other${s.blob}`))).toBeInstanceOf(UpstreamFailed);
    expect(await failure(s.get(`/library/else${s.blob}`))).toBeInstanceOf(NotFound);
    expect(await failure(s.get(`/upstream/other.example/library/else${s.blob}`))).toBeInstanceOf(NotFound);
    const offline = await s.again({ makesUpstreamRequests: false });
    expect((await s.get(`/library/app${s.blob}`, "", offline)).bytes.length).toBeGreaterThan(10_000);
    expect(await failure(s.get(`/team/other${s.blob}`, "", offline))).toBeInstanceOf(NotFound);
  });
  test("where HEAD is not answered, it is fetched", async () => {
    await using s = await start({}, { credentials: true });
    const first = await s.get(`/library/app${s.blob}`);
    await s.cache.drain();
    s.upstream.fault(`/v2/team/other${s.blob}`, (reply, { method }) =>
      method === "HEAD" ? failing(405)(reply, {} as never) : reply,
    );
    expect(Buffer.from((await s.get(`/team/other${s.blob}`)).bytes)).toEqual(Buffer.from(first.bytes));
  });
});

describe("faults", () => {
  test("bytes that do not match are refused: of a tag, of a digest, of a layer", async () => {
    await using s = await start();
    s.upstream.fault(/\/(?:manifests|blobs)\//, (reply, request) =>
      reply.status === 200 ? wrongBytes()(reply, request) : reply,
    );
    const digest = digestAt(s.tree, "library/app:1.0");
    for (const path of ["/app/manifests/1.0", `/app/manifests/${digest}`, `/app${s.blob}`] as Path[])
      expect(await failure(s.get(path))).toBeInstanceOf(DigestMismatch);
    await s.cache.drain();
    expect(s.cache.context.blobs.totals().blobs).toBe(0);
  });
  test.each([
    ["fails", failing(500), "/token, answered 500"],
    ["redirects off", redirect("https://elsewhere.example/"), "redirects to elsewhere.example"],
  ])("a token endpoint that %s is named; what is held is sent", async (_what, fault, says) => {
    await using s = await start();
    await s.get("/app/manifests/1.0");
    s.upstream.fault("/token", fault);
    expect(String(await failure(s.get("/team/other/manifests/1")))).toContain(says);
    expect((await s.get("/app/manifests/1.0")).bytes.length).toBeGreaterThan(0);
  });
});

describe("lists", () => {
  test("online, upstream's pages, linked to this mount", async () => {
    await using s = await start();
    expect(await s.list("/app/tags/list")).toEqual({
      name: "library/app",
      tags: ["1.0", "1.1"],
      link: '<http://proxy.example/v2/library/app/tags/list?n=2&last=1.1>; rel="next"',
    });
    expect(await s.list("/app/tags/list", "n=2&last=1.1")).toMatchObject({ tags: ["latest"], link: undefined });
  });
  test("online, pages by whatever upstream names them, which goes back to it as it came", async () => {
    await using s = await start();
    const pages: Record<string, [tags: string[], next?: string]> = {
      "": [["1"], "?page_token=a%2Fb%3D%3D&page_token=2"],
      "?page_token=a%2Fb%3D%3D&page_token=2": [["2"], `${s.upstream.url}/v2/library/paged/tags/list?cursor=x+y`],
      "?cursor=x+y": [["3"], "?cursor=x+y"],
    };
    s.upstream.set("/v2/library/paged/tags/list", ({ target }) => {
      const [tags, next] = pages[target.slice(target.indexOf("tags/list") + 9)] ?? [[]];
      const link = next?.startsWith("?") ? `/v2/library/paged/tags/list${next}` : next;
      return {
        body: JSON.stringify({ name: "library/paged", tags }),
        headers: { "content-type": "application/json", ...(link && { link: `<${link}>; rel="next"` }) },
      };
    });
    const seen: unknown[] = [];
    for (let query: string | undefined = ""; query !== undefined && seen.length < 9; ) {
      const page = await s.list("/paged/tags/list", query);
      seen.push(page["tags"]);
      const [, url, next] = /<([^?]*)\?([^>]*)>/.exec((page["link"] as string | undefined) ?? "") ?? [];
      if (seen.length < 3) expect(url).toBe("http://proxy.example/v2/library/paged/tags/list");
      // The last page leads to itself, which is told as it is and never followed by a mirror.
      query = seen.length < 3 ? next : undefined;
    }
    expect(seen).toEqual([["1"], ["2"], ["3"]]);
    const walked = await walk(s.cache, s.mount, "/library/paged/tags/list", { tolerant: true });
    expect(walked.releases.map(({ version }) => version)).toEqual(["1", "2", "3"]);
  });
  test.each([
    ["/v2/library/other/tags/list?last=9", undefined],
    ["/v2/library/paged/tags/list/2?last=9", undefined],
    ["https://elsewhere.example/next?last=9", undefined],
    // Registries behind others tell their own address, and their own folders.
    ["http://inside.example:5000/v2/far/library/paged/tags/list?last=9", "last=9"],
    ["/v2/paged/tags/list?last=9", "last=9"],
  ])("online, the next page at %s leads to a page of this list, or is left out and told", async (target, query) => {
    await using s = await start();
    s.upstream.set("/v2/library/paged/tags/list", {
      body: JSON.stringify({ name: "library/paged", tags: ["1"] }),
      headers: { "content-type": "application/json", link: `<${target}>; rel="next"` },
    });
    const at = "http://proxy.example/v2/library/paged/tags/list";
    expect(await s.list("/paged/tags/list")).toMatchObject({
      tags: ["1"],
      link: query && `<${at}?${query}>; rel="next"`,
    });
    const walked = await walk(s.cache, s.mount, "/library/paged/tags/list", { tolerant: true });
    expect(walked.odd.map(({ entry }) => entry)).toEqual(query ? [] : [`Link: <${target}>; rel="next"`]);
  });
  test("offline, what refers to a manifest, by the tag for it only where it lists such", async () => {
    await using s = await start();
    const index = digestAt(s.tree, "library/app:1.0");
    const tag = index.replace(":", "-");
    const at = `/v2/library/app/manifests/${index}`;
    // A registry that reads the tag as the digest.
    s.upstream.set(`/v2/library/app/manifests/${tag}`, s.tree.get(at));
    await s.get(`/library/app/manifests/${tag}`);
    const shown = async () =>
      (await s.list(`/library/app/referrers/${index}`, "", await s.again({ makesUpstreamRequests: false })))[
        "manifests"
      ];
    expect(await shown()).toEqual([]);
    // A tag of that name for another image.
    const { body } = s.tree.get(at) as Entry;
    const { manifests } = JSON.parse(body as string) as { manifests: { digest: string }[] };
    for (const { digest } of manifests) await s.get(`/library/app/manifests/${digest}` as Path);
    s.upstream.set(`/v2/library/app/manifests/${tag}`, { ...(s.tree.get(at) as Entry), body: `${body as string} ` });
    s.clock.advance(61_000);
    await s.get(`/library/app/manifests/${tag}`);
    expect(await shown()).toEqual([]);
  });
  test("containerd's word for this proxy is not sent upstream, nor is a choice of referrers", async () => {
    await using s = await start();
    await s.list("/app/tags/list", "ns=docker.io&n=2");
    expect(s.upstream.requests.findLast(({ path }) => path.endsWith("/tags/list"))?.target).toMatch(/\?n=2$/);
  });
  test("offline, what is held, by pages", async () => {
    await using s = await start({}, { credentials: true });
    for (const path of ["/app/manifests/1.0", "/app/manifests/1.1", "/team/other/manifests/1"] as Path[])
      await s.get(path);
    await s.get(`/app/manifests/${digestAt(s.tree, "library/app:1.1")}` as Path);
    const offline = await s.again({ makesUpstreamRequests: false });
    expect(await s.list("/app/tags/list", "", offline)).toEqual({ name: "library/app", tags: ["1.0", "1.1"] });
    expect(await s.list("/app/tags/list", "n=1", offline)).toEqual({
      name: "library/app",
      tags: ["1.0"],
      link: '<http://proxy.example/v2/library/app/tags/list?n=1&last=1.0>; rel="next"',
    });
    expect(await s.list("/app/tags/list", "n=5&last=1.0", offline)).toMatchObject({ tags: ["1.1"] });
    expect(await s.list("/_catalog", "", offline)).toEqual({ repositories: ["library/app", "team/other"] });
    expect(await s.list("/_catalog", "n=1", offline)).toMatchObject({ repositories: ["library/app"] });
  });
});

test("a cooldown counts from when what a tag points to was first seen: a tag that moves is withheld anew", async () => {
  const cooldown = { default: 86_400_000, ecosystems: {}, packages: {}, unknown: "withhold" as const };
  await using s = await start({ cooldown, staleWhileRevalidate: 0 });
  expect(await failure(s.get("/app/manifests/1.1"))).toBeInstanceOf(Withheld);
  s.clock.advance(86_400_001);
  const { bytes } = await s.get("/app/manifests/1.1");
  expect((await s.get(`/app/manifests/${digestAt(s.tree, "library/app:1.1")}` as Path)).bytes).toEqual(bytes);
  // Twice: what is held already is no other matter.
  for (let asked = 0; asked < 2; asked++) {
    expect((await s.get(`/app${s.blob}`)).bytes.length).toBeGreaterThan(10_000);
    await s.cache.drain();
  }
  const other = s.tree.get("/v2/library/app/manifests/1.0") as Entry;
  s.tree.set("/v2/library/app/manifests/1.1", other);
  s.upstream.mount("", (url) => guarded(s.tree, () => `${url}/token`, ACCOUNT));
  s.clock.advance(60_001);
  expect(await failure(s.get("/app/manifests/1.1"))).toBeInstanceOf(Withheld);
});

describe("package URLs", () => {
  const sha = `sha256:${"a".repeat(64)}`;
  const mount = makeMount("v2", oci, {
    upstreams: {
      default: "https://hub.example",
      "other.example": "https://other.example",
      short: "https://far.example/team",
    },
    ttl: 0,
  });
  const read = (text: string) => oci.purl!.read(parsePurl(text), (place) => upstreamAt(mount, place));
  test.each([
    ["pkg:docker/alpine@3.20", "library/alpine", "3.20", "pkg:docker/alpine@3.20"],
    ["pkg:docker/library/alpine", "library/alpine", undefined, "pkg:docker/alpine"],
    ["pkg:docker/acme/app@1?repository_url=hub.example", "acme/app", "1", "pkg:docker/acme/app@1"],
    ["pkg:docker/acme/app@1?repository_url=https://docker.io", "acme/app", "1", "pkg:docker/acme/app@1"],
    [
      "pkg:docker/acme/app@1?repository_url=other.example",
      "upstream/other.example/acme/app",
      "1",
      "pkg:docker/acme/app@1?repository_url=other.example",
    ],
    [
      `pkg:oci/app@${sha}?repository_url=other.example/acme/app&tag=1.0&arch=amd64`,
      "upstream/other.example/acme/app",
      sha,
      `pkg:docker/acme/app@${sha}?repository_url=other.example`,
    ],
    [
      `pkg:oci/alpine@${sha}?repository_url=docker.io/library/alpine`,
      "library/alpine",
      sha,
      `pkg:docker/alpine@${sha}`,
    ],
    ["pkg:oci/app?repository_url=other.example/acme&tag=1.0", "upstream/other.example/acme/app", "1.0", undefined],
    ["pkg:oci/app?repository_url=far.example/team/x/app&tag=1", "upstream/short/x/app", "1", undefined],
  ])("%s", (text, name, version, written) => {
    const found = read(text);
    expect([found.name, found.version]).toEqual([name, version]);
    if (written !== undefined) expect(formatPurl(oci, found)).toBe(written);
  });
  test("of a registry that is no upstream says so", () => {
    expect(() => read("pkg:docker/app?repository_url=unknown.example")).toThrow(
      "no upstream of this mount is at unknown.example",
    );
  });
});

test("an upstream is known by its host, and by the address of its API", () => {
  const named = (url: string) => makeMount("v2", oci, { upstreams: { default: url }, ttl: 0 }).upstreams.get("default");
  for (const end of ["", "/", "/v2", "/v2/"])
    expect(named(`https://registry.example:5000${end}`)).toEqual(["https://registry.example:5000"]);
});
