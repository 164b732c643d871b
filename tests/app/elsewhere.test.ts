/** What a server reads in other processes: whatever is large, or has many parts, on every path that leads to a parser. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { join } from "node:path";
import { profileOf } from "../../src/app/profile.ts";
import { offloadTo, openRuntime, type Runtime } from "../../src/app/runtime.ts";
import { loadConfig } from "../../src/config/load.ts";
import type { Path } from "../../src/contract/ecosystem.ts";
import { askFor, bytesOf } from "../support/engine.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { startUpstream, type Upstream } from "../support/upstream.ts";

let upstream: Upstream;
beforeAll(async () => {
  upstream = await startUpstream();
});
afterAll(async () => {
  await upstream.close();
});

/** A server, and what its other process was asked for. */
async function serving({ isFull = false } = {}) {
  const folder = await temporaryFolder();
  const flags = { "storage.path": join(folder.path, "cache") };
  const env = Object.fromEntries(
    ["npm", "pypi", "nuget", "debian", "helm"].map((id) => [
      `PROXY_UPSTREAM_${id.toUpperCase()}`,
      `${upstream.url}/${id}`,
    ]),
  );
  const { config } = loadConfig({ ecosystems: ["npm", "pypi", "nuget", "debian", "helm"], flags, env });
  const options = { config, sources: [], profile: profileOf("serve", config) };
  const there = await openRuntime(options);
  const asked: string[] = [];
  const pool = {
    run: async (name: string, input: unknown) => {
      asked.push(name);
      const tasks = there.tasks() as unknown as Record<string, (input: unknown) => Promise<unknown>>;
      return structuredClone(await tasks[name]!(structuredClone(input)));
    },
  } as unknown as Parameters<typeof offloadTo>[0];
  const here = await openRuntime(options, offloadTo(pool, { of: () => undefined } as never));
  if (isFull) Object.assign(here.cache.context.storage, { isReadOnly: true });
  return { here, asked, [Symbol.asyncDispose]: () => end([here, there], folder) };
}

async function end(runtimes: readonly Runtime[], folder: { remove(): Promise<void> }): Promise<void> {
  for (const { close } of runtimes) await close();
  await folder.remove();
}

async function get({ cache, mounts }: Runtime, name: string, path: Path, query = ""): Promise<string> {
  const ask = { ...askFor(path), query: new URLSearchParams(query) };
  return new TextDecoder().decode(await bytesOf(cache, await cache.get(mounts.get(name)!, ask)));
}

const FILLER = "x".repeat(70_000);
const file = (name: string) => ({ filename: name, url: `https://files.example/${name}`, hashes: {} });
const project = (files: object[], more = {}) =>
  JSON.stringify({ meta: { "api-version": "1.0" }, name: "acme", files, ...more });
const JSON_TYPE = { "content-type": "application/vnd.pypi.simple.v1+json" };

for (const isFull of [false, true])
  test(`documents ${isFull ? "that cannot be stored" : "that are stored"}: large ones, and small ones of many parts`, async () => {
    await using s = await serving({ isFull });
    const files = [file("acme-1.0-py3-none-any.whl")];
    upstream.set("/pypi/simple/acme/", { body: project(files), headers: JSON_TYPE });
    expect(await get(s.here, "pypi", "/simple/acme/")).toContain("acme-1.0");
    expect(s.asked).toEqual([]);
    const parts = { filler: Array.from({ length: 5_000 }, () => 1) };
    for (const [name, more] of Object.entries({ large: { filler: FILLER }, dense: parts })) {
      s.asked.length = 0;
      upstream.set(`/pypi/simple/${name}/`, { body: project(files, more), headers: JSON_TYPE });
      expect(await get(s.here, "pypi", `/simple/${name}/`)).toContain("acme-1.0");
      expect(s.asked).toEqual(["read", "render"]);
    }
  });

test("what a discovery document declares, once, and answers that are passed on and rewritten", async () => {
  await using s = await serving();
  const resources = [
    { "@id": `${upstream.url}/flat/`, "@type": "PackageBaseAddress/3.0.0" },
    { "@id": `${upstream.url}/query`, "@type": "SearchQueryService" },
    { "@id": `${upstream.url}/other/`, "@type": "Other/1.0.0", comment: FILLER },
  ];
  upstream.set("/nuget/index.json", { body: JSON.stringify({ version: "3.0.0", resources }) });
  for (const version of ["1.0.0", "2.0.0"])
    upstream.set(`/flat/v${version}/index.json`, { body: JSON.stringify({ versions: [version] }) });
  const found = [{ id: "acme", version: "1.0.0", description: FILLER, versions: [{ version: "1.0.0" }] }];
  upstream.set("/query", { body: JSON.stringify({ totalHits: 1, data: found }) });
  expect(await get(s.here, "nuget", "/v3-flatcontainer/v1.0.0/index.json")).toContain("1.0.0");
  expect(await get(s.here, "nuget", "/v3-flatcontainer/v2.0.0/index.json")).toContain("2.0.0");
  expect(s.asked.filter((name) => name === "declare")).toEqual(["declare"]);
  s.asked.length = 0;
  expect(await get(s.here, "nuget", "/query", "q=acme")).toContain('"acme"');
  expect(s.asked).toEqual(["rewrite"]);
});

test("whether two documents are of one generation", async () => {
  await using s = await serving();
  const hash = "ab".repeat(32);
  const sums = Array.from({ length: 900 }, (_, at) => ` ${hash} 100 main/binary-a${at}/Packages`).join("\n");
  const release = `Origin: Acme\nSuite: trixie\nCodename: trixie\nDate: Sat, 03 Jan 2026 10:00:00 UTC\nSHA256:\n${sums}\n`;
  upstream.set("/debian/dists/trixie/Release", { body: release });
  upstream.set("/debian/dists/trixie/InRelease", {
    body: `-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\n${release}-----BEGIN PGP SIGNATURE-----\n\nabc\n-----END PGP SIGNATURE-----\n`,
  });
  expect(await get(s.here, "debian", "/dists/trixie/InRelease")).toContain("Origin: Acme");
  expect(await get(s.here, "debian", "/dists/trixie/Release")).toBe(release);
  expect(s.asked).toContain("agree");
});
