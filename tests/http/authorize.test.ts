import { expect, test } from "bun:test";
import { hash } from "../../src/contract/digest.ts";
import { Access } from "../../src/http/authorize.ts";

const TOKEN = "prx_one";
const tokens = () => [
  { hash: hash("sha256", TOKEN), scopes: ["mirror"] },
  { hash: hash("sha256", "prx_other"), scopes: [] },
];
const HERE = "http://127.0.0.1:8080/api/mirror";
const JSON_TYPE = { "content-type": "application/json" };
const basic = (password: string) => ({
  authorization: `Basic ${Buffer.from(`anyone:${password}`).toString("base64")}`,
});
const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

function asked(headers: Record<string, string>, { isOpen = false, method = "GET", url = HERE } = {}) {
  const access = new Access({ tokens, isOpen });
  return access.refuse(new Request(url, { method, headers }), "mirror")?.status ?? "allowed";
}

const strangers: [string, Record<string, string>, string?][] = [
  ["a client at this machine: behind a reverse proxy everyone is", {}],
  ["… by the name that is nobody else's", {}, "http://localhost:8080/api/mirror"],
  ["… by IPv6", {}, "http://[::1]:8080/api/mirror"],
  ["a page of our own", { origin: "http://127.0.0.1:8080", "sec-fetch-site": "same-origin" }],
  ["with a header of its own", { "x-requested-with": "curl", ...JSON_TYPE }],
];
test.each(strangers)("without a token nobody may: %s", (_, headers, url = HERE) => {
  expect(asked(headers, { url })).toBe(401);
  expect(asked(headers, { url, method: "POST" })).toBe(401);
});

const carried: [string, Record<string, string>, "allowed" | 401 | 403][] = [
  ["the token", bearer(TOKEN), "allowed"],
  ["… as a password", basic(TOKEN), "allowed"],
  ["an unknown one", bearer("prx_none"), 401],
  ["an empty one", { authorization: "Bearer" }, 401],
  ["the token by another scheme", { authorization: `Digest ${TOKEN}` }, 401],
  ["… or by none", { authorization: TOKEN }, 401],
  ["a hash of one", bearer(hash("sha256", TOKEN)), 401],
  ["one for something else", bearer("prx_other"), 403],
];
test.each(carried)("%s, whether the API is open or not", (_, headers, expected) => {
  for (const isOpen of [false, true]) expect(asked(headers, { isOpen, url: "https://proxy.example/" })).toBe(expected);
});

/** What a browser sends by itself, and what pages can make it send; POST, and GET of a recording. */
const made: [string, Record<string, string>, string, "allowed" | 403][] = [
  ["JSON", JSON_TYPE, "POST", "allowed"],
  ["JSON with parameters", { "content-type": "application/json; charset=utf-8" }, "POST", "allowed"],
  ["an SBOM", { "content-type": "application/vnd.cyclonedx+json" }, "POST", "allowed"],
  [
    "a form with a header of its own",
    { "content-type": "multipart/form-data; boundary=b", "x-requested-with": "x" },
    "POST",
    "allowed",
  ],
  ["a form", { "content-type": "multipart/form-data; boundary=b" }, "POST", 403],
  ["a form in capitals", { "content-type": "Multipart/Form-Data ; boundary=b" }, "POST", 403],
  ["text", { "content-type": "text/plain" }, "POST", 403],
  ["text with parameters", { "content-type": "text/plain;application/json" }, "POST", 403],
  ["the other form", { "content-type": "application/x-www-form-urlencoded" }, "POST", 403],
  ["nothing", {}, "POST", 403],
  ["nothing, to be deleted", {}, "DELETE", 403],
  ["nothing, to be read", {}, "GET", "allowed"],
  ["a page of another site", { "sec-fetch-site": "cross-site", ...JSON_TYPE }, "POST", 403],
  ["… of a sister host", { "sec-fetch-site": "same-site", ...JSON_TYPE }, "POST", 403],
  ["… of another origin", { origin: "https://page.example", ...JSON_TYPE }, "POST", 403],
  ["… that reads", { origin: "https://page.example" }, "GET", 403],
  ["… or shows a picture", { "sec-fetch-site": "cross-site" }, "GET", 403],
  ["… without an origin", { origin: "null", ...JSON_TYPE }, "POST", 403],
  [
    "a page of our own",
    { origin: "http://127.0.0.1:8080", "sec-fetch-site": "same-origin", ...JSON_TYPE },
    "POST",
    "allowed",
  ],
];
test.each(made)("to an open API, and with what browsers remember of a password: %s", (_, headers, method, expected) => {
  expect(asked(headers, { isOpen: true, method })).toBe(expected);
  expect(asked({ ...headers, ...basic(TOKEN) }, { method })).toBe(expected);
  // No page of another origin can send a token that it does not have, or the header that has it.
  expect(asked({ ...headers, ...bearer(TOKEN) }, { method })).toBe("allowed");
});

test("a request of the socket needs no token", () => {
  const access = new Access({ tokens, isOpen: false });
  expect(access.refuse(access.admit(new Request(HERE, { method: "POST" })), "mirror")).toBeUndefined();
});
