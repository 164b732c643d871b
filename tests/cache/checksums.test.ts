/** A file beside others that state its digest: the strongest that is at hand counts, and the usual miss costs two requests. */
import { expect, test } from "bun:test";
import { maven } from "../../ecosystems/maven.ts";
import { pypi } from "../../ecosystems/pypi.ts";
import { hash } from "../../src/contract/digest.ts";
import type { Path } from "../../src/contract/ecosystem.ts";
import { makeMount } from "../../src/mounts/mounts.ts";
import { zip } from "../support/archives/zip.ts";
import { askFor, bytesOf, engine, failure } from "../support/engine.ts";
import { failing } from "../support/faults.ts";
import { binary, json, text } from "../support/tree.ts";
import { startUpstream } from "../support/upstream.ts";

const FOLDER = "/org/acme/lib/1.0/lib-1.0";
const POM = "<project><groupId>org.acme</groupId><artifactId>lib</artifactId><version>1.0</version></project>";

async function repository(path: Path, body: Uint8Array<ArrayBuffer> | string) {
  const [upstream, s] = await Promise.all([startUpstream(), engine()]);
  const mount = makeMount("maven", maven, { upstreams: { default: upstream.url }, ttl: 300_000 });
  upstream.set(path, typeof body === "string" ? text(body) : binary(body));
  const get = async (asked: Path) => {
    upstream.forget();
    const answer = await failure(
      s.cache.get(mount, askFor(asked)).then(async (found) => {
        if ((await bytesOf(s.cache, found)).length === 0) throw new Error("empty");
        await s.cache.drain();
      }),
    );
    return { answer, asked: upstream.requests.map(({ method, path: at }) => `${method} ${at.slice(FOLDER.length)}`) };
  };
  return {
    upstream,
    s,
    get,
    verified: () => s.cache.context.artifacts.find("maven", path)?.verified,
    async [Symbol.asyncDispose]() {
      await s.close();
      await upstream.close();
    },
  };
}

const jar = zip({ "META-INF/MANIFEST.MF": "Manifest-Version: 1.0\n" });
const ALGORITHMS = ["sha512", "sha256", "sha1", "md5"] as const;

for (const [end, body] of [
  [".jar", jar],
  [".pom", POM],
] as const)
  for (const algorithm of ALGORITHMS)
    for (const isRight of [true, false])
      test(`${end}: a ${algorithm} alone that is ${isRight ? "right" : "wrong"}`, async () => {
        const path: Path = `${FOLDER}${end}`;
        await using its = await repository(path, body);
        its.upstream.set(`${path}.${algorithm}`, text(`${hash(algorithm, isRight ? body : "other")}  lib\n`));
        const { answer } = await its.get(path);
        if (isRight) expect(answer).toBeUndefined();
        else expect(String(answer)).toContain(hash(algorithm, "other"));
        if (isRight && end === ".jar") expect(its.verified()).toBe(`${algorithm}:${hash(algorithm, body)}`);
      });

const path: Path = `${FOLDER}.jar`;

test("the usual miss asks for one checksum; what is not there costs one more", async () => {
  await using its = await repository(path, jar);
  for (const algorithm of ALGORITHMS) its.upstream.set(`${path}.${algorithm}`, text(hash(algorithm, jar)));
  expect((await its.get(path)).asked).toEqual(["GET .jar.sha1", "GET .jar"]);
  expect((await its.get(`${FOLDER}-sources.jar`)).asked).toEqual(["GET -sources.jar.sha1", "HEAD -sources.jar"]);
});

test("a strong one that a client asked for before is taken, also later and against a weak one", async () => {
  await using its = await repository(path, jar);
  for (const algorithm of ALGORITHMS) its.upstream.set(`${path}.${algorithm}`, text(hash(algorithm, jar)));
  await its.get(`${path}.sha512`);
  expect((await its.get(path)).asked).toEqual(["GET .jar"]);
  expect(its.verified()).toBe(`sha512:${hash("sha512", jar)}`);
});

test("a weak one states nothing against a strong one", async () => {
  await using its = await repository(path, jar);
  its.upstream.set(`${path}.sha1`, text(hash("sha1", jar)));
  its.upstream.set(`${path}.sha256`, text(hash("sha256", "other")));
  its.upstream.set(`${path}.md5`, text(hash("md5", "other")));
  await its.get(`${path}.md5`);
  expect((await its.get(path)).answer).toBeUndefined();
  await its.get(`${path}.sha256`);
  expect(String((await its.get(path)).answer)).toContain(hash("sha256", "other"));
});

test("one that cannot be read is none, and the next is asked", async () => {
  await using its = await repository(path, jar);
  its.upstream.set(`${path}.sha1`, text(`<html>${hash("sha1", jar)}</html>`));
  its.upstream.set(`${path}.md5`, text(`MD5 (lib-1.0.jar) = ${hash("md5", jar).toUpperCase()}\n`));
  expect((await its.get(path)).answer).toBeUndefined();
  expect(its.verified()).toBe(`md5:${hash("md5", jar)}`);
});

test("one that cannot be had is no absence", async () => {
  await using its = await repository(path, jar);
  its.upstream.fault(`${path}.sha1`, failing(503));
  expect(String((await its.get(path)).answer)).toContain("503");
});

const WHEEL = zip({ "a-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: a\nVersion: 1.0\n" });

for (const [name, algorithm] of [
  ["blake2b_256", "blake2b256"],
  ["blake2b", "blake2b512"],
] as const)
  for (const kind of ["simple", "legacy"] as const)
    test(`PyPI's ${name} alone, as ${kind} states it`, async () => {
      const wheel: Path = "/packages/a/a-1.0-py3-none-any.whl";
      for (const isRight of [true, false]) {
        const [upstream, s] = await Promise.all([startUpstream(), engine()]);
        const mount = makeMount("pypi", pypi, {
          upstreams: { default: upstream.url, files: upstream.url },
          ttl: 300_000,
        });
        const digests = { [name]: hash(algorithm, isRight ? WHEEL : "other") };
        const file = { filename: "a-1.0-py3-none-any.whl", url: upstream.url + wheel };
        const type = "application/vnd.pypi.simple.v1+json";
        if (kind === "simple")
          upstream.set(
            "/simple/a/",
            json({ meta: {}, name: "a", files: [{ ...file, hashes: digests }] }, { "content-type": type }),
          );
        else {
          upstream.set("/pypi/a/json", json({ info: { name: "a", version: "1.0" }, urls: [{ ...file, digests }] }));
          upstream.set(
            "/simple/a/",
            json({ meta: {}, name: "a", files: [{ ...file, hashes: digests }] }, { "content-type": type }),
          );
          await s.cache.get(mount, askFor("/pypi/a/json"));
        }
        upstream.set(wheel, binary(WHEEL));
        const answer = await failure(s.cache.get(mount, askFor(wheel)).then((found) => bytesOf(s.cache, found)));
        if (!isRight) expect(String(answer)).toContain(`${algorithm}:`);
        await s.cache.drain();
        expect(s.cache.context.artifacts.find("pypi", wheel)?.verified ?? undefined).toBe(
          isRight ? `${algorithm}:${hash(algorithm, WHEEL)}` : undefined,
        );
        await s.close();
        await upstream.close();
      }
    });
