/** Mirrors of generations: nothing of a new one is shown before all that it names is held, and then all of it at once. */
import { expect, onTestFinished, test } from "bun:test";
import { publish } from "../../src/cache/generations/pending-pointers.ts";
import type { Path } from "../../src/contract/ecosystem.ts";
import { walk } from "../../src/mirror/plan/walk.ts";
import { askFor, bytesOf, engine } from "../support/engine.ts";
import { digestOf, publishGeneration, signedMount } from "../support/signed-ecosystem.ts";
import { startUpstream } from "../support/upstream.ts";

const FILE = "the file";
const list = (name: string) => `${name} ${digestOf(FILE)}\n`;
const PATHS: readonly Path[] = ["/root.json", "/root.txt", "/root.sig", "/n/list", "/n/again"];

async function setUp() {
  const upstream = await startUpstream();
  const { cache, again, close, clock } = await engine({ pinsWhatItFetches: true });
  onTestFinished(async () => {
    await close();
    await upstream.close();
  });
  const owner = await cache.context.commit("ownPins", { kind: "request", name: "test", title: "a test" });
  const mount = { ...signedMount(upstream.url), owner };
  const offline = await again({ pinsWhatItFetches: false, makesUpstreamRequests: false });
  /** What clients of a server without a network are sent. */
  const shown = () =>
    Promise.all(
      PATHS.map(async (path) => {
        const answer = await offline.get(mount, askFor(path)).catch(() => undefined);
        return answer ? new TextDecoder().decode(await bytesOf(offline, answer)) : "";
      }),
    );
  const hold = async () => {
    const { staged } = await walk(cache, mount, "/root.json", { tolerant: true, refresh: true });
    return staged;
  };
  const generation = (date: number) => {
    const contents = { list: list(`file-${date}`), again: `${list(`file-${date}`)}\n` };
    publishGeneration(upstream, date, contents);
    return [`date ${date}`, `signature ${date}`, contents.list, contents.again];
  };
  return { cache, clock, mount, shown, hold, generation };
}

test("a generation is published at once, with what is beside its root", async () => {
  const { cache, clock, mount, shown, hold, generation } = await setUp();
  const first = generation(1);
  const staged = await hold();
  expect(staged.map(({ path }) => path).sort()).toEqual(["/root.json", "/root.sig", "/root.txt"]);
  expect(await shown()).toEqual(["", "", "", "", ""]);
  await publish(cache.context, mount, staged);
  expect((await shown()).slice(1)).toEqual(first);

  const second = generation(2);
  clock.advance(400_000);
  const next = await hold();
  expect((await shown()).slice(1)).toEqual(first);
  await publish(cache.context, mount, next);
  expect((await shown()).slice(1)).toEqual(second);
  // What was held on purpose of the first may go when nobody asks for it any more.
  const pinned = (text: string) => cache.context.documents.find("signed", `/by/${digestOf(text)}`)?.pinned;
  expect([first[2], second[2], second[3]].map((text) => pinned(text!))).toEqual([false, true, true]);
});

test("what repeats another document is held, and not looked into", async () => {
  const { cache, mount, hold, generation } = await setUp();
  const [, , listed, again] = generation(1);
  await publish(cache.context, mount, await hold());
  const stated = (text: string) => cache.context.documents.pages("signed", `/by/${digestOf(text)}`).length;
  expect([stated(listed!), stated(again!)]).toEqual([1, 0]);
});
