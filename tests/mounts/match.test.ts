import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { Path, Route } from "../../src/contract/ecosystem.ts";
import { isPlain, oddityOf } from "../../src/contract/plain.ts";
import { classify, upstreamsOf } from "../../src/mounts/match.ts";

const artifact = (match: Route["match"], rest: object = {}): Route => ({ kind: "artifact", match, ...rest });
const params = (routes: readonly Route[], path: Path, method = "GET") => {
  const found = classify({ routes }, method, path);
  return typeof found === "number" ? found : found.params;
};

describe("patterns", () => {
  test.each([
    ["/:name/-/:file", "/is/-/is-1.0.0.tgz", { name: "is", file: "is-1.0.0.tgz" }],
    [/^\/(?<name>@[^/%]+(?:\/|%2f)[^/%]+)$/i, "/@acme%2Fis", { name: "@acme/is" }],
    ["/:name", "/a%25b", { name: "a%b" }],
    ["/crates/:rest+", "/crates/a/1/download", { rest: "a/1/download" }],
    ["/:name+/tags/list", "/a/b/tags/list", { name: "a/b" }],
    ["/a.b", "/a.b", {}],
    [/^\/(?<name>[^/]+?)(?:@(?<version>.+))?$/, "/a@1", { name: "a", version: "1" }],
    [/^\/(?<name>[^/]+?)(?:@(?<version>.+))?$/, "/a", { name: "a" }],
    [/^\/names$/, "/names", {}],
    [/^\/NAMES$/i, "/names", {}],
  ] as const)("%p takes %s", (match, path, expected) => expect(params([artifact(match)], path)).toEqual(expected));
  test.each([
    ["/a.b", "/axb"],
    ["/:name", "/a/b"],
    ["/:name", "/"],
    ["/:name/", "/a"],
    ["/names", "/names/a"],
    ["/:a+", "/"],
    ["/:name", "/@acme%2fis"],
    ["/:a+", "/b%2Fc"],
    [/^\/(?<name>[^/]+)$/, "/b%2Fc"],
  ] as const)("%p does not take %s", (match, path) => expect(params([artifact(match)], path)).toBe(404));
});

describe("choosing", () => {
  test("the first that takes the path", () => {
    const routes = [artifact("/a/:first"), artifact("/:second+")];
    expect(params(routes, "/a/b")).toEqual({ first: "b" });
    expect(params(routes, "/c/d")).toEqual({ second: "c/d" });
  });
  test("by method: reads unless it says so; another method's path is 405, no one's 404", () => {
    const routes = [artifact("/a"), artifact("/b", { methods: ["POST"] }), artifact("/:name", { methods: ["PUT"] })];
    expect(params(routes, "/a", "HEAD")).toEqual({});
    expect(params(routes, "/a", "PUT")).toEqual({ name: "a" });
    expect(params(routes, "/a", "DELETE")).toBe(405);
    expect(params(routes, "/b", "GET")).toBe(405);
    expect(params(routes, "/b/c", "GET")).toBe(404);
  });
  test("what is refused is so in every spelling, and what stands before it is not", () => {
    const routes: Route[] = [
      artifact("/-/keys"),
      { kind: "deny", match: /^\/-(?:\/.*)?$/, status: 404, reason: "" },
      artifact(/^\/(?<name>[^/]+(?:%2f[^/]+)?)$/i),
    ];
    const kind = (path: Path) => {
      const found = classify({ routes }, "GET", path);
      return typeof found === "number" ? found : found.route.kind;
    };
    for (const path of ["/-/user", "/-%2fuser", "/%2d%2Fuser", "/%2D/user"] as const) expect(kind(path)).toBe("deny");
    for (const path of ["/-/keys", "/@a%2fb", "/a%25b"] as const) expect(kind(path)).toBe("artifact");
  });
  test("a route whose upstreams the mount does not have is none", () => {
    const has = (name: string) => name === "files";
    const named = (from: string | string[]) => classify({ routes: [artifact("/:name", { from })] }, "GET", "/a", has);
    expect(named("api")).toBe(404);
    expect(named(["api", "files"])).toMatchObject({ params: { name: "a" } });
    const routes = [artifact("/:db/x", { from: ({ db }: { db: string }) => db })];
    expect(classify({ routes }, "GET", "/files/x", has)).toMatchObject({ params: { db: "files" } });
    expect(classify({ routes }, "GET", "/other/x", has)).toBe(404);
  });
  test("upstreams in their order, the default where none is named", () => {
    expect(upstreamsOf(artifact("/a"), {})).toEqual(["default"]);
    expect(upstreamsOf(artifact("/a", { from: ["b", "c"] }), {})).toEqual(["b", "c"]);
    expect(upstreamsOf({ kind: "answer", match: "/a", answer: () => "" }, {})).toEqual(["default"]);
  });
});

describe("plain paths", () => {
  test.each(["/", "/a", "/a/b/", "/...", "/a..b", "/.a", "/@acme%2fis", "/a%25", "/a%2Bb", "/é", "/a%20b", "/a;b=c"])(
    "%s",
    (path) => expect(isPlain(path)).toBe(true),
  );
  test.each([
    ["climbing", ["/..", "/../a", "/a/../b", "/a/./b", "/.", "/a/%2e%2e/b", "/a/%2E./b", "/a/..%2fb", "/a%2f..%2fb"]],
    [
      "climbing once decoded again",
      ["/a/%252e%252e/b", "/a/%25252e%2e", "/a%255cb", "/a%252f..%252fb", "/%25%32%65%25%32%65/a"],
    ],
    ["a separator that is encoded twice", ["/a%252fb", "/a%25252Fb", "/a%25%32%66b"]],
    [
      "climbing where parameters or blanks are cut off",
      ["/a/..;/b", "/a/..;x=1/b", "/a/.;/b", "/a/..%3b/b", "/a/..%20/b"],
    ],
    ["empty segments", ["//a", "/a//b", "/a%2f%2fb", "/a//"]],
    ["a separator of other systems", ["/a\\b", "/a%5cb", "/a%5Cb"]],
    ["control characters", ["/a%00", "/a\nb", "/a%0d%0ab", "/a%7f", "/a%2500"]],
    ["a query or fragment hidden in it", ["/a?b", "/a%3fb", "/a#b", "/a%23b"]],
    ["no percent-encoding", ["/%", "/%z", "/%zz", "/%ff", "/a%c3"]],
    ["no path", ["", "a", "http://a.example/b", "*"]],
    ["overlong", [`/${"a".repeat(2_048)}`]],
  ] as const)("%s is refused", (_why, paths) => {
    for (const path of paths) expect([path, isPlain(path)]).toEqual([path, false]);
  });
  test("whatever is plain stays below the root as a file name and as a URL", () => {
    const piece = fc.constantFrom(
      "/",
      ".",
      "..",
      "%2e",
      "%2f",
      "%5c",
      "%25",
      "a",
      "\\",
      "%00",
      "2e",
      "?",
      "#",
      "@",
      ":",
    );
    fc.assert(
      fc.property(fc.array(piece), (pieces) => {
        const path = `/${pieces.join("")}`;
        if (!isPlain(path)) return;
        expect(new URL(`http://a.example${path}`).pathname.length).toBe(path.length);
        expect(decodeURIComponent(path).split("/")).not.toContain("..");
      }),
      { numRuns: 2_000 },
    );
  });
});

describe("names", () => {
  test.each(["is", "@acme/is", "org.acme/lib", "golang.org/x/text", "1.0.0+b", "sha256:ab", "a..b", "é", "2:1.0~rc1"])(
    "%s is taken",
    (name) => expect(oddityOf(name)).toBeUndefined(),
  );
  test.each([
    ["it is empty", [""]],
    ["it climbs to another folder", ["..", ".", "../a", "a/../../b", "a/./b", "..;/a", "a/.. "]],
    ["it has an empty part", ["/a", "a/", "a//b"]],
    ["it has characters that change what an address means", ["a%2fb", "a?b", "a#b", "a\\b", "a\0", "a\nb", "a\u0085"]],
    ["it is longer than 512 characters", ["a".repeat(513)]],
  ])("%s", (reason, names) => {
    for (const name of names) expect([name, oddityOf(name)]).toEqual([name, reason]);
  });
});
