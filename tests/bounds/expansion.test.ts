/** What is small as it comes, and would be large as it is read. */
import { expect, test } from "bun:test";
import { join } from "node:path";
import { readPom } from "../../ecosystems/maven/pom.ts";
import { nuget } from "../../ecosystems/nuget.ts";
import { pypi } from "../../ecosystems/pypi.ts";
import { hashH1 } from "../../src/cache/integrity/h1.ts";
import { documentAt, matchIn } from "../../src/cache/target.ts";
import type { Ecosystem, Path } from "../../src/contract/ecosystem.ts";
import { inside } from "../../src/mirror/plan/fetch-file.ts";
import { makeMount } from "../../src/mounts/mounts.ts";
import { zip } from "../support/archives/zip.ts";
import { failure } from "../support/engine.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const MB = 1024 * 1024;
/** A use of a property. */
const use = (name: string) => ["$", "{", name, "}"].join("");

test("properties of a POM stop growing, however they are nested; those of real ones are filled in", () => {
  const dependency = (version: string, at = 0) =>
    `<dependency><groupId>g</groupId><artifactId>d${at}</artifactId><version>${version}</version></dependency>`;
  const pom = (properties: string, ...versions: string[]) =>
    `<project><modelVersion>4.0.0</modelVersion><groupId>o</groupId><artifactId>l</artifactId><version>1</version>
<properties>${properties}</properties><dependencies>${versions.map(dependency).join("")}</dependencies></project>`;
  const wide = pom(
    `<a>${"x".repeat(250_000)}</a>`,
    ...Array.from({ length: 200 }, (_, i) => `${i}${use("a").repeat(249)}`),
  );
  const nested = ["a", "b", "c", "d", "e", "f", "g"].map(
    (name, i, all) => `<${name}>${use(all[i + 1] ?? "x").repeat(50)}</${name}>`,
  );
  for (const text of [wide, pom(nested.join(""), use("a").repeat(50))])
    for (const { range } of readPom(text, () => undefined).requires) expect(range.length).toBeLessThanOrEqual(1_000);
  expect(readPom(pom(`<a>${use("b")}.3</a><b>1.2</b>`, `${use("a")}-jre`), () => undefined).requires).toEqual([
    { name: "g/d0", range: "1.2.3-jre" },
  ]);
});

const HOLDERS: readonly [Ecosystem, Path, member: string][] = [
  [pypi, "/packages/aa/bb/w-1.0-py3-none-any.whl", "w-1.0.dist-info/METADATA"],
  [nuget, "/v3-flatcontainer/w/1.0.0/w.1.0.0.nupkg", "w.nuspec"],
];

for (const [ecosystem, path, member] of HOLDERS)
  test(`of a member of ${path} no more is unpacked than is read`, async () => {
    await using folder = await temporaryFolder();
    const mount = makeMount(ecosystem.id, ecosystem, { ttl: 0 });
    expect(documentAt(mount, path)).toBeUndefined();
    const match = matchIn(mount, "GET", path);
    if (typeof match === "number" || match.route.kind !== "artifact") throw new Error(`${path} is no artifact`);
    const file = join(folder.path, "archive");
    await Bun.write(file, zip({ [member]: new Uint8Array(64 * MB).fill(10) }));
    expect(Bun.file(file).size).toBeLessThan(MB);
    const { route, params } = match;
    const error = await failure(inside({ mount, route, params, path }, file));
    expect(String(error)).toContain(`${path}: its member ${member} has more than ${16 * MB} bytes when it is unpacked`);
  });

test("a module that unpacks to more than Go takes is refused", async () => {
  const bomb = zip({ "m@v1.0.0/a": new Uint8Array(501 * MB) });
  const error = await failure(hashH1("/m/@v/v1.0.0.zip", bomb));
  expect(String(error)).toContain("it has more than 524288000 bytes when it is unpacked, which Go refuses");
}, 60_000);
