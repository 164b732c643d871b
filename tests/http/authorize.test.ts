import { expect, test } from "bun:test";
import { hash } from "../../src/digest.ts";
import { authorize } from "../../src/http/authorize.ts";

const TOKEN = "prx_one";
const tokens = () => [
  { hash: hash("sha256", TOKEN), scopes: ["mirror"] },
  { hash: hash("sha256", "prx_other"), scopes: [] },
];
const HERE = "http://127.0.0.1:8080/api/mirror";

const asked = (headers: Record<string, string>, url = HERE, remote: string | undefined = "127.0.0.1") =>
  authorize(new Request(url, { headers }), remote, tokens, "mirror")?.status ?? "allowed";

const local: [string, Record<string, string>, string | undefined, string | undefined, "allowed" | 401][] = [
  ["a client at this machine", {}, HERE, "127.0.0.1", "allowed"],
  ["… by IPv6", {}, "http://[::1]:8080/", "::1", "allowed"],
  ["… over a mapped address", {}, HERE, "::ffff:127.0.0.1", "allowed"],
  ["… by the name that is nobody else's", {}, "http://localhost:8080/", "127.0.0.1", "allowed"],
  ["another machine", {}, HERE, "10.0.0.7", 401],
  ["nobody knows who", {}, HERE, undefined, 401],
  ["an address that only begins like one", {}, HERE, "127.0.0.1.example", 401],
  ["a name that resolves to this machine", {}, "http://rebound.example/", "127.0.0.1", 401],
  ["a host that begins like a loopback one", {}, "http://127.0.0.1.rebound.example/", "127.0.0.1", 401],
  ["behind a reverse proxy", { "x-forwarded-for": "203.0.113.9" }, HERE, "127.0.0.1", 401],
  ["… that says so in the standard's words", { forwarded: "for=203.0.113.9" }, HERE, "127.0.0.1", 401],
  ["… or in others", { "x-forwarded-proto": "https" }, HERE, "127.0.0.1", 401],
  ["… or only that it was there", { via: "1.1 gateway" }, HERE, "127.0.0.1", 401],
  ["a page of another site", { "sec-fetch-site": "cross-site" }, HERE, "127.0.0.1", 401],
  ["a page of another origin", { origin: "https://page.example" }, HERE, "127.0.0.1", 401],
  ["a page without an origin", { origin: "null" }, HERE, "127.0.0.1", 401],
  [
    "a page of our own",
    { origin: "http://127.0.0.1:8080", "sec-fetch-site": "same-origin" },
    HERE,
    "127.0.0.1",
    "allowed",
  ],
];
test.each(local)("without a token: %s", (_, headers, url, remote, expected) =>
  expect(authorize(new Request(url ?? HERE, { headers }), remote, tokens, "mirror")?.status ?? "allowed").toBe(
    expected,
  ),
);

const basic = (password: string) => `Basic ${Buffer.from(`anyone:${password}`).toString("base64")}`;
const carried: [string, string, "allowed" | 401 | 403][] = [
  ["the token", `Bearer ${TOKEN}`, "allowed"],
  ["… as a password", basic(TOKEN), "allowed"],
  ["an unknown one", "Bearer prx_none", 401],
  ["an empty one", "Bearer", 401],
  ["the token by another scheme", `Digest ${TOKEN}`, 401],
  ["… or by none", TOKEN, 401],
  ["a hash of one", `Bearer ${hash("sha256", TOKEN)}`, 401],
  ["one for something else", "Bearer prx_other", 403],
];
test.each(carried)("from elsewhere, behind a reverse proxy: %s", (_, authorization, expected) =>
  expect(asked({ authorization, "x-forwarded-for": "203.0.113.9" }, "https://proxy.example/", "10.0.0.7")).toBe(
    expected,
  ),
);

test("a token that is not known is refused here too: it is what the client believes to be let in by", () => {
  expect(asked({ authorization: "Bearer prx_none" })).toBe(401);
});
