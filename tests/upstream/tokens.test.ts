/** Upstreams that challenge to bring a bearer token, and the endpoints that give one. Over real sockets. */
import { afterAll, beforeEach, describe, expect, test } from "bun:test";
import { UpstreamFailed } from "../../src/lib/errors.ts";
import { challengeIn } from "../../src/upstream/challenge.ts";
import { Upstream, type UpstreamSettings } from "../../src/upstream/client.ts";
import { areOfOneOwner } from "../../src/upstream/domains.ts";
import { failure } from "../support/engine.ts";
import { failing, instead, redirect } from "../support/faults.ts";
import { passingTime } from "../support/passing-time.ts";
import { json, text } from "../support/tree.ts";
import { startUpstream } from "../support/upstream.ts";

const registry = await startUpstream();
const other = await startUpstream();
const dialer = { name: "m", trusted: new Set([registry.url]) };
const basic = (scope: string, value = "Basic dTpw") => ({ scope, header: "authorization", value });
const client = (settings: Partial<UpstreamSettings> = {}) =>
  new Upstream({
    timeout: 2_000,
    patience: 0,
    credentials: [],
    allowPrivate: [],
    userAgent: "proxy/test",
    ...settings,
  });
let given = 0;
let realm = "";
let life: number | undefined;

/** What a repository's files are, and the token that they want: the newest for it. */
const guarded = (name: string) => (request: { headers: Readonly<Record<string, string>> }) =>
  request.headers.authorization === `Bearer ${name}-${given}`
    ? text(name)
    : {
        body: "",
        status: 401,
        headers: { "www-authenticate": `Bearer realm="${realm}",service="it",scope="repository:${name}:pull"` },
      };
const endpoint = ({ query }: { query: URLSearchParams }) => {
  const name = query.get("scope")?.split(":")[1] ?? "";
  return json({ token: `${name}-${++given}`, ...(life !== undefined && { expires_in: life }) });
};
for (const name of ["a", "b"])
  for (const path of ["manifests/1", "blobs/1", "blobs/2"]) registry.set(`/v2/${name}/${path}`, guarded(name));
for (const server of [registry, other]) server.set("/token", endpoint);

beforeEach(() => {
  for (const server of [registry, other]) {
    server.heal();
    server.forget();
  }
  [given, realm, life] = [0, `${registry.url}/token`, undefined];
});
afterAll(async () => {
  await registry.close();
  await other.close();
});

const get = async (upstream: Upstream, path: string) => {
  const response = await upstream.fetch(dialer, `${registry.url}/v2/${path}`);
  return response.status === 200 ? response.text() : response.status;
};

describe("a token", () => {
  test("is fetched once for a scope, and brought along at once for what lies beside", async () => {
    const upstream = client();
    expect(await get(upstream, "a/manifests/1")).toBe("a");
    for (const path of ["a/blobs/1", "a/blobs/2"]) expect(await get(upstream, path)).toBe("a");
    expect(registry.requests.map(({ path, status }) => `${path} ${status}`)).toEqual([
      "/v2/a/manifests/1 401",
      "/token 200",
      "/v2/a/manifests/1 200",
      "/v2/a/blobs/1 200",
      "/v2/a/blobs/2 200",
    ]);
    const asked = registry.requests.find(({ path }) => path === "/token")?.query;
    expect(asked?.toString()).toBe("service=it&scope=repository%3Aa%3Apull");
  });
  test("is for its own scope", async () => {
    const upstream = client();
    expect([await get(upstream, "a/blobs/1"), await get(upstream, "b/blobs/1")]).toEqual(["a", "b"]);
    expect(registry.count("/token")).toBe(2);
  });
  test("is fetched once for many who wait", async () => {
    const upstream = client();
    const all = await Promise.all(Array.from({ length: 8 }, () => get(upstream, "a/blobs/1")));
    expect([new Set(all), registry.count("/token")]).toEqual([new Set(["a"]), 1]);
  });
  test.each([
    ["as its endpoint says", 100, 89, 91],
    ["for a minute where it does not", undefined, 53, 55],
  ])("is used %s, and a little less", async (_what, seconds, before, after) => {
    life = seconds;
    const upstream = client();
    using time = passingTime();
    await get(upstream, "a/blobs/1");
    time.setClock(86_400_000);
    time.pass(before * 1_000);
    await get(upstream, "a/blobs/1");
    expect(registry.count("/token")).toBe(1);
    time.setClock(-2 * 86_400_000);
    time.pass((after - before) * 1_000);
    await get(upstream, "a/blobs/1");
    expect(registry.count("/token")).toBe(2);
  });
  test("that is refused early is replaced once", async () => {
    const upstream = client();
    await get(upstream, "a/blobs/1");
    given = 7;
    expect(await get(upstream, "a/blobs/1")).toBe("a");
    registry.fault("/token", instead({ body: '{"access_token":"of-no-use"}' }));
    given = 20;
    expect(await get(upstream, "a/blobs/1")).toBe(401);
    expect(registry.count("/token")).toBe(3);
  });
});

describe("credentials", () => {
  const sent = (server: typeof registry) =>
    server.requests.filter(({ path }) => path === "/token").map(({ headers }) => headers.authorization);

  test("of the registry go to its own endpoint, and the token goes to the registry in their place", async () => {
    expect(await get(client({ credentials: [basic(`${registry.url}/v2`)] }), "a/blobs/1")).toBe("a");
    expect(sent(registry)).toEqual(["Basic dTpw"]);
    expect(registry.requests.map(({ headers }) => headers.authorization)).toEqual([
      "Basic dTpw",
      "Basic dTpw",
      "Bearer a-1",
    ]);
  });
  test("that are configured for the endpoint go there, wherever it is", async () => {
    realm = `${other.url.replace("127.0.0.1", "localhost")}/token`;
    const credentials = [basic(registry.url), basic(realm, "Basic eDp5")];
    expect(await get(client({ credentials, allowPrivate: ["localhost"] }), "a/blobs/1")).toBe("a");
    expect(sent(other)).toEqual(["Basic eDp5"]);
  });
  test("of the registry never go elsewhere, nor do tokens that are configured", async () => {
    realm = `${other.url.replace("127.0.0.1", "localhost")}/token`;
    await get(client({ credentials: [basic(registry.url)], allowPrivate: ["localhost"] }), "a/blobs/1");
    realm = `${registry.url}/token`;
    await get(client({ credentials: [basic(`${registry.url}/v2`, "Bearer s3cret")] }), "b/blobs/1");
    expect([sent(other), sent(registry)]).toEqual([[undefined], [undefined]]);
  });
  test.each([
    ["registry.acme.example", "registry.acme.example", true],
    ["registry-1.acme.example", "auth.acme.example", true],
    ["acme.example", "auth.acme.example", true],
    ["registry.acme.example", "auth.other.example", false],
    ["localhost", "example", false],
    ["10.0.0.1", "10.1.0.1", false],
    ["[::1]", "[::2]", false],
    ["registry.acme.co.uk", "auth.acme.co.uk", true],
    ["registry.acme.co.uk", "auth.evil.co.uk", false],
    ["registry.acme.co.uk", "co.uk", false],
    ["registry.acme.com.au", "auth.evil.com.au", false],
    ["acme.github.io", "evil.github.io", false],
    ["acme.github.io", "auth.acme.github.io", false],
    ["1.dkr.ecr.us-east-1.amazonaws.com", "evil.s3.amazonaws.com", false],
    ["1.dkr.ecr.us-east-1.amazonaws.com", "evil.service.us-east-1.amazonaws.com", false],
    ["registry.acme.local", "auth.acme.local", true],
    ["registry", "auth", false],
    ["REGISTRY.acme.example.", "auth.acme.example", true],
    ["registry.münchen.example", "auth.xn--mnchen-3ya.example", true],
  ])("%s and %s are of one owner: %s", (a, b, expected) => {
    const [one, other] = [a, b].map((host) => new URL(`https://${host}/`).hostname);
    expect(areOfOneOwner(one!, other!)).toBe(expected);
    expect(areOfOneOwner(other!, one!)).toBe(expected);
  });
});

describe("an endpoint that", () => {
  test.each([
    ["fails", failing(503), "answered 503", true],
    ["refuses", failing(403), "answered 403", false],
    ["has no token", instead({ body: "{}" }), "without a token", false],
    ["sends a page", instead({ body: "<h1>Sign in</h1>" }), "without a token", false],
    ["sends more than a token", instead({ body: "x".repeat(100_000) }), "more than the 65536 bytes", false],
    ["redirects to another host", redirect("https://elsewhere.example/token"), "redirects to elsewhere.example", false],
    ["redirects in circles", redirect("/token"), "redirected more than 3 times", false],
  ])("%s is named, with what it did", async (_what, fault, says, retryable) => {
    registry.fault("/token", fault);
    const error = await failure(get(client(), "a/blobs/1"));
    expect(error).toBeInstanceOf(UpstreamFailed);
    expect(String(error)).toContain(says);
    expect((error as UpstreamFailed).retryable).toBe(retryable);
    expect(registry.count("/v2/a/blobs/1")).toBe(1);
  });
  test("is in a private network is not asked", async () => {
    realm = `${other.url}/token`;
    const error = await failure(get(client({ credentials: [basic(registry.url)] }), "a/blobs/1"));
    expect(String(error)).toContain("is a private address");
    expect(other.requests).toEqual([]);
  });
  test("is down is named; the next request asks it again", async () => {
    const upstream = client();
    registry.fault("/token", failing(500));
    expect(String(await failure(get(upstream, "a/blobs/1")))).toContain(`${registry.url}/token, answered 500`);
    registry.heal();
    expect(await get(upstream, "a/blobs/1")).toBe("a");
  });
});

test.each([
  ['Bearer realm="https://a.example/t",service="s",scope="x:y:pull,push"', "https://a.example/t s x:y:pull,push"],
  ['Basic realm="it", Bearer realm=https://a.example/t, scope="x y"', "https://a.example/t undefined x y"],
  ['bearer realm="a \\"quoted\\" one"', 'a "quoted" one undefined undefined'],
  ['Bearer service="s"', undefined],
  ['Basic realm="it"', undefined],
  ["Bearer", undefined],
  [null, undefined],
])("challenge %s", (header, expected) => {
  const found = challengeIn(header);
  expect(found && `${found.realm} ${found.service} ${found.scope}`).toBe(expected as string);
});
