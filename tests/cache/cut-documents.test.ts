/**
 * A body that ends with its connection may be cut off, and nothing says so. What could pass for the whole of a document is stored only
 * where something else tells that it is whole: its format, or a digest.
 */
import { afterAll, describe, expect, test } from "bun:test";
import { debian } from "../../ecosystems/debian.ts";
import { maven } from "../../ecosystems/maven.ts";
import { pypi } from "../../ecosystems/pypi.ts";
import { hash } from "../../src/contract/digest.ts";
import type { Ecosystem, Path } from "../../src/contract/ecosystem.ts";
import { makeMount } from "../../src/mounts/mounts.ts";
import { table } from "../ecosystems/samples.ts";
import { askFor, bytesOf, engine, failure } from "../support/engine.ts";
import { instead, untilClosed } from "../support/faults.ts";
import { json } from "../support/tree.ts";
import { startUpstream } from "../support/upstream.ts";

const [upstream, s] = await Promise.all([startUpstream(), engine()]);
const { documents, artifacts } = s.cache.context;
afterAll(async () => {
  await s.close();
  await upstream.close();
});

function mountOf(ecosystem: Ecosystem, names: Iterable<string>) {
  const upstreams = Object.fromEntries(Array.from(new Set(["default", ...names]), (name) => [name, upstream.url]));
  return makeMount(ecosystem.id, ecosystem, { upstreams, ttl: 0 });
}

/** What is stored of a path once it was asked for, and what the client was sent. */
async function fetched(mount: ReturnType<typeof mountOf>, path: Path) {
  const sent = await s.cache.get(mount, askFor(path)).then(
    async (answer) => (await bytesOf(s.cache, answer).catch(() => new Uint8Array())).length,
    () => undefined,
  );
  await s.cache.drain();
  const stored = [
    ...documents.paths(mount.name),
    ...artifacts.byMount().map(({ mount: name }) => `an artifact of ${name}`),
  ];
  for (const each of documents.paths(mount.name)) s.tables.documents.remove(mount.name, each);
  s.tables.artifacts.remove(mount.name, path);
  return { sent, stored };
}

const CUTS = 12;

function* cutsOf(body: string | Uint8Array): Generator<string | Uint8Array<ArrayBuffer>> {
  const step = Math.max(1, Math.floor(body.length / CUTS));
  const cut = (end: number) => (typeof body === "string" ? body.slice(0, end) : new Uint8Array(body.subarray(0, end)));
  for (let end = step; end < body.length - 1; end += step) yield cut(end);
  if (typeof body !== "string") return;
  // Between two lines nothing looks cut.
  for (const { index } of Array.from(body.matchAll(/\n(?=.)/g)).slice(-3)) yield cut(index + 1);
}

describe.each(table.map(([ecosystem, setting]) => [ecosystem.id, ecosystem, setting] as const))(
  "%s",
  (_, ecosystem, { upstreams, samples }) => {
    test.each(samples.map((sample) => [sample.path, sample] as const))("%s", async (path, { body, mediaType = "" }) => {
      const mount = mountOf(ecosystem, Object.keys(upstreams));
      const wrong: unknown[] = [];
      for (const cut of cutsOf(body)) {
        upstream.heal();
        upstream.fault(/./, instead({ body: cut, headers: { "content-type": mediaType } }));
        upstream.fault(/./, untilClosed());
        const { stored } = await fetched(mount, path);
        if (stored.length > 0) wrong.push([cut.length, stored]);
      }
      upstream.heal();
      expect(wrong).toEqual([]);
    });
  },
);

const ARMOUR = "-----BEGIN PGP SIGNATURE-----\n\niQEzBAABCgAdFiEE\n=abcd\n";
const END = "-----END PGP SIGNATURE-----\n";
/** A packet of five bytes, in the new form and in the old one. */
const PACKETS = new Uint8Array([0xc2, 5, 1, 2, 3, 4, 5, 0x88, 5, 1, 2, 3, 4, 5]);
const HEAD = "Metadata-Version: 2.1\nName: a\nVersion: 1.0\nRequires-Dist: b\n";

const cases: [what: string, Ecosystem, Path, body: string | Uint8Array<ArrayBuffer>, isStored: boolean][] = [
  ["an armoured signature", debian, "/dists/trixie/Release.gpg", ARMOUR + END, true],
  ["one without its end", debian, "/dists/trixie/Release.gpg", ARMOUR, false],
  ["one cut in its last line", debian, "/dists/trixie/Release.gpg", ARMOUR + END.slice(0, 20), false],
  ["packets", debian, "/archive-keyring.gpg", PACKETS, true],
  ["packets without their end", debian, "/archive-keyring.gpg", PACKETS.slice(0, -1), false],
  ["packets that end in a head", debian, "/archive-keyring.gpg", PACKETS.slice(0, 8), false],
  ["keys without their end", debian, "/archive.asc", ARMOUR.replaceAll("SIGNATURE", "PUBLIC KEY BLOCK"), false],
  ["a signature beside a file", maven, "/o/a/1.0/a-1.0.jar.asc", ARMOUR, false],
  ["fields of which more may follow", pypi, "/packages/a/a-1.0-py3-none-any.whl.metadata", HEAD, false],
];

test.each(cases)("%s", async (_, ecosystem, path, body, isStored) => {
  for (const isFramed of [true, false]) {
    upstream.heal();
    upstream.fault(path, instead({ body, headers: { "content-type": "application/octet-stream" } }));
    if (!isFramed) upstream.fault(path, untilClosed());
    const { stored } = await fetched(mountOf(ecosystem, []), path);
    // What of it is whole by its framing is whole where its format cannot tell.
    expect([isFramed, stored.length > 0]).toEqual([isFramed, isStored || (isFramed && path.endsWith(".metadata"))]);
  }
  upstream.heal();
});

test("metadata without a name or a version is none", async () => {
  const path = "/packages/a/a-1.0-py3-none-any.whl.metadata" as const;
  for (const body of [
    "Metadata-Version: 2.1\nName: a\n",
    "Metadata-Version: 2.1\n",
    "Metadata-Version: 2.1\nName: a\nVersion:\n",
  ]) {
    upstream.heal();
    upstream.fault(/./, instead({ body, headers: {} }));
    expect(await fetched(mountOf(pypi, []), path)).toEqual({ sent: undefined, stored: [] });
  }
  upstream.heal();
});

test("metadata whose digest the index states is stored however it comes, if it has that", async () => {
  const path: Path = "/packages/c/c-1.0-py3-none-any.whl";
  upstream.set(
    "/simple/c/",
    json(
      {
        meta: { "api-version": "1.0" },
        name: "c",
        files: [
          {
            filename: "c-1.0-py3-none-any.whl",
            url: upstream.url + path,
            hashes: {},
            "core-metadata": { sha256: hash("sha256", HEAD) },
          },
        ],
      },
      { "content-type": "application/vnd.pypi.simple.v1+json" },
    ),
  );
  for (const [body, isStored] of [
    [HEAD, true],
    [HEAD.slice(0, -17), false],
  ] as const) {
    upstream.heal();
    upstream.fault(/whl/, instead({ body, headers: {} }));
    upstream.fault(/whl/, untilClosed());
    const { stored } = await fetched(mountOf(pypi, ["files"]), `${path}.metadata`);
    expect(stored.includes(`${path}.metadata`)).toBe(isStored);
  }
  upstream.heal();
});

test("it is sent nevertheless, and a mirror says why it does not hold it", async () => {
  upstream.heal();
  upstream.fault(/./, instead({ body: "v1.0.0\nv1.1.0\n", headers: { "content-type": "text/plain" } }));
  upstream.fault(/./, untilClosed());
  const { golang } = await import("../../ecosystems/golang.ts");
  const mount = mountOf(golang, []);
  expect(await fetched(mount, "/example.com/m/@v/list")).toEqual({ sent: 14, stored: [] });
  const mirror = await s.again({ pinsWhatItFetches: true });
  expect(String(await failure(mirror.get(mount, askFor("/example.com/m/@v/list"))))).toContain(
    "nothing tells whether it is whole",
  );
  await mirror.drain();
  upstream.heal();
});
