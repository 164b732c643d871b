/** Two mounts of one plugin: each has its own upstream, its own credential and its own files. */
import { expect, test } from "bun:test";
import { startProxy } from "../support/proxy.ts";
import { makeNpm } from "../support/registries/npm.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { startUpstream } from "../support/upstream.ts";

const TARBALL = "/tool/-/tool-1.0.0.tgz";

test("nothing of one is seen through the other, nor told to it", async () => {
  await using folder = await temporaryFolder();
  const [open, closed] = [await startUpstream(), await startUpstream()];
  const tool = (more: object) => [{ name: "tool", versions: { "1.0.0": {}, ...more } }];
  const registries = {
    open: open.mount("/registry", (base) => makeNpm(tool({}), base)),
    closed: closed.mount("/team", (base) => makeNpm(tool({ "2.0.0-secret": {} }), base)),
  };
  const proxy = await startProxy({
    dir: folder.path,
    env: { TEAM_TOKEN: "s3cret" },
    config: {
      mounts: {
        npm: { ecosystem: "npm", upstreams: { default: registries.open } },
        "npm-team": { ecosystem: "npm", upstreams: { default: registries.closed } },
      },
      upstream: { auth: { [registries.closed]: { type: "bearer", token: `\${TEAM_TOKEN}` } } },
    },
  });
  const versions = async (mount: string) => {
    const response = await fetch(`${proxy.url}/${mount}/tool`);
    const { versions: found } = (await response.json()) as { versions: Record<string, { dist: { tarball: string } }> };
    return Object.values(found).map(({ dist }) => dist.tarball.slice(proxy.url.length));
  };
  expect(await versions("npm")).toEqual([`/npm${TARBALL}`]);
  expect(await versions("npm-team")).toEqual([`/npm-team${TARBALL}`, "/npm-team/tool/-/tool-2.0.0-secret.tgz"]);

  const tarball = async (mount: string) => (await fetch(`${proxy.url}/${mount}${TARBALL}`)).status;
  expect([await tarball("npm-team"), closed.count(/tool-1/), open.count(/tool-1/)]).toEqual([200, 1, 0]);
  expect([await tarball("npm"), closed.count(/tool-1/), open.count(/tool-1/)]).toEqual([200, 1, 1]);
  expect((await fetch(`${proxy.url}/npm/tool/-/tool-2.0.0-secret.tgz`)).status).toBe(404);

  const told = (upstream: typeof open) => new Set(upstream.requests.map(({ headers }) => headers["authorization"]));
  expect([told(open), told(closed)]).toEqual([new Set([undefined]), new Set(["Bearer s3cret"])]);
  const { stdout } = await proxy.run(["config", "check"]);
  expect(stdout + proxy.stderr()).not.toContain("s3cret");

  expect((await proxy.run(["mirror", "--mount", "npm-team", "pkg:npm/tool@2.0.0-secret"])).code).toBe(0);
  const stats = JSON.parse((await proxy.run(["stats", "--json"])).stdout) as {
    mounts: { mount: string; artifacts: number }[];
  };
  expect(Object.fromEntries(stats.mounts.map(({ mount, artifacts }) => [mount, artifacts]))).toMatchObject({
    npm: 1,
    "npm-team": 2,
  });
  expect(await proxy.stop()).toBe(0);
  await open.close();
  await closed.close();
}, 20_000);
