/**
 * A whole npm registry of any size, as cheap to serve as can be. Run as a process: `bun whole-upstream.ts SIZE BYTES VERSIONS` prints
 * its port. `/-/publish/N` changes N packages, all over it; `/-/first` tells after how many milliseconds since it was first
 * asked the first file was, `/-/count` how many files were.
 */
import { Whole } from "../../tests/support/registries/whole.ts";
import { REPLICATION, wholeNpm } from "../../tests/support/registries/whole-npm.ts";
import type { Request as Asked } from "../../tests/support/tree.ts";

const [size = 1_000, bytes = 0, versions = 1] = process.argv.slice(2).map(Number);
const whole = new Whole({ size, versions });
const filler = new Uint8Array(bytes);
/** Hashed once: a registry knows its digests, and does not take a mirror's processor time for them. */
const begun = new Bun.CryptoHasher("sha512").update(filler);
let began: number | undefined;
let first: number | undefined;
let count = 0;

const server = Bun.serve({
  hostname: "127.0.0.1",
  port: 0,
  fetch: async (request) => {
    const { pathname, searchParams: query, origin } = new URL(request.url);
    if (pathname.startsWith("/-/")) return control(pathname);
    began ??= performance.now();
    if (pathname.startsWith(REPLICATION)) return replication(pathname, query);
    const [, name = "", file] = /^\/([^/]+)(?:\/-\/(.+))?$/.exec(pathname) ?? [];
    const index = whole.indexOf(name);
    if (index < 0) return new Response("not found", { status: 404 });
    if (file === undefined) return Response.json(packument(origin, index));
    count++;
    first ??= performance.now() - began;
    return new Response(tarball(name, file.slice(name.length + 1, -".tgz".length)));
  },
});
console.log(server.port);

function control(path: string): Response {
  if (path === "/-/first") return Response.json(first ?? null);
  if (path === "/-/count") return Response.json(count);
  const changes = Number(/^\/-\/publish\/(\d+)$/.exec(path)?.[1] ?? 0);
  for (let at = 0; at < changes; at++) whole.publish(Math.floor((at / changes) * size));
  return Response.json({ changes });
}

async function replication(path: string, query: URLSearchParams): Promise<Response> {
  const content = wholeNpm(whole, "").get(path);
  const entry = typeof content === "function" ? await content({ query } as Asked) : content;
  return new Response(entry?.body as string, {
    headers: { "content-type": "application/json" },
  });
}

function tarball(name: string, version: string): Uint8Array<ArrayBuffer> {
  return Buffer.concat([filler, labelOf(name, version)]);
}

/** What makes each file another one. */
function labelOf(name: string, version: string): Uint8Array {
  return Buffer.from(`${name}@${version}\n`);
}

function packument(origin: string, index: number) {
  const { name, versions } = whole.packageOf(index);
  const all = Object.keys(versions).map((version) => {
    const integrity = `sha512-${begun.copy().update(labelOf(name, version)).digest("base64")}`;
    const dist = { tarball: `${origin}/${name}/-/${name}-${version}.tgz`, integrity };
    return [version, { name, version, dist }] as const;
  });
  const time = Object.fromEntries(all.map(([version]) => [version, "2024-01-01T00:00:00.000Z"]));
  return { name, "dist-tags": { latest: all.at(-1)?.[0] }, versions: Object.fromEntries(all), time };
}
