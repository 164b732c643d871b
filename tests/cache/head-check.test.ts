/** Documents whose digest upstream states in a header: asked for by HEAD before they are fetched again. */
import { expect, test } from "bun:test";
import { hash } from "../../src/contract/digest.ts";
import type { Ecosystem, Path } from "../../src/contract/ecosystem.ts";
import { DigestMismatch } from "../../src/lib/errors.ts";
import { makeMount } from "../../src/mounts/mounts.ts";
import { askFor, bytesOf, failure } from "../support/engine.ts";
import { failing, firstTimes, instead, wrongBytes } from "../support/faults.ts";
import { setUp } from "../support/files-cache.ts";
import { files } from "../support/files-ecosystem.ts";

const TAG: Path = "/tag";
const LATE = 60_001;
const ecosystem: Ecosystem = {
  ...files,
  routes: [{ kind: "metadata", match: TAG, freshness: 60, probe: "content-digest", describedBy: () => [] }],
};

async function start() {
  const set = await setUp({ staleWhileRevalidate: 0 }, {}, { etags: false });
  const mount = makeMount("files", ecosystem, { upstreams: { default: set.upstream.url }, ttl: 0 });
  const says = (body: string) =>
    set.upstream.set(TAG, { body, headers: { "content-digest": `sha256:${hash("sha256", body)}` } });
  const get = async () => {
    const answer = await set.cache.get(mount, askFor(TAG));
    return `${Buffer.from(await bytesOf(set.cache, answer)).toString()} ${"outcome" in answer && answer.outcome}`;
  };
  const asked = () => {
    const methods = set.upstream.requests.map(({ method }) => method);
    set.upstream.forget();
    return methods;
  };
  says("one");
  await get();
  asked();
  set.clock.advance(LATE);
  return { ...set, says, asked, get };
}

test("what is current is not fetched; what is not, is", async () => {
  await using s = await start();
  expect([await s.get(), s.asked()]).toEqual(["one hit", ["HEAD"]]);
  expect([await s.get(), s.asked()]).toEqual(["one hit", []]);
  s.clock.advance(LATE);
  s.says("two");
  expect([await s.get(), s.asked()]).toEqual(["two miss", ["HEAD", "GET"]]);
});

test.each([429, 503])("status %i: upstream is spared the GET, and what is held is sent", async (status) => {
  await using s = await start();
  s.says("two");
  s.upstream.fault(TAG, failing(status));
  expect([await s.get(), s.asked()]).toEqual(["one stale", ["HEAD"]]);
});

test("where HEAD is not answered, or says nothing, GET is", async () => {
  await using s = await start();
  s.upstream.fault(TAG, firstTimes(1, failing(405)));
  expect([await s.get(), s.asked()]).toEqual(["one hit", ["HEAD", "GET"]]);
  s.clock.advance(LATE);
  s.upstream.fault(TAG, firstTimes(1, instead({ body: "one" })));
  expect([await s.get(), s.asked()]).toEqual(["one hit", ["HEAD", "GET"]]);
});

test("bytes that are not those of the header are refused", async () => {
  await using s = await start();
  s.says("two");
  s.upstream.fault(TAG, wrongBytes());
  expect(await s.get()).toBe("one stale");
  const row = s.cache.documents.held(s.mount, TAG)!;
  s.tables.documents.remove(row.mount, row.path);
  expect(await failure(s.get())).toBeInstanceOf(DigestMismatch);
  expect(await s.left()).toEqual([]);
});
