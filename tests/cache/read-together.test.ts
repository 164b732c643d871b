/** Documents that are read together with others (`reads`): these are read before, and only what was named is there. */
import { afterAll, expect, test } from "bun:test";
import type { Ecosystem, Path } from "../../src/contract/ecosystem.ts";
import { makeMount } from "../../src/mounts/mounts.ts";
import { askFor, bytesOf, engine } from "../support/engine.ts";
import { files } from "../support/files-ecosystem.ts";
import { text } from "../support/tree.ts";
import { startUpstream } from "../support/upstream.ts";

const [upstream, { cache, close }] = await Promise.all([startUpstream(), engine()]);
afterAll(async () => {
  await Promise.all([close(), upstream.close()]);
});

const textOf = async (mount: ReturnType<typeof mountOf>, path: Path) =>
  new TextDecoder().decode(await bytesOf(cache, await cache.get(mount, askFor(path))));

/** A part names the next one in its text: `next: /part/b`. */
const nextIn = (body: string) => /^next: (\/.+)$/m.exec(body)?.[1] as Path | undefined;

function mountOf(name: string, reads?: (path: Path) => boolean) {
  const ecosystem: Ecosystem = {
    ...files,
    routes: [
      {
        kind: "metadata",
        match: "/part/:name",
        reads(doc) {
          const found: Path[] = [];
          for (let next = nextIn(doc.text()); next !== undefined && !found.includes(next); ) {
            if (reads?.(next) ?? true) found.push(next);
            next = nextIn(doc.stored(next)?.text() ?? "");
          }
          return found;
        },
        rewrite(doc) {
          const parts: string[] = [];
          for (let at: typeof doc | undefined = doc; at; ) {
            parts.push(at.text().split("\n")[0]!);
            const next = nextIn(at.text());
            at = next === undefined ? undefined : doc.stored(next);
          }
          return parts.join(" ");
        },
      },
    ],
  };
  return makeMount(name, ecosystem, { upstreams: { default: upstream.url }, ttl: 300_000 });
}

upstream.set("/part/a", text("a\nnext: /part/b\n"));
upstream.set("/part/b", text("b\nnext: /part/c\n"));
upstream.set("/part/c", text("c\n"));

test("what is stored of a chain is there, as far as it is stored", async () => {
  const mount = mountOf("chain");
  expect(await textOf(mount, "/part/c")).toBe("c");
  expect(await textOf(mount, "/part/b")).toBe("b c");
  expect(await textOf(mount, "/part/a")).toBe("a b c");
  // Nothing is fetched for it: that is what `follow` is for.
  expect(await textOf(mountOf("other"), "/part/a")).toBe("a");
});

test("what was not named is refused, so that it cannot be forgotten where it happens to be stored", async () => {
  const mount = mountOf("forgetful", (path) => path !== "/part/c");
  await textOf(mount, "/part/c");
  expect(textOf(mount, "/part/b")).rejects.toThrow(/it reads \/part\/c, which `reads` of its route does not name/);
});
