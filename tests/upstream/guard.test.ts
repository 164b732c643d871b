import { describe, expect, test } from "bun:test";
import { UpstreamFailed } from "../../src/errors.ts";
import { Networks } from "../../src/networks.ts";
import { credentialFor } from "../../src/upstream/auth.ts";
import { publicAddress, requireHttp } from "../../src/upstream/guard.ts";
import { delayBefore } from "../../src/upstream/retry.ts";
import { failure } from "../support/engine.ts";

describe("addresses that a document or redirect may lead to", () => {
  test.each([
    "127.0.0.1",
    "10.1.2.3",
    "172.31.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "[::1]",
    "[fd00::1]",
    "[fe80::1]",
    "[::ffff:10.0.0.1]",
    "0.0.0.0",
    "localhost",
  ])("%s is refused", async (host) =>
    expect(await failure(publicAddress(new URL(`http://${host}/x`), { allowPrivate: [] }))).toBeInstanceOf(
      UpstreamFailed,
    ),
  );
  test.each([
    ["8.8.8.8", []],
    ["[2606:4700::1]", []],
    ["10.1.2.3", ["10.0.0.0/8"]],
    ["10.1.2.3", ["10.1.2.3"]],
    ["localhost", ["localhost"]],
  ])("%s is dialled where %j are allowed", async (host, allowPrivate) => {
    expect(await publicAddress(new URL(`http://${host}/x`), { allowPrivate })).toBeString();
  });
  test.each(["file:///etc/passwd", "data:text/plain,x", "ftp://files.example/x"])(
    "%s is no address of the web",
    (url) => {
      expect(() => requireHttp(new URL(url))).toThrow(UpstreamFailed);
    },
  );
  test("networks hold both families", () => {
    const networks = new Networks(["10.0.0.0/8", "fd00::/8", "192.0.2.7", "not-an-address"]);
    expect(
      ["10.9.9.9", "::ffff:10.9.9.9", "fd12::1", "192.0.2.7", "192.0.2.8", "11.0.0.1"].map((address) =>
        networks.has(address),
      ),
    ).toEqual([true, true, true, true, false, false]);
  });
});

describe("credentials", () => {
  const of = (scope: string) => ({ scope, header: "authorization", value: scope });
  const all = [of("https://r.example"), of("https://r.example/team"), of("http://r.example:8080/x")];
  test.each([
    ["https://r.example/a", "https://r.example"],
    ["https://r.example/team/a", "https://r.example/team"],
    ["https://r.example/team", "https://r.example/team"],
    ["https://r.example/teams/a", "https://r.example"],
    ["http://r.example:8080/x/y", "http://r.example:8080/x"],
    ["http://r.example/a", undefined],
    ["https://r.example:444/a", undefined],
    ["https://evil-r.example/a", undefined],
    ["https://r.example.evil.example/team", undefined],
  ])("for %s: %p", (url, value) => expect(credentialFor(all, new URL(url))?.value).toBe(value as string));
});

test.each([
  ["2", 2_000],
  ["0", 0],
  [new Date(Date.UTC(2026, 0, 1, 0, 0, 30)).toUTCString(), 30_000],
])("Retry-After: %s is obeyed", (value, milliseconds) => {
  expect(
    delayBefore(0, new Response(null, { status: 429, headers: { "retry-after": value } }), Date.UTC(2026, 0, 1)),
  ).toBe(milliseconds);
});
