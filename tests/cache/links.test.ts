/** Relative links in documents lead where clients would go by them: from the address that answered, or by `<base href>`. */
import { afterAll, describe, expect, test } from "bun:test";
import { helm } from "../../ecosystems/helm.ts";
import { pypi } from "../../ecosystems/pypi.ts";
import { hash } from "../../src/contract/digest.ts";
import type { Path } from "../../src/contract/ecosystem.ts";
import { type Mount, makeMount } from "../../src/mounts/mounts.ts";
import { askFor, bytesOf, engine } from "../support/engine.ts";
import { redirect } from "../support/faults.ts";
import { chartFile } from "../support/registries/helm.ts";
import { binary, text } from "../support/tree.ts";
import { startUpstream, type Upstream } from "../support/upstream.ts";

const [upstream, elsewhere, { cache, close }] = await Promise.all([startUpstream(), startUpstream(), engine()]);
afterAll(async () => {
  await Promise.all([close(), upstream.close(), elsewhere.close()]);
});

const WHEEL = "-1.0-py3-none-any.whl";
const contentOf = (name: string) => new TextEncoder().encode(`the wheel ${name}`);
const page = (name: string, href: string, head = "") => ({
  body: `<!DOCTYPE html><html><head>${head}<title>Links for ${name}</title></head><body><a href="${href}#sha256=${hash("sha256", contentOf(name))}">x</a></body></html>`,
  headers: { "content-type": "text/html" },
});

/** What a client gets by the one link on a project's page. */
async function gotten(mount: Mount, name: string): Promise<string> {
  const shown = await cache.get(mount, askFor(`/simple/${name}/`));
  const [, link] = /href="([^"#]+)/.exec(new TextDecoder().decode(await bytesOf(cache, shown))) ?? [];
  const path = new URL(link!).pathname.slice(mount.prefix.length) as Path;
  return new TextDecoder().decode(await bytesOf(cache, await cache.get(mount, askFor(path))));
}

const indexAt = (server: Upstream, allowHosts: string[] = []) =>
  makeMount("pypi", pypi, { upstreams: { default: server.url }, ttl: 300_000, allowHosts });
const mount = indexAt(upstream);

describe("links on a page of the Python index", () => {
  test("that was reached by a redirect are of the page that answered", async () => {
    upstream.fault("/simple/moved/", redirect("/index/moved/"));
    upstream.set("/index/moved/", page("moved", `moved${WHEEL}`));
    upstream.set(`/index/moved/moved${WHEEL}`, binary(contentOf("moved")));
    expect(await gotten(mount, "moved")).toBe("the wheel moved");
  });
  test.each([
    ["based", "/files/", `based${WHEEL}`],
    ["below", "../../files/sub/", `../below${WHEEL}`],
    ["rooted", "/elsewhere/", `/files/rooted${WHEEL}`],
  ])("%s: by <base href=%p> and %p", async (name, base, href) => {
    upstream.set(`/simple/${name}/`, page(name, href, `<base href="${base}">`));
    upstream.set(`/files/${name}${WHEEL}`, binary(contentOf(name)));
    expect(await gotten(mount, name)).toBe(`the wheel ${name}`);
  });
  test("that answered on another host are followed there only where that host is allowed", async () => {
    const { host } = new URL(elsewhere.url);
    for (const name of ["far", "near"]) {
      upstream.fault(`/simple/${name}/`, redirect(`${elsewhere.url}/i/${name}/?signature=x`));
      elsewhere.set(`/i/${name}/`, page(name, `${name}${WHEEL}`));
    }
    elsewhere.set(`/i/far/far${WHEEL}`, binary(contentOf("far")));
    upstream.set(`/simple/near/near${WHEEL}`, binary(contentOf("near")));
    const trusting: Mount = { ...indexAt(upstream, [host]), trusted: new Set([upstream.url, elsewhere.url]) };
    expect(await gotten(trusting, "far")).toBe("the wheel far");
    const { hostname } = new URL(elsewhere.url);
    const guarded = await engine({}, { upstream: { allowPrivate: [hostname] } });
    const answer = await guarded.cache.get(mount, askFor("/simple/near/"));
    const [, link] = /href="([^"#]+)/.exec(new TextDecoder().decode(await bytesOf(guarded.cache, answer))) ?? [];
    const path = new URL(link!).pathname.slice(mount.prefix.length) as Path;
    const file = await guarded.cache.get(mount, askFor(path));
    expect(new TextDecoder().decode(await bytesOf(guarded.cache, file))).toBe("the wheel near");
    await guarded.close();
  });
});

test("helm resolves links against the repository, wherever its index came from", async () => {
  const charts = makeMount("helm", helm, { upstreams: { stable: `${upstream.url}/charts` }, ttl: 300_000 });
  upstream.fault("/charts/index.yaml", redirect("/moved/index.yaml"));
  upstream.set(
    "/moved/index.yaml",
    text("apiVersion: v1\nentries:\n  web:\n  - name: web\n    version: 1.0.0\n    urls: [web-1.0.0.tgz]\n"),
  );
  const chart = chartFile("web", "1.0.0");
  upstream.set("/charts/web-1.0.0.tgz", binary(chart));
  const index = await bytesOf(cache, await cache.get(charts, askFor("/stable/index.yaml")));
  expect(new TextDecoder().decode(index)).toContain("http://proxy.example/helm/stable/web-1.0.0.tgz");
  const file = await bytesOf(cache, await cache.get(charts, askFor("/stable/web-1.0.0.tgz")));
  expect(Buffer.from(file)).toEqual(Buffer.from(chart));
});
