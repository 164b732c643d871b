/** What the generators can do beyond the sample projects, believed by real clients. */
import { describe, expect, test } from "bun:test";
import { outcome } from "./clients/client.ts";
import { mvn } from "./clients/mvn.ts";
import { npm } from "./clients/npm.ts";
import { pip } from "./clients/pip.ts";
import { uv } from "./clients/uv.ts";
import { makeCargo } from "./registries/cargo.ts";
import { debianMaven } from "./registries/debian-maven.ts";
import { makeMaven } from "./registries/maven.ts";
import { makeNpm } from "./registries/npm.ts";
import { makePypi, type PypiOptions } from "./registries/pypi.ts";
import { temporaryFolder } from "./temporary-folder.ts";
import { TIMEOUT } from "./time-limits.ts";
import { bytesOf, entryAt, overlay } from "./tree.ts";
import { startUpstream } from "./upstream.ts";

const PYTHON = [
  { name: "fx-lower", versions: { "1.0": { files: ["sdist"] as const }, "2.0": { yanked: "broken" } } },
  { name: "fx-upper", versions: { "1.0": { dependencies: { "fx-lower": ">=1.0" } } } },
];

describe("pypi", () => {
  const apis = ["html", "json"] as const;
  for (const client of [pip, uv]) {
    test.skipIf(client.unavailable() !== undefined).each(apis)(
      `${client.name} builds an sdist and passes over a yanked release; files on another host, %s`,
      async (api) => {
        await using folder = await temporaryFolder();
        const dir = folder.path;
        const files = await startUpstream();
        const index = await startUpstream();
        const options = (filesUrl: string): PypiOptions => ({ api, filesUrl });
        const filesUrl = files.mount("/files", (base) => makePypi(PYTHON, base, options(base)));
        const url = index.mount("/pypi", (base) => makePypi(PYTHON, base, options(filesUrl)));
        const result = await client.install({ dir, url, packages: { "fx-upper": "" } });
        expect(outcome(result)).toBe("installed");
        expect([await client.installed(dir, "fx-lower"), await client.installed(dir, "fx-upper")]).toEqual([
          "1.0",
          "1.0",
        ]);
        expect(index.count(/\/packages\//)).toBe(0);
        expect(files.count(/\/fx_lower-1\.0\.tar\.gz$/, "GET")).toBeGreaterThan(0);
        await index.close();
        await files.close();
      },
      TIMEOUT,
    );
  }
});

test.skipIf(mvn.unavailable() !== undefined)(
  "maven: mvn takes the timestamped build of a snapshot",
  async () => {
    await using folder = await temporaryFolder();
    const dir = folder.path;
    const upstream = await startUpstream();
    const snapshot = { name: "ex.fx:snap", versions: { "1.0": {}, "1.1-SNAPSHOT": { classifiers: ["sources"] } } };
    const url = upstream.mount("/maven", () => overlay(makeMaven([snapshot]), debianMaven));
    const result = await mvn.install({ dir, url, packages: { "ex.fx:snap": "1.1-SNAPSHOT" } });
    expect(outcome(result)).toBe("installed");
    expect(upstream.count("/maven/ex/fx/snap/1.1-SNAPSHOT/snap-1.1-20240101.000000-1.jar", "GET")).toBe(1);
    await upstream.close();
  },
  TIMEOUT,
);

test.skipIf(npm.unavailable() !== undefined)(
  "npm: tags, a deprecation and a SHA-1 only are what npm sees",
  async () => {
    await using folder = await temporaryFolder();
    const upstream = await startUpstream();
    const old = { "1.0.0": { shasumOnly: true, deprecated: "use 2" }, "2.0.0": {} };
    const url = upstream.mount("/npm", (base) =>
      makeNpm([{ name: "fx", versions: old, tags: { legacy: "1.0.0" } }], base),
    );
    const result = await npm.install({ dir: folder.path, url, packages: { fx: "legacy" } });
    expect(result.stderr).toContain("use 2");
    expect(await npm.installed(folder.path, "fx")).toBe("1.0.0");
    await upstream.close();
  },
  TIMEOUT,
);

test("artifacts have about the size that is asked for, and the same bytes every time", async () => {
  const size = 1_000_000;
  const make = () => [
    entryAt(makeNpm([{ name: "fx", versions: { "1.0.0": { size } } }], "http://npm.example"), "/fx/-/fx-1.0.0.tgz"),
    entryAt(
      makeCargo([{ name: "fx", versions: { "1.0.0": { size } } }], "http://cargo.example"),
      "/crates/fx/fx-1.0.0.crate",
    ),
    entryAt(makeMaven([{ name: "ex:fx", versions: { "1.0": { size } } }]), "/ex/fx/1.0/fx-1.0.jar"),
  ];
  for (const [index, entry] of make().entries()) {
    const bytes = Buffer.from(await bytesOf(entry));
    expect(bytes.length).toBeWithin(size, 1.01 * size);
    expect(bytes.equals(await bytesOf(make()[index]!))).toBe(true);
  }
});
