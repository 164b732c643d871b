/** What is particular to Python's index: metadata without wheels, indexes of older form, files at another host. */
import { expect, test } from "bun:test";
import { join } from "node:path";
import { outcome } from "../support/clients/client.ts";
import { pip } from "../support/clients/pip.ts";
import { uv } from "../support/clients/uv.ts";
import { makePypi } from "../support/registries/pypi.ts";
import { setStage } from "../support/story.ts";
import { TIMEOUT } from "../support/time-limits.ts";

const PACKAGES = [
  { name: "fx-lower", versions: { "1.0": {}, "1.1": {}, "2.0": {} } },
  {
    name: "Fx.Upper",
    versions: {
      "1.0": { dependencies: { "fx-lower": "<2" } },
      "1.1": { dependencies: { "fx-lower": "<2" } },
      "2.0": { dependencies: { "fx-lower": "<1" } },
    },
  },
];
const WHEEL = /\.whl$/;
const METADATA = /\.whl\.metadata$/;

test.skipIf(uv.unavailable() !== undefined)(
  "uv resolves by the metadata beside wheels, and fetches only those that it installs",
  async () => {
    const registry = (base: string) => makePypi(PACKAGES, base);
    const { serve, install, dir, upstream } = await setStage(uv, { registry, packages: { "fx-upper": "" } });
    const proxy = await serve("store");
    expect(outcome(await install(proxy, "project"))).toBe("installed");
    expect(await uv.installed(dir("project"), "fx-upper")).toBe("1.1");
    expect(await uv.installed(dir("project"), "fx-lower")).toBe("1.1");
    // The newest one is looked at, and does not fit.
    expect(upstream.count(METADATA, "GET")).toBe(3);
    expect(upstream.count(WHEEL, "GET")).toBe(2);
    expect(upstream.count(WHEEL)).toBe(2);
  },
  TIMEOUT,
);

for (const client of [pip, uv]) {
  for (const api of ["html", "json"] as const) {
    test.skipIf(client.unavailable() !== undefined)(
      `${client.name}: an index that has only ${api}, whose files are at another host, by any spelling of a name`,
      async () => {
        const stage = await setStage(client, {
          registry: () => new Map(),
          packages: { FX_Upper: ">=1.0,<2" },
        });
        const { serve, install, dir, upstream } = stage;
        const filesUrl = upstream.mount("/elsewhere", (base) => makePypi(PACKAGES, base));
        upstream.mount("/up", (base) => makePypi(PACKAGES, base, { filesUrl, api, coreMetadata: api === "json" }));
        const proxy = await serve("store", { upstreams: { files: filesUrl } });
        expect(outcome(await install(proxy, "project"))).toBe("installed");
        expect(await client.installed(dir("project"), "fx-lower")).toBe("1.1");
        expect(upstream.count(/^\/up\/packages\//)).toBe(0);
        expect(upstream.count(/^\/elsewhere\/packages\/.*\.whl$/, "GET")).toBe(2);
        if (client === uv) {
          const lockfile = await Bun.file(join(dir("project"), "uv.lock")).text();
          expect(lockfile).toContain(`${proxy.url}/pypi/packages/`);
          expect(lockfile).not.toContain(upstream.url);
        }
      },
      TIMEOUT,
    );
  }
}
