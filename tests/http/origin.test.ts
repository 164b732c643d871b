/** What comes from upstream never runs in our origin: of every kind of answer, whatever upstream says it is. */
import { describe, expect, test } from "bun:test";
import { artifactType, documentType } from "../../src/lib/inert-types.ts";
import { withHeaders } from "../support/faults.ts";
import { npmProxy } from "../support/npm-proxy.ts";

const TIMEOUT = 20_000;
const PAGE = "<!doctype html><script>fetch('/api/mirror')</script>";

function expectInert(path: string, { headers }: Response, isShown = false): void {
  expect([path, headers.get("x-content-type-options")]).toEqual([path, "nosniff"]);
  expect([path, headers.get("content-security-policy")]).toEqual([path, "default-src 'none'; sandbox"]);
  expect([path, headers.get("content-type")]).not.toEqual([path, expect.stringMatching(/html|svg|xml/) as string]);
  if (!isShown)
    expect([path, headers.get("content-disposition")]).toEqual([path, expect.stringMatching(/^attachment/) as string]);
}

test(
  "files and documents, fetched, held, from memory and in parts; errors; answers that are passed through",
  async () => {
    await using all = await npmProxy();
    for (const [path, type] of [
      [/small-1\.0\.0\.tgz$/, "text/html"],
      [/big-1\.0\.0\.tgz$/, "image/svg+xml"],
      [/registry\/small$/, "text/html; charset=utf-8"],
      [/search/, "text/html"],
    ] as const)
      all.upstream.fault(path, withHeaders({ "content-type": type }));
    const paths = ["/npm/small/-/small-1.0.0.tgz", "/npm/big/-/big-1.0.0.tgz", "/npm/small", "/npm/small/latest"];
    for (const round of ["fetched", "held"])
      for (const path of paths)
        for (const init of [{}, { method: "HEAD" }, { headers: { range: "bytes=0-9" } }] as RequestInit[]) {
          const response = await fetch(`${all.proxy.url}${path}`, init);
          await response.bytes();
          expect([round, path, response.status]).toEqual([round, path, response.status === 206 ? 206 : 200]);
          expectInert(path, response);
        }
    for (const path of ["/npm/absent", `/npm/${encodeURIComponent(PAGE)}`]) {
      const response = await fetch(`${all.proxy.url}${path}`);
      expect(response.status).toBeGreaterThanOrEqual(400);
      expectInert(path, response, true);
    }
    for (const path of ["/", "/docs", "/health", "/stats", "/openapi.json", "/nowhere", "/api/mirror"])
      expect((await fetch(`${all.proxy.url}${path}`)).headers.get("x-content-type-options")).toBe("nosniff");
  },
  TIMEOUT,
);

describe("media types", () => {
  test.each([
    ["text/html", "application/octet-stream"],
    ["TEXT/HTML; charset=utf-8", "application/octet-stream"],
    ["application/xhtml+xml", "application/octet-stream"],
    ["image/svg+xml", "application/octet-stream"],
    ["text/xml", "application/octet-stream"],
    ["application/javascript", "application/octet-stream"],
    ["multipart/x-mixed-replace; boundary=x", "application/octet-stream"],
    ["application/pdf", "application/octet-stream"],
    ["no type at all", "application/octet-stream"],
    ["", "application/octet-stream"],
    ["application/java-archive", "application/java-archive"],
    ["application/vnd.oci.image.layer.v1.tar+gzip", "application/vnd.oci.image.layer.v1.tar+gzip"],
    ["text/plain; charset=utf-8", "text/plain; charset=utf-8"],
  ])("of an artifact %p: %p", (upstream, sent) => expect(artifactType(upstream)).toBe(sent));
  test.each([
    ["text/html", "text/plain; charset=utf-8"],
    ["image/svg+xml", "text/plain; charset=utf-8"],
    ["application/json", "application/json"],
    ["application/vnd.oci.image.index.v1+json", "application/vnd.oci.image.index.v1+json"],
    ["text/xml", "text/xml"],
    ["", ""],
  ])("of a document %p: %p", (upstream, sent) => expect(documentType(upstream)).toBe(sent));
});
