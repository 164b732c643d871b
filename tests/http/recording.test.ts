/** Requests below `/@record/NAME/`: what is remembered of them, and who may make them. */
import { expect, test } from "bun:test";
import { Recorder } from "../../src/cache/recorder.ts";
import type { Recording } from "../../src/http/server.ts";
import { Sets } from "../../src/index/sqlite/sets.ts";
import { slowDrip } from "../support/faults.ts";
import { serving } from "./serving.ts";

async function recording(refuse: Recording["refuse"] = () => undefined) {
  const all = await serving({
    recording: ({ cache }) => ({ recorder: new Recorder(cache.context), refuse }),
  });
  const { origin } = new URL(all.url);
  const sets = new Sets(all.database);
  /** What a set has, once it has so much. */
  const recorded = async (set: string, count: number) => {
    while ([...sets.paths(set)].length < count) await Bun.sleep(20);
    return [...sets.paths(set)].map(({ path }) => path);
  };
  const get = (path: string, init?: RequestInit) => fetch(`${origin}/@record${path}`, init);
  return { all, sets, recorded, get, [Symbol.asyncDispose]: () => all[Symbol.asyncDispose]() };
}

test("files and documents that were answered are pinned and remembered, once, from memory too", async () => {
  await using s = await recording();
  for (const path of ["/one/files/f/small", "/one/files/index.json", "/one/files/f/small"])
    expect((await s.get(path)).status).toBe(200);
  expect(await s.recorded("one", 2)).toEqual(["/f/small", "/index.json"]);
  // What another one got, from memory.
  expect((await s.get("/two/files/f/small")).status).toBe(200);
  expect(await s.recorded("two", 1)).toEqual(["/f/small"]);
  const { artifacts, documents } = s.all.cache.context;
  expect([artifacts.find("files", "/f/small")?.pinned, documents.find("files", "/index.json")?.pinned]).toEqual([
    true,
    true,
  ]);
  expect(s.sets.list()).toEqual([
    { name: "one", paths: 2, bytes: expect.any(Number) as number, recordedAt: expect.any(Number) as number },
    { name: "two", paths: 1, bytes: 10_000, recordedAt: expect.any(Number) as number },
  ]);
});

test("what was not asked for there, or is not there, is not remembered", async () => {
  await using s = await recording();
  expect((await fetch(`${s.all.url}/f/small`)).status).toBe(200);
  expect((await s.get("/one/files/f/absent")).status).toBe(404);
  expect((await s.get("/one/files/index.json")).status).toBe(200);
  expect(await s.recorded("one", 1)).toEqual(["/index.json"]);
});

test("a large file is remembered once it is whole, though its client went away", async () => {
  await using s = await recording();
  s.all.upstream.fault("/f/large", slowDrip(4_000_000));
  const client = new AbortController();
  await s.get("/one/files/f/large", { signal: client.signal });
  client.abort();
  expect([...s.sets.paths("one")]).toEqual([]);
  expect(await s.recorded("one", 1)).toEqual(["/f/large"]);
});

const refused: [string, string, number, RegExp][] = [
  ["a name that climbs", "/..%2fx/files/f/small", 400, /cannot name a recording/],
  ["a name of nothing", "//files/f/small", 400, /cannot name a recording/],
  ["a long name", `/${"a".repeat(65)}/files/f/small`, 400, /cannot name a recording/],
  ["no mount, which is the app's to refuse", "/one/nothing/f", 200, /^app$/],
];
test.each(refused)("%s", async (_, path, status, message) => {
  await using s = await recording();
  const response = await s.get(path);
  expect([response.status, await response.text()]).toEqual([status, expect.stringMatching(message) as string]);
  expect(s.sets.list()).toEqual([]);
});

test("strangers may not record, and where recording is off nobody may", async () => {
  await using s = await recording(() => ({ status: 401, message: "send a token" }));
  const response = await s.get("/one/files/f/small");
  expect([response.status, await response.text()]).toEqual([401, expect.stringContaining("send a token") as string]);
  await using off = await serving();
  expect((await fetch(`${new URL(off.url).origin}/@record/one/files/f/small`)).status).toBe(404);
  expect(s.sets.list()).toEqual([]);
});
