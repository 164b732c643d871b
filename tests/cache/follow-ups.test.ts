/** What one request may have asked of upstream is bounded, and the error names the setting. */
import { afterAll, afterEach, expect, test } from "bun:test";
import { gem } from "../../ecosystems/gem.ts";
import { maven } from "../../ecosystems/maven.ts";
import type { Ecosystem, Path } from "../../src/contract/ecosystem.ts";
import { messageOf } from "../../src/lib/errors.ts";
import { walk } from "../../src/mirror/plan/walk.ts";
import { makeMount } from "../../src/mounts/mounts.ts";
import { askFor, bytesOf, engine, failure } from "../support/engine.ts";
import { files } from "../support/files-ecosystem.ts";
import { json, text } from "../support/tree.ts";
import { startUpstream } from "../support/upstream.ts";

const DAY = 86_400_000;
const [upstream, few, cooled] = await Promise.all([
  startUpstream(),
  engine({ maxFollowUps: 5 }),
  engine({ maxFollowUps: 5, cooldown: { default: DAY, ecosystems: {}, packages: {}, unknown: "withhold" } }),
]);
afterEach(() => upstream.forget());
afterAll(() => Promise.all([few.close(), cooled.close(), upstream.close()]));
const mountOf = (ecosystem: Ecosystem) =>
  makeMount(ecosystem.id, ecosystem, { upstreams: { default: upstream.url }, ttl: 300_000 });

/** `/far/N` could each be what states a file; `/chain/N` leads to the next one, `/wide` to a hundred. */
const leading: Ecosystem = {
  ...files,
  routes: [
    {
      kind: "artifact",
      match: "/f/:name",
      describedBy: () => Array.from({ length: 100 }, (_, i): Path => `/far/${i}`),
    },
    {
      kind: "metadata",
      match: /^\/(?:far|chain|wide|leaf)\/?.*$/,
      parse: (doc) => ({ follow: doc.json<Path[]>() }),
      rewrite: (doc) => doc.bytes(),
    },
  ],
};

test("a gem whose name could be parted in many ways asks for few documents, or is none", async () => {
  const mount = mountOf(gem);
  for (const path of [
    `/gems/a${"-1".repeat(1_000)}.gem`,
    `/quick/Marshal.4.8/c${"-1".repeat(990)}.gemspec.rz`,
  ] as const)
    expect(messageOf(await failure(few.cache.get(mount, askFor(path))))).toBe(`gem has no ${path}`);
  expect(upstream.requests).toEqual([]);
  const error = await failure(few.cache.get(mount, askFor(`/gems/a${"-1".repeat(8)}.gem`)));
  expect(messageOf(error)).toMatch(/more than 5 documents .* \(metadata_max_requests\)/);
  expect(upstream.requests.length).toBe(5);
});

test("documents that could state a file are asked for up to the limit", async () => {
  const error = await failure(few.cache.get(mountOf(leading), askFor("/f/x")));
  expect(messageOf(error)).toBe(
    "/f/x: more than 5 documents would have to be fetched to learn what it must be (metadata_max_requests)",
  );
  expect(upstream.count(/^\/far/)).toBe(5);
});

test("so are those that a document leads to, before it is filtered", async () => {
  upstream.set("/wide", json(Array.from({ length: 100 }, (_, i) => `/leaf/${i}`)));
  const error = await failure(cooled.cache.get(mountOf(leading), askFor("/wide")));
  expect(messageOf(error)).toMatch(/leads to 100 documents that are not here; at most 5 .*metadata_max_requests/);
  expect(upstream.count(/^\/leaf/)).toBe(0);
});

test("a mirror does not follow pages without end", async () => {
  for (let i = 0; i < 50; i++) upstream.set(`/chain/${i}`, json([`/chain/${i + 1}`]));
  const error = await failure(walk(few.cache, mountOf(leading), "/chain/0", { tolerant: false }));
  expect(messageOf(error)).toContain("more than 5 documents that lead to each other");
  expect(upstream.requests.length).toBeLessThan(10);
});

test("releases are dated the newest first, the others at a later look", async () => {
  const mount = mountOf(maven);
  const versions = Array.from({ length: 12 }, (_, i) => `1.${i}`);
  upstream.set(
    "/g/a/maven-metadata.xml",
    text(
      `<metadata><versioning><versions>${versions.map((each) => `<version>${each}</version>`).join("")}</versions></versioning></metadata>`,
    ),
  );
  const dated = { "last-modified": new Date(Date.now() - 10 * DAY).toUTCString() };
  for (const each of versions) upstream.set(`/g/a/${each}/a-${each}.pom`, { body: "<project/>", headers: dated });
  const shown = async () => {
    const answer = await cooled.cache.get(mount, askFor("/g/a/maven-metadata.xml"));
    const body = new TextDecoder().decode(await bytesOf(cooled.cache, answer));
    return Array.from(body.matchAll(/<version>([^<]+)</g), ([, version]) => version);
  };
  expect(await shown()).toEqual(versions.slice(-5));
  expect(upstream.count(/\.pom$/)).toBe(5);
  cooled.clock.advance(61_000);
  expect(await shown()).toEqual(versions.slice(-10));
  cooled.clock.advance(61_000);
  expect(await shown()).toEqual(versions);
});
