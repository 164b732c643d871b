/** Files of which an index states several places: what has the stated digest may come from any of them. */
import { afterAll, expect, test } from "bun:test";
import { hash } from "../../src/contract/digest.ts";
import type { Path } from "../../src/contract/ecosystem.ts";
import { DigestMismatch, UpstreamFailed } from "../../src/lib/errors.ts";
import { makeMount } from "../../src/mounts/mounts.ts";
import { askFor, bytesOf, engine, failure } from "../support/engine.ts";
import { failing } from "../support/faults.ts";
import { files } from "../support/files-ecosystem.ts";
import { binary, json } from "../support/tree.ts";
import { startUpstream } from "../support/upstream.ts";

const [upstream, { cache, close }] = await Promise.all([startUpstream(), engine()]);
afterAll(async () => {
  await Promise.all([close(), upstream.close()]);
});

upstream.set("/wrong", binary(new TextEncoder().encode("something else")));
upstream.set("/wrong/large", binary(new Uint8Array(3_000_000)));
upstream.fault("/failing", failing(500));
upstream.fault("/forbidden", failing(403));

let made = 0;

/** A file that no other mount has, which upstream has at `/right`, and what a client gets of it where an index states these places. */
function file(places: string | readonly string[], { size = 20, isStated = true } = {}) {
  const name = `files${made++}`;
  const path: Path = `/f/${name}`;
  const content = new TextEncoder().encode(name.padEnd(size, "."));
  upstream.set("/right", binary(content));
  const digest = isStated && { digest: `sha256:${hash("sha256", content)}` as const };
  upstream.set("/index.json", json({ files: [{ path, url: places, ...digest }] }));
  const mount = makeMount(name, files, { upstreams: { default: upstream.url }, ttl: 300_000 });
  const get = async () =>
    new TextDecoder().decode(await bytesOf(cache, await cache.get(mount, askFor(path)))).slice(0, 20);
  return { path, content, get, expected: name.padEnd(20, ".") };
}

test.each([
  ["one has other bytes", ["/wrong", "/right"]],
  ["one fails", ["/failing", "/right"]],
  ["one refuses", ["/forbidden", "/right"]],
  ["one lacks it", ["/absent", "/right"]],
  ["one is no address", ["http://[", "/right"]],
  ["there are all of these", ["/absent", "/wrong", "/failing", "/right"]],
])("where %s, the next is tried", async (_what, places) => {
  const { get, expected } = file(places);
  expect(await get()).toBe(expected);
});

test("of a large file other bytes break off the answer that has them already; the next request gets the right ones", async () => {
  const { get, expected } = file(["/wrong/large", "/right"], { size: 3_000_000 });
  expect(["broken off", expected]).toContain(await get().catch(() => "broken off"));
  expect(await get()).toBe(expected);
});

test("where all have other bytes, it is refused", async () => {
  const { get } = file(["/wrong", "/wrong"]);
  expect(await failure(get())).toBeInstanceOf(DigestMismatch);
});

test("one place is followed by the route's own", async () => {
  const { get, path, content, expected } = file("/wrong");
  upstream.set(path, binary(content));
  expect(await get()).toBe(expected);
});

test("without a digest only absence leads to the next: nothing would tell which bytes are right", async () => {
  const absent = file(["/absent", "/right"], { isStated: false });
  expect(await absent.get()).toBe(absent.expected);
  const refused = await failure(file(["/forbidden", "/right"], { isStated: false }).get());
  expect(refused).toBeInstanceOf(UpstreamFailed);
});
