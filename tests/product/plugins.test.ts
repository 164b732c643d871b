/** The executable with a plugin file of a stranger: it does all that a built-in one does, in every thread, and harms nobody. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { plugin, write } from "../plugins/plugins.ts";
import { EXECUTABLE, type ProxyOptions, runProxy, startProxy } from "../support/proxy.ts";
import { type TemporaryFolder, temporaryFolder } from "../support/temporary-folder.ts";
import { TIMEOUT } from "../support/time-limits.ts";
import { json } from "../support/tree.ts";
import { startUpstream, type Upstream } from "../support/upstream.ts";

const sha256 = (text: string) => new Bun.CryptoHasher("sha256").update(text).digest("hex");
const index = (versions: Record<string, string>) => json({ versions });
const FILE = "the bytes of one";
/** Above what is read on the serving thread. */
const MANY = Object.fromEntries(Array.from({ length: 9_000 }, (_, i) => [`1.0.${i}`, sha256(String(i))]));

const ACME_WITH_CATALOG = plugin("acme", [
  "  index: (",
  `  catalog: {
    async *list(reader) {
      const names = await reader.json<string[]>("/all");
      yield { events: names.map((name) => ({ type: "changed", package: { name } })), checkpoint: "1" };
    },
  },
  index: (`,
]);

let folder: TemporaryFolder;
let upstream: Upstream;
let options: ProxyOptions;

beforeAll(async () => {
  folder = await temporaryFolder();
  upstream = await startUpstream();
  upstream.mount("/acme", () => new Map());
  upstream.set("/acme/one", index({ "1.0.0": sha256(FILE), "2.0.0": sha256("other") }));
  upstream.set("/acme/one/files/1.0.0", { body: FILE });
  upstream.set("/acme/one/files/2.0.0", { body: "not what was promised" });
  upstream.set("/acme/many", index(MANY));
  upstream.set("/acme/all", json(["one", "few"]));
  upstream.set("/acme/few", index({ "3.0.0": sha256(FILE) }));
  upstream.set("/acme/few/files/3.0.0", { body: FILE });
  upstream.set("/acme/broken", json({ versions: "none" }));
  await write(folder.path, {
    "plugins/acme.ts": ACME_WITH_CATALOG,
    "plugins/broken.ts": `${plugin("broken")}\nthrow new Error("at load");\n`,
  });
  options = {
    dir: folder.path,
    executable: EXECUTABLE,
    config: {
      plugins: [join(folder.path, "plugins")],
      mounts: {
        acme: { ecosystem: "acme", upstreams: { default: `${upstream.url}/acme` } },
        // Left out with its plugin, which is refused.
        other: { ecosystem: "broken", upstreams: { default: `${upstream.url}/acme` } },
      },
    },
  };
});
afterAll(async () => {
  await upstream.close();
  await folder.remove();
});

const test_ = test.skipIf(!existsSync(EXECUTABLE));

test_(
  "serves it beside a refused one: verified files, rewritten documents, pages and series; one bad document is one 502",
  async () => {
    const proxy = await startProxy(options);
    const get = (path: string) => fetch(`${proxy.url}${path}`);
    expect(await (await get("/acme/ping")).json()).toEqual({ pong: true });
    expect(await (await get("/acme/one/files/1.0.0")).text()).toBe(FILE);
    expect((await get("/acme/one/files/2.0.0")).status).toBe(502);
    expect(Object.keys(((await (await get("/acme/many")).json()) as { versions: object }).versions).length).toBe(9_000);
    const broken = await get("/acme/broken");
    expect([broken.status, await broken.text()]).toEqual([502, expect.stringContaining("/broken") as string]);
    expect((await get("/acme/one")).status).toBe(200);
    expect((await get("/other/one")).status).toBe(404);
    expect(await (await get("/metrics")).text()).toContain('ecosystem="acme",mount="acme"');
    expect(await (await get("/openapi.json")).text()).toContain("`/acme` (acme): Acme registry");
    expect(await (await get("/")).text()).toContain(`acme config registry ${proxy.url}/acme`);
    const log = proxy.stderr();
    expect(log).toContain(`sha256=${sha256(ACME_WITH_CATALOG)}`);
    expect(log).toMatch(/plugin is refused .*broken\.ts:\d+:\d+: throws while it is loaded: at load/);
    expect(await proxy.stop()).toBe(0);
  },
  TIMEOUT,
);

test_(
  "mirrors it on every thread, verifies it, and serves it with its upstream gone",
  async () => {
    const mirrored = await runProxy(options, ["mirror", "pkg:acme/one@1.0.0"]);
    expect([mirrored.code, mirrored.stderr]).toEqual([0, mirrored.stderr]);
    await upstream.down();
    const proxy = await startProxy({ ...options, offline: true });
    expect(await (await fetch(`${proxy.url}/acme/one/files/1.0.0`)).text()).toBe(FILE);
    expect(await (await fetch(`${proxy.url}/acme/one`)).json()).toEqual({ versions: { "1.0.0": sha256(FILE) } });
    expect(await proxy.stop()).toBe(0);
    expect((await runProxy(options, ["verify", "pkg:acme/one@1.0.0"])).code).toBe(0);
    await upstream.up();
  },
  TIMEOUT,
);

test_(
  "mirrors the whole registry, because it has a catalog",
  async () => {
    const own = { ...options, dir: join(folder.path, "whole") };
    upstream.set("/acme/one", index({ "1.0.0": sha256(FILE) }));
    const mirrored = await runProxy(own, ["mirror", "--registry", "acme"]);
    expect([mirrored.code, mirrored.stderr]).toEqual([0, mirrored.stderr]);
    await upstream.down();
    const proxy = await startProxy({ ...own, offline: true });
    for (const path of ["one/files/1.0.0", "few/files/3.0.0"])
      expect([path, await (await fetch(`${proxy.url}/acme/${path}`)).text()]).toEqual([path, FILE]);
    expect(await proxy.stop()).toBe(0);
    await upstream.up();
  },
  TIMEOUT,
);

test_("lists it, by flag or configuration; a pin and --strict-plugins end the program", async () => {
  const empty = { ...options, config: {} };
  const listed = await runProxy(empty, ["ecosystems", "--plugins", join(folder.path, "plugins/acme.ts")]);
  expect(listed.stdout).toMatch(/^acme +\/acme +pkg:acme +yes +yes +yes +yes +no$/m);
  const strict = await runProxy(options, ["ecosystems", "--strict-plugins"]);
  expect([strict.code, strict.stderr]).toEqual([2, expect.stringMatching(/broken\.ts:\d+:\d+: throws/) as string]);
  const file = join(folder.path, "plugins/acme.ts");
  const pinned = { ...options, config: { plugins: [{ file, sha256: sha256("x") }], strict_plugins: true } };
  const refused = await runProxy(pinned, ["ecosystems"]);
  expect([refused.code, refused.stderr]).toEqual([
    2,
    expect.stringContaining("as the configuration pins it") as string,
  ]);
});
