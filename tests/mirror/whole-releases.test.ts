/** Which releases are whole: one that has no files and needs none, and one that is of no use without each of two. */
import { afterAll, expect, test } from "bun:test";
import type { Ecosystem, Path, ReleaseFacts } from "../../src/contract/ecosystem.ts";
import { EVERYTHING } from "../../src/mirror/plan/choice.ts";
import { plan } from "../../src/mirror/plan/plan.ts";
import { makeMount } from "../../src/mounts/mounts.ts";
import { askFor, bytesOf, engine } from "../support/engine.ts";
import { files } from "../support/files-ecosystem.ts";
import { binary, json } from "../support/tree.ts";
import { startUpstream } from "../support/upstream.ts";

const [upstream, { cache, again, close }] = await Promise.all([startUpstream(), engine()]);
afterAll(async () => {
  await Promise.all([close(), upstream.close()]);
});

const RELEASES: ReleaseFacts[] = [
  { name: "conf", version: "1", hasNoFiles: true, requires: [{ name: "tool", range: "" }] },
  { name: "tool", version: "1", files: ["/f/a", "/f/b"].map((path) => ({ path: path as Path, isEssential: true })) },
  { name: "tool", version: "2", files: [{ path: "/f/c" }, { path: "/f/d" }] },
  { name: "empty", version: "1" },
];
const stating: Ecosystem = {
  ...files,
  routes: [
    {
      kind: "metadata",
      match: "/index.json",
      parse: () => ({ releases: RELEASES }),
      rewrite: (_doc, view) =>
        RELEASES.filter((release) => view.admits(release))
          .map(({ name, version }) => `${name}@${version}`)
          .join(" "),
    },
    { kind: "artifact", match: "/f/:name", describedBy: () => ["/index.json"] },
  ],
};
const mount = makeMount("stating", stating, { upstreams: { default: upstream.url }, ttl: 300_000 });
upstream.set("/index.json", json({}));
for (const name of ["a", "b", "c", "d"]) upstream.set(`/f/${name}`, binary(new TextEncoder().encode(name)));

const planned = (name: string) =>
  plan(
    cache,
    mount,
    { mount: mount.name, purl: `pkg:files/${name}`, name },
    { choice: EVERYTHING, closure: "all", refresh: false },
  );

test("a release that needs no files is mirrored with what it requires; one of which no files are stated is not", async () => {
  expect(await planned("conf")).toMatchObject({ versions: ["1"], files: [], unfit: [], requires: [{ name: "tool" }] });
  expect(await planned("empty")).toMatchObject({
    versions: [],
    unfit: [{ reason: "its index states no files of it" }],
  });
});

test("offline it is shown, and one with essential files only where each of them is stored", async () => {
  const shown = async () => {
    const offline = await again({ makesUpstreamRequests: false });
    return new TextDecoder().decode(await bytesOf(offline, await offline.get(mount, askFor("/index.json"))));
  };
  const fetched = async (path: Path) => {
    await bytesOf(cache, await cache.get(mount, askFor(path)));
    await cache.drain();
  };
  await fetched("/index.json");
  expect(await shown()).toBe("conf@1");
  await fetched("/f/a");
  await fetched("/f/c");
  expect(await shown()).toBe("conf@1 tool@2");
  await fetched("/f/b");
  expect(await shown()).toBe("conf@1 tool@1 tool@2");
});
