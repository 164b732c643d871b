/** Another spelling of a path is the same file: what is stated of it holds, and it is stored once. */
import { describe, expect, test } from "bun:test";
import type { Path } from "../../src/contract/ecosystem.ts";
import { DigestMismatch, NotFound } from "../../src/lib/errors.ts";
import { makeMount } from "../../src/mounts/mounts.ts";
import { ecosystems } from "../../src/registry.generated.ts";
import { askFor, bytesOf, engine, failure } from "../support/engine.ts";
import { binary, json, text } from "../support/tree.ts";
import { startUpstream } from "../support/upstream.ts";

const ZEROS = "0".repeat(64);
const BYTES = new TextEncoder().encode("not what the index states");

interface Case {
  ecosystem: string;
  /** The index, at the upstream's path. */
  index: (url: string) => readonly [string, ReturnType<typeof json>];
  /** The file, at the upstream's path (decoded). */
  file: string;
  /** Ways to ask for it. */
  asked: readonly Path[];
}

const CASES: readonly Case[] = [
  {
    ecosystem: "helm",
    index: () => [
      "/index.yaml",
      text(
        `apiVersion: v1\nentries:\n  c:\n  - name: c\n    version: 1.1.0+a\n    digest: ${ZEROS}\n    urls: [c-1.1.0+a.tgz]\n`,
      ),
    ],
    file: "/c-1.1.0+a.tgz",
    asked: [
      "/default/c-1.1.0+a.tgz",
      "/default/%63-1.1.0+a.tgz",
      "/default/c-1.1.0%2Ba.tgz",
      "/%64efault/c-1.1.0%2ba.tgz",
    ],
  },
  ...["/@a/b/-/b-1.0.0+x.tgz", "/@a%2fb/-/b-1.0.0%2Bx.tgz", "/%40a%2Fb/-/b-1.0.0%2bx.tgz"].map(
    (place): Case => ({
      ecosystem: "npm",
      index: (url) => [
        "/@a/b",
        json({
          name: "@a/b",
          versions: {
            "1.0.0+x": {
              name: "@a/b",
              version: "1.0.0+x",
              dist: { tarball: `${url}${place}`, integrity: `sha256-${Buffer.alloc(32).toString("base64")}` },
            },
          },
        }),
      ],
      file: "/@a/b/-/b-1.0.0+x.tgz",
      asked: [
        "/@a/b/-/b-1.0.0+x.tgz",
        "/@a%2fb/-/b-1.0.0+x.tgz",
        "/@a/b/-/b-1.0.0%2Bx.tgz",
        "/%40a%2fb/-/%62-1.0.0%2bx.tgz",
      ],
    }),
  ),
  ...["w-1.0+cpu.tar.gz", "w-1.0%2Bcpu.tar.gz", "%77-1.0%2bcpu.tar.gz"].map(
    (name): Case => ({
      ecosystem: "pypi",
      index: (url) => [
        "/simple/w/",
        {
          body: JSON.stringify({
            meta: { "api-version": "1.0" },
            name: "w",
            files: [{ filename: "w-1.0+cpu.tar.gz", url: `${url}/packages/w/${name}`, hashes: { sha256: ZEROS } }],
          }),
          headers: { "content-type": "application/vnd.pypi.simple.v1+json" },
        },
      ],
      file: "/packages/w/w-1.0+cpu.tar.gz",
      asked: ["/packages/w/w-1.0+cpu.tar.gz", "/packages/w/w-1.0%2Bcpu.tar.gz", "/packages/w/%77-1.0%2bcpu.tar.gz"],
    }),
  ),
  {
    ecosystem: "gem",
    index: () => ["/info/g", text(`---\n1.0.0 |checksum:${ZEROS}\n`)],
    file: "/gems/g-1.0.0.gem",
    asked: ["/gems/g-1.0.0.gem", "/gems/%67-1.0.0.gem"],
  },
  {
    ecosystem: "cargo",
    index: () => [
      "/1/x",
      text(`${JSON.stringify({ name: "x", vers: "1.0.0+a", deps: [], cksum: ZEROS, features: {} })}\n`),
    ],
    file: "/x/1.0.0+a",
    asked: [
      "/crates/x/1.0.0+a/download",
      "/crates/x/1.0.0%2Ba/download",
      "/crates/x/x-1.0.0%2ba.crate",
      "/crates/X/1.0.0+a/download",
    ],
  },
];

async function setUp({ ecosystem: id, index, file }: Case, body: Uint8Array<ArrayBuffer> = BYTES) {
  const upstream = await startUpstream();
  const s = await engine({ negativeTtl: 0 });
  const ecosystem = ecosystems.find((each) => each.id === id)!;
  const { url } = upstream;
  const upstreams = { default: url, ...(id === "cargo" && { download: `${url}/{crate}/{version}` }) };
  const mount = makeMount(id, ecosystem, { upstreams, ttl: 300_000 });
  upstream.set(...index(url));
  upstream.set(file, binary(body));
  upstream.set(file.replace("/x/", "/X/"), binary(body));
  const close = async () => {
    await s.close();
    await upstream.close();
  };
  return { ...s, mount, upstream, [Symbol.asyncDispose]: close };
}

describe.each(CASES.map((each, at) => [`${each.ecosystem} ${at}`, each] as const))("%s", (_, each) => {
  test.each(each.asked.map((path) => [path]))("%s is compared with what its index states", async (path) => {
    await using s = await setUp(each);
    const error = await failure(s.cache.get(s.mount, askFor(path)));
    expect(error instanceof DigestMismatch || error instanceof NotFound).toBe(true);
    await s.cache.drain();
    expect(s.cache.context.artifacts.byMount()).toEqual([]);
  });
});

test("where an index spells an address in its own way, upstream is asked so, and it is stored once", async () => {
  const good = new TextEncoder().encode("good".repeat(100));
  const integrity = `sha512-${new Bun.CryptoHasher("sha512").update(good).digest("base64")}`;
  const place = "/@a%2fb/-/%40a%2Fb-1.0.0";
  await using s = await setUp({
    ecosystem: "npm",
    index: (url) => [
      "/@a/b",
      json({
        name: "@a/b",
        versions: { "1.0.0": { name: "@a/b", version: "1.0.0", dist: { tarball: `${url}${place}`, integrity } } },
      }),
    ],
    file: "/elsewhere",
    asked: [],
  });
  s.upstream.set("/@a/b/-/@a/b-1.0.0", ({ target }) => (target === place ? binary(good) : undefined));
  const shown = await s.cache.get(s.mount, askFor("/@a%2fb"));
  const { versions } = JSON.parse(new TextDecoder().decode(await bytesOf(s.cache, shown))) as {
    versions: Record<string, { dist: { tarball: string } }>;
  };
  const link = new URL(versions["1.0.0"]!.dist.tarball).pathname.replace("/npm", "") as Path;
  // A file's name with a slash in it is no path that may be asked for here.
  expect(link).toBe("/@a/b/-/b-1.0.0.tgz");
  for (const path of [link, "/@a%2fb/-/%62-1.0.0.tgz"] as Path[]) {
    expect(Buffer.from(await bytesOf(s.cache, await s.cache.get(s.mount, askFor(path))))).toEqual(Buffer.from(good));
    await s.cache.drain();
  }
  expect(s.cache.context.artifacts.byMount()[0]?.artifacts).toBe(1);
});

/** Digests of other bytes, as registries spell them. */
const OTHER = (
  algorithm: "sha1" | "sha224" | "sha256" | "sha384" | "sha512",
  encoding: "hex" | "base64" | "base64url",
) => new Bun.CryptoHasher(algorithm).update("other bytes").digest(encoding);
const HEX = OTHER("sha256", "hex");
const npmOf = (dist: object) => (url: string) =>
  ["/a", json({ name: "a", versions: { "1.0.0": { dist: { tarball: `${url}/a/-/a-1.0.0.tgz`, ...dist } } } })] as const;
const pypiOf = (fragment: string) => () =>
  [
    "/simple/w/",
    {
      body: `<title>Links for w</title><a href="/packages/w/w-1.0.tar.gz#${fragment}">w</a>`,
      headers: { "content-type": "text/html" },
    },
  ] as const;
const gemOf = (sum: string) => () => ["/info/g", text(`---\n1.0.0 |checksum:${sum}\n`)] as const;
const helmOf = (sum: string) => () =>
  [
    "/index.yaml",
    text(`apiVersion: v1\nentries:\n  c:\n  - version: 1.0.0\n    digest: "${sum}"\n    urls: [c-1.0.0.tgz]\n`),
  ] as const;
const SPELLED: Readonly<Record<string, { file: Path; served?: Path; indexes: readonly Case["index"][] }>> = {
  npm: {
    file: "/a/-/a-1.0.0.tgz",
    indexes: [
      npmOf({ integrity: `SHA512-${OTHER("sha512", "base64")}` }),
      npmOf({ integrity: `sha512-${OTHER("sha512", "base64url")}` }),
      npmOf({ integrity: `sha384-${OTHER("sha384", "base64")}?option` }),
      npmOf({ shasum: ` ${OTHER("sha1", "hex").toUpperCase()}\n` }),
    ],
  },
  pypi: {
    file: "/packages/w/w-1.0.tar.gz",
    indexes: [
      `SHA256=${HEX}`,
      `sha256=${HEX.toUpperCase()}`,
      `sha384=${OTHER("sha384", "hex")}`,
      `sha224=${OTHER("sha224", "hex")}`,
    ].map(pypiOf),
  },
  gem: {
    file: "/gems/g-1.0.0.gem",
    indexes: [
      HEX.toUpperCase(),
      ` ${HEX}`,
      `sha256:${HEX}`,
      OTHER("sha256", "base64"),
      `sha256-${OTHER("sha256", "base64")}`,
    ].map(gemOf),
  },
  helm: {
    file: "/c-1.0.0.tgz",
    served: "/default/c-1.0.0.tgz",
    indexes: [HEX.toUpperCase(), `SHA256:${HEX}`, `sha256-${HEX}`, `sha512:${OTHER("sha512", "hex")}`].map(helmOf),
  },
};

describe.each(Object.entries(SPELLED))(
  "a digest of %s, however it is spelled,",
  (ecosystem, { file, served = file, indexes }) => {
    test.each(indexes.map((index, at) => [at, index] as const))("is compared (%d)", async (_, index) => {
      const { body } = tarOrGzip(ecosystem);
      await using s = await setUp({ ecosystem, index, file, asked: [] }, body);
      expect(await failure(s.cache.get(s.mount, askFor(served)))).toBeInstanceOf(DigestMismatch);
    });
  },
);

/** What would be kept if nothing stated its digest. */
function tarOrGzip(ecosystem: string) {
  const tar = new Uint8Array(1_024);
  return { body: ecosystem === "gem" ? tar : Bun.gzipSync(tar) };
}
