import { describe, expect, test } from "bun:test";
import { UpstreamFailed } from "../../src/lib/errors.ts";
import { Networks } from "../../src/lib/networks.ts";
import { credentialFor } from "../../src/upstream/auth.ts";
import { proxyFor } from "../../src/upstream/forward-proxy.ts";
import { isGlobalUnicast, publicAddress, requireHttp, requirePublicName } from "../../src/upstream/guard.ts";
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

describe("addresses of the public internet", () => {
  test.each([
    ["8.8.8.8", true],
    ["2606:4700::1", true],
    ["::ffff:8.8.8.8", true],
    ["::ffff:808:808", true],
    ["64:ff9b::808:808", true],
    ["2002:808:808::1", true],
    ["0.0.0.1", false],
    ["100.64.0.1", false],
    ["100.127.255.255", false],
    ["100.128.0.0", true],
    ["192.0.0.8", false],
    ["192.0.2.1", false],
    ["192.88.99.1", false],
    ["198.19.255.255", false],
    ["198.51.100.7", false],
    ["203.0.113.7", false],
    ["224.0.0.1", false],
    ["239.255.255.250", false],
    ["240.0.0.1", false],
    ["255.255.255.255", false],
    ["::", false],
    ["::1", false],
    ["::7f00:1", false],
    ["::ffff:7f00:1", false],
    ["::ffff:169.254.169.254", false],
    ["::ffff:0:7f00:1", false],
    ["64:ff9b::a00:1", false],
    ["64:ff9b:1::1", false],
    ["2002:a00:1::1", false],
    ["2002:a9fe:a9fe::1", false],
    ["2001::1", false],
    ["2001:2::1", false],
    ["2001:db8::1", false],
    ["3fff::1", false],
    ["100::1", false],
    ["5f00::1", false],
    ["fc00::1", false],
    ["fd12:3456::1", false],
    ["fe80::1", false],
    ["fe80::1%eth0", false],
    ["fec0::1", false],
    ["ff02::1", false],
    ["4000::1", false],
    ["no address", false],
  ])("%s: %p", (address, expected) => expect(isGlobalUnicast(address)).toBe(expected));
});

describe("what a forward proxy is asked to reach", () => {
  test.each([
    ["http://10.0.0.1/", []],
    ["http://[::ffff:127.0.0.1]/", []],
    ["http://localhost/", []],
    ["http://localhost./", []],
    ["http://printer/", []],
    ["http://metadata.google.internal/", []],
    ["http://nas.local/", []],
    ["http://router.home.arpa/", []],
  ])("%s is refused", async (url, allowPrivate) =>
    expect(await failure(requirePublicName(new URL(url), { allowPrivate }))).toBeInstanceOf(UpstreamFailed),
  );
  test.each([
    ["http://8.8.8.8/", []],
    ["http://nobody-knows-it.example/", []],
    ["http://10.0.0.1/", ["10.0.0.0/8"]],
    ["http://nas.local/", ["nas.local"]],
  ])("%s is asked for where %j are allowed", async (url, allowPrivate) =>
    expect(await failure(requirePublicName(new URL(url), { allowPrivate }))).toBeUndefined(),
  );
});

describe("the environment's proxy", () => {
  const environment = {
    HTTP_PROXY: "proxy.example:3128",
    https_proxy: "http://secure.example:3128",
    NO_PROXY: "in.example, .deep.example,10.0.0.0/8,only.example:8080",
  };
  test.each([
    ["http://a.example/", "http://proxy.example:3128"],
    ["https://a.example/", "http://secure.example:3128"],
    ["http://in.example/", undefined],
    ["http://a.in.example/", undefined],
    ["http://min.example/", "http://proxy.example:3128"],
    ["http://a.deep.example:81/", undefined],
    ["http://10.2.3.4/", undefined],
    ["http://11.2.3.4/", "http://proxy.example:3128"],
    ["http://only.example:8080/", undefined],
    ["http://only.example/", "http://proxy.example:3128"],
  ])("reaches %s: %p", (url, expected) => {
    expect(proxyFor({}, new URL(url), environment)?.url).toBe(expected as string);
    expect(proxyFor({}, new URL(url), { ...environment, NO_PROXY: "*" })).toBeUndefined();
    expect(proxyFor({ proxy: "http://own.example" }, new URL(url), environment)?.url).toBe("http://own.example");
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
  // Dates are compared with the host's own clock.
  const headers = { "retry-after": value, date: new Date(Date.UTC(2026, 0, 1)).toUTCString() };
  expect(delayBefore(0, new Response(null, { status: 429, headers }))).toBe(milliseconds);
});
