/** Methods: HEAD is GET without its body, whatever answers; what is not allowed is told with what is. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { BIG, type NpmProxy, npmProxy, SMALL } from "../support/npm-proxy.ts";

let all: NpmProxy;
beforeAll(async () => {
  all = await npmProxy();
});
afterAll(() => all[Symbol.asyncDispose]());

const ask = (path: string, method: string, headers: Record<string, string> = {}) =>
  fetch(`${all.proxy.url}${path}`, { method, headers, decompress: false });

const SEARCH = "/npm/-/v1/search?text=small";
const LIKE_GET = ["content-length", "content-type", "content-encoding", "vary"];

test.each([
  ["a document that is not held", "/npm/%40scope%2fname", {}],
  ["a document", "/npm/many", {}],
  ["a compressed document", "/npm/many", { "accept-encoding": "gzip" }],
  ["a part of a document", "/npm/small/1.0.0", {}],
  ["a small file that is not held", SMALL, {}],
  ["a large file that is not held", BIG, {}],
  ["a large file that is held", BIG, {}],
  ["what upstream answers itself", SEARCH, {}],
  ["an absence", "/npm/absent", {}],
  ["the first page", "/", {}],
  ["the state of health", "/health", {}],
])("HEAD of %s", async (_what, path, headers) => {
  const head = await ask(path, "HEAD", headers);
  const get = await ask(path, "GET", headers);
  const body = await get.bytes();
  expect([head.status, (await head.bytes()).length]).toEqual([get.status, 0]);
  expect(head.headers.get("content-length")).toBe(String(body.length));
  const told = (response: Response) => LIKE_GET.map((name) => [name, response.headers.get(name)]);
  // Bun sends what arrives while it is sent in chunks, without a length.
  if (get.headers.has("content-length")) expect(told(head)).toEqual(told(get));
});

test.each([
  ["DELETE", "/npm/small", "GET, HEAD"],
  ["PUT", SMALL, "GET, HEAD"],
])("%s %s: 405, and what is allowed", async (method, path, allowed) => {
  const refused = await ask(path, method);
  expect([refused.status, refused.headers.get("allow")]).toEqual([405, allowed]);
  expect(await refused.json()).toEqual({ error: `${method} is not allowed for ${path.slice("/npm".length)}` });
});

test("a large file is named as it is at upstream, not by its digest", async () => {
  await (await ask(BIG, "GET")).bytes();
  const held = await ask(BIG, "GET");
  await held.bytes();
  expect(held.headers.get("content-disposition")).toBe('attachment; filename="big-1.0.0.tgz"');
});
