/** What headers say of a body's form and size: odd words change nothing, and limits are of the kind of route. */
import { expect, test } from "bun:test";
import { helm } from "../../ecosystems/helm.ts";
import { maven } from "../../ecosystems/maven.ts";
import type { Path } from "../../src/contract/ecosystem.ts";
import { makeMount } from "../../src/mounts/mounts.ts";
import { askFor, bytesOf, engine, failure } from "../support/engine.ts";
import { withHeaders } from "../support/faults.ts";
import { binary, text } from "../support/tree.ts";
import { startUpstream } from "../support/upstream.ts";

const INDEX = "apiVersion: v1\nentries: {}\n";

test.each([
  ["", INDEX],
  ["identity", INDEX],
  ["aws-chunked", INDEX],
  ["utf-8", INDEX],
  ["gzip", Bun.gzipSync(INDEX)],
  ["X-GZIP", Bun.gzipSync(INDEX)],
  ["aws-chunked, gzip", Bun.gzipSync(INDEX)],
  ["gzip,identity", Bun.gzipSync(INDEX)],
  ["gzip, gzip", Bun.gzipSync(Bun.gzipSync(INDEX))],
] as const)("a document with the content coding %j is read", async (coding, body) => {
  const upstream = await startUpstream();
  upstream.set("/index.yaml", typeof body === "string" ? text(body) : binary(body));
  upstream.fault("/index.yaml", withHeaders({ "content-encoding": coding }));
  const { cache, close } = await engine();
  const mount = makeMount("helm", helm, { upstreams: { charts: upstream.url }, ttl: 0 });
  const answer = await cache.get(mount, askFor("/charts/index.yaml"));
  expect(Buffer.from(await bytesOf(cache, answer)).toString()).toContain("apiVersion: v1");
  await close();
  await upstream.close();
});

test("what is published anew may be as large as an artifact, what is read may not", async () => {
  const upstream = await startUpstream();
  const { cache, close } = await engine({ maxDocument: 1_000_000, maxArtifact: 3_000_000 });
  const mount = makeMount("maven", maven, { upstreams: { default: upstream.url }, ttl: 0 });
  const get = async (path: Path, size: number) => {
    upstream.set(path, binary(new Uint8Array(size)));
    const answer = await failure(cache.get(mount, askFor(path)).then((found) => bytesOf(cache, found)));
    return answer instanceof Error ? answer.message : "sent";
  };
  for (const version of ["1.0", "1.0-SNAPSHOT"]) {
    expect(await get(`/org/acme/lib/${version}/lib-${version}.bin`, 2_000_000)).toBe("sent");
    expect(await get(`/org/acme/lib/${version}/lib-${version}-all.bin`, 4_000_000)).toContain(
      "3000000 that are allowed (artifact_max_size)",
    );
  }
  expect(await get("/org/acme/lib/maven-metadata.xml", 2_000_000)).toContain(
    "1000000 that are allowed (metadata_max_size)",
  );
  await close();
  await upstream.close();
});
