/** Bytes that are not what their name says: whether they are served depends on a digest that the repository states of them. */
import { afterAll, expect, test } from "bun:test";
import { maven } from "../../../ecosystems/maven.ts";
import { hash } from "../../../src/contract/digest.ts";
import type { Path } from "../../../src/contract/ecosystem.ts";
import { makeMount } from "../../../src/mounts/mounts.ts";
import { askFor, bytesOf, engine, failure } from "../../support/engine.ts";
import { binary, text } from "../../support/tree.ts";
import { startUpstream } from "../../support/upstream.ts";

const [upstream, { cache, close }] = await Promise.all([startUpstream(), engine()]);
const mount = makeMount("maven", maven, { upstreams: { default: upstream.url }, ttl: 60_000 });
afterAll(async () => {
  await close();
  await upstream.close();
});
/** Above what is read on the serving thread, and no zip file. */
const body = new Uint8Array(200_000).fill(7);
const get = async (path: Path) => bytesOf(cache, await cache.get(mount, askFor(path)));

test("with a checksum that fits they are served and stored; without one they are refused", async () => {
  const at = (artifact: string): Path => `/org/acme/${artifact}/1.0/${artifact}-1.0.jar`;
  upstream.set(at("stated"), binary(body));
  upstream.set(`${at("stated")}.sha1`, text(hash("sha1", body)));
  expect(hash("sha1", await get(at("stated")))).toBe(hash("sha1", body));
  upstream.set(at("stated"), () => ({ status: 500, body: "" }));
  expect((await get(at("stated"))).length).toBe(body.length);
  upstream.set(at("bare"), binary(body));
  expect(String(await failure(get(at("bare"))))).toContain("nothing states its digest, so it was not stored");
});
