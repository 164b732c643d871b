/** `proxy why` and `proxy stats`: what they say in each state. */
import { expect, test } from "bun:test";
import { join } from "node:path";
import { npmProxy, SMALL } from "../support/npm-proxy.ts";
import { runProxy, startProxy } from "../support/proxy.ts";
import { makeNpm } from "../support/registries/npm.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { TIMEOUT } from "../support/time-limits.ts";
import { json } from "../support/tree.ts";
import { startUpstream } from "../support/upstream.ts";

test(
  "why: admitted, withheld, held, mirrored, unknown",
  async () => {
    await using folder = await temporaryFolder();
    const upstream = await startUpstream();
    const young = new Date(Date.now() - 3_600_000).toISOString();
    const registry = upstream.mount("/registry", (base) =>
      makeNpm(
        [
          { name: "mixed", versions: { "1.0.0": {}, "2.0.0": { publishedAt: young, deprecated: "use 1" } } },
          { name: "free", versions: { "1.0.0": { publishedAt: young } } },
        ],
        base,
      ),
    );
    const proxy = await startProxy({
      dir: folder.path,
      config: {
        mounts: { npm: { ecosystem: "npm", upstreams: { default: registry } } },
        cooldown: { default: "3d", packages: { "pkg:npm/free": "0" } },
      },
    });
    const why = async (purl: string) => {
      const { code, stdout } = await proxy.run(["why", purl]);
      expect([purl, code]).toEqual([purl, 0]);
      return stdout.trimEnd().split("\n");
    };
    expect(await why("pkg:npm/mixed@1.0.0")).toEqual([
      "pkg:npm/mixed@1.0.0 through /npm",
      "  admitted: published 2024-01-01T00:00:00.000Z, older than its cooldown",
      "  held: no",
      "  mirrored: no",
      "  pinned: no",
    ]);
    const until = new Date(Date.parse(young) + 3 * 86_400_000).toISOString();
    expect((await why("pkg:npm/mixed@2.0.0"))[1]).toBe(
      `  withheld by the cooldown until ${until}: published ${young}; the registry says it is deprecated`,
    );
    expect((await why("pkg:npm/free@1.0.0"))[1]).toBe(`  admitted: no cooldown applies to it (published ${young})`);
    expect((await why("pkg:npm/mixed@3.0.0"))[1]).toBe("  index: does not list it");
    expect((await why("pkg:npm/absent@1.0.0"))[1]).toMatch(/ {2}index: \/absent does not exist .*404/);

    upstream.set(
      "/registry/odd",
      json({ name: "odd", versions: { "1.0.0": {}, "2.0.0": { dist: { tarball: "/x.tgz" } } } }),
    );
    expect((await why("pkg:npm/odd@1.0.0")).slice(1, 3)).toEqual([
      "  index: does not list it",
      "  left out: an entry of /odd makes no sense: 1.0.0: it has no dist.tarball",
    ]);

    expect((await proxy.run(["mirror", "pkg:npm/mixed"])).code).toBe(0);
    expect((await why("pkg:npm/mixed@1.0.0")).slice(2)).toEqual([
      "  held: /mixed/-/mixed-1.0.0.tgz",
      expect.stringMatching(/^ {2}mirrored: for pkg:npm\/mixed on \d{4}-/) as string,
      expect.stringMatching(/^ {2}pinned: by /) as string,
    ]);
    expect((await why("pkg:npm/mixed@2.0.0"))[2]).toBe("  held: no");
    expect((await proxy.run(["mirror", "pkg:npm/free@1.0.0?arch=any"])).code).toBe(0);
    expect((await why("pkg:npm/free@1.0.0"))[3]).toMatch(/^ {2}mirrored: for pkg:npm\/free@1\.0\.0\?arch=any on \d/);

    const names = join(folder.path, "names.txt");
    await Bun.write(names, "free\nfree of charge\n");
    const { code, stdout } = await proxy.run(["mirror", "--registry", "npm", "--names", names]);
    expect([code, stdout]).toEqual([0, expect.stringContaining("list makes no sense: free of charge: ") as string]);
    expect((await why("pkg:npm/free@1.0.0"))[2]).toStartWith(
      "  left out: an entry of the registry's list makes no sense: free of charge: ",
    );
    expect((await proxy.run(["mirror", "--registry", "npm", "--status"])).stdout).toContain(", 1 odd; ");

    for (const wrong of [["pkg:npm/mixed"], ["pkg:nope/mixed@1"], ["mixed"], []])
      expect([wrong, (await proxy.run(["why", ...wrong])).code]).toEqual([wrong, 2]);
    await proxy.stop();
    await upstream.close();
  },
  TIMEOUT,
);

test(
  "why looks at all mounts of an ecosystem, or at the one that is named; what states its registry, at that one",
  async () => {
    await using folder = await temporaryFolder();
    const upstream = await startUpstream();
    const main = upstream.mount("/main", (base) => makeNpm([{ name: "is", versions: { "1.0.0": {} } }], base));
    const own = upstream.mount("/own", (base) => makeNpm([{ name: "@acme/ui", versions: { "1.0.0": {} } }], base));
    const mount = (url: string) => ({ ecosystem: "npm", upstreams: { default: url } });
    const options = { dir: folder.path, config: { mounts: { npm: mount(main), "npm-internal": mount(own) } } };
    // Nothing is told of a store that is not there.
    await (await startProxy(options)).stop();
    const why = async (...args: string[]) =>
      (await runProxy(options, ["why", ...args])).stdout.match(/^pkg.*|admitted|index/gm);
    expect(await why("pkg:npm/@acme/ui@1.0.0")).toEqual([
      "pkg:npm/%40acme/ui@1.0.0 through /npm",
      "index",
      "pkg:npm/%40acme/ui@1.0.0 through /npm-internal",
      "admitted",
    ]);
    upstream.forget();
    expect(await why("--mount", "npm-internal", "pkg:npm/@acme/ui@1.0.0")).toEqual([
      "pkg:npm/%40acme/ui@1.0.0 through /npm-internal",
      "admitted",
    ]);
    expect(await why(`pkg:npm/@acme/ui@1.0.0?repository_url=${own}`)).toEqual([
      "pkg:npm/%40acme/ui@1.0.0 through /npm-internal",
      "admitted",
    ]);
    expect(upstream.count(/^\/main/)).toBe(0);
    expect(await runProxy(options, ["why", "--mount", "npn", "pkg:npm/is@1.0.0"])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("--mount npn: there is no such mount") as string,
    });
    await upstream.close();
  },
  TIMEOUT,
);

test(
  "stats: what is held by mount, what was asked for most, and what was stored last",
  async () => {
    await using all = await npmProxy();
    const { url } = all.proxy;
    const other = "/npm/small/-/small-1.1.0.tgz";
    const get = async (path: string) => (await fetch(url + path)).bytes();
    const held = async () =>
      ((await (await fetch(`${url}/stats`)).json()) as { cached_artifacts: number }).cached_artifacts;
    for (const path of [SMALL, other]) await get(path);
    // Small files are sent before they are stored.
    while ((await held()) < 2) await Bun.sleep(50);
    for (const path of [other, other]) await get(path);
    // Hits are written when it stops.
    await all.proxy.stop();
    const stats = JSON.parse(
      (await all.proxy.run(["stats", "--json", "--popular", "1", "-recent", "1"])).stdout,
    ) as object;
    expect(stats).toMatchObject({
      cached_artifacts: 2,
      total_size_bytes: expect.any(Number) as number,
      storage_url: expect.stringMatching(/^file:\/\/.*artifacts$/) as string,
      popular: [{ purl: "pkg:npm/small@1.1.0", path: other, hits: 2, bytes: expect.any(Number) as number }],
      recent: [{ purl: "pkg:npm/small@1.1.0", path: other, cached_at: expect.stringMatching(/^\d{4}-.*Z$/) as string }],
    });
    const latest = await all.proxy.run(["stats", "--recent=5"]);
    expect(latest.stdout).toMatch(
      /\n {2}[\d-]{10}T[\d:]{8}Z: pkg:npm\/small@1\.1\.0, .*\n {2}.*@1\.0\.0, [\d.]+ KB\n$/,
    );
    const plain = await all.proxy.run(["stats", "--popular=2"]);
    expect(plain.stdout).toMatch(
      /^2 artifacts, [\d.]+ KB in file:.*\n(?: {2}\/\w+: \d+ artifacts, .*\n)+ {2}2 hits: pkg:npm\/small@1\.1\.0\n/,
    );
    for (const count of ["popular=few", "popular=-1", "recent=1.5"]) {
      const wrong = await all.proxy.run(["stats", `--${count}`]);
      expect([wrong.code, wrong.stderr]).toEqual([2, expect.stringContaining("whole number") as string]);
    }
  },
  TIMEOUT,
);
