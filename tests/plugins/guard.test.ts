import { afterEach, expect, test } from "bun:test";
import { NOTHING_STORED } from "../../src/conformance/setting.ts";
import type { Doc, Ecosystem, MetadataRoute } from "../../src/contract/ecosystem.ts";
import { NotFound, UpstreamFailed } from "../../src/lib/errors.ts";
import { configureLog } from "../../src/lib/log.ts";
import { guarded } from "../../src/plugins/guard.ts";
import { TIMEOUT } from "../support/time-limits.ts";

let logged: string[] = [];
afterEach(() => configureLog("info", "text", (line) => void process.stderr.write(line)));

function listen(): void {
  logged = [];
  configureLog("info", "json", (line) => void logged.push(line));
}

const boom = (): never => {
  throw new TypeError("boom");
};
function busy(milliseconds: number): void {
  const before = process.threadCpuUsage();
  for (;;) {
    const { user, system } = process.threadCpuUsage(before);
    if (user + system >= milliseconds * 1_000) return;
  }
}
const DOC: Doc = {
  path: "/a",
  params: {},
  mediaType: "",
  header: () => undefined,
  bytes: () => new Uint8Array(),
  text: () => "",
  json: boom,
  pathOf: () => undefined,
  urlOf: () => undefined,
  traits: { upstreams: [], options: {} },
  stored: () => undefined,
};

function plugin(
  route: Partial<MetadataRoute>,
  rest: Partial<Ecosystem> = {},
): { all: Ecosystem; route: MetadataRoute } {
  const all = guarded({
    id: "acme",
    contract: 2,
    title: "Acme",
    spec: "https://acme.example",
    upstreams: { default: "https://acme.example" },
    setup: (base) => base,
    routes: [{ kind: "metadata", match: /^\/(?<name>\w+)$/, ...route }],
    index: () => [],
    versions: { compare: () => 0, isStable: () => true, satisfies: () => true },
    ...rest,
  });
  return { all, route: all.routes[0] as MetadataRoute };
}

test("whatever a plugin throws is a failure of one request (502), which names the plugin and what it was asked", () => {
  const { all, route } = plugin(
    { canonical: boom, describedBy: boom, parse: boom, release: boom },
    { index: boom, versions: { compare: boom, isStable: boom, satisfies: boom }, files: boom },
  );
  const calls: [string, () => unknown][] = [
    ["canonical", () => route.canonical?.({})],
    ["describedBy", () => route.describedBy?.({}, "/a", { upstreams: [], options: {} })],
    ["release", () => route.release?.({})],
    ["index", () => all.index({ name: "a" }, { upstreams: [], options: {} })],
    ["files", () => all.files?.({ name: "a", version: "1" }, { upstreams: [], options: {} })],
    ["compare", () => all.versions.compare("1", "2")],
  ];
  for (const [name, call] of calls) {
    expect(call).toThrow(UpstreamFailed);
    expect(call).toThrow(`the plugin acme failed in ${name}: boom`);
  }
  // Whoever hands over a document says itself what it was for.
  expect(() => route.parse?.(DOC)).toThrow(UpstreamFailed);
});

test("what it means to say stays: an absence, a reason for people, patterns as they are", () => {
  const absent = () => {
    throw new NotFound("no such thing");
  };
  const read = () => {
    throw new RangeError("a package URL of acme has a namespace");
  };
  const { all, route } = plugin({ parse: absent }, { purl: { read, write: boom } });
  expect(() => route.parse?.(DOC)).toThrow(NotFound);
  expect(() => all.purl?.read({ type: "acme", name: "a" }, () => undefined)).toThrow(RangeError);
  expect(route.match).toEqual(/^\/(?<name>\w+)$/);
});

test("without its words there are others", () => {
  listen();
  const { all } = plugin({}, { setup: boom, problem: boom });
  expect(all.setup("https://proxy.example/acme")).toBe("https://proxy.example/acme");
  expect(all.problem?.(404, "no such package")).toBe("no such package");
  expect(logged.length).toBe(2);
});

test("facts that are yielded fail and are watched as they are read", () => {
  const { route } = plugin({
    parse: () => ({
      releases: (function* () {
        yield { name: "a", version: "1" };
        boom();
      })(),
    }),
  });
  const read: unknown[] = [];
  expect(() => {
    for (const release of route.parse?.(DOC).releases ?? []) read.push(release);
  }).toThrow(UpstreamFailed);
  expect(read).toEqual([{ name: "a", version: "1" }]);
});

test("a promise is no answer, and one that fails ends nothing", async () => {
  const later = async () => boom();
  const { route } = plugin({ parse: later as unknown as NonNullable<MetadataRoute["parse"]> });
  expect(() => route.parse?.(DOC)).toThrow("it answers with a promise");
  await Bun.sleep(0);
});

test("what is composed of what is stored may wait, and fails as all else does", async () => {
  const { all, route } = plugin(
    { offline: async () => boom() },
    {
      seal: async function* () {
        yield "/b";
        boom();
      },
    },
  );
  const view = { variant: "", offline: true, link: (path: string) => path, lines: [], admits: () => true };
  expect(Promise.resolve(route.offline?.({}, new URLSearchParams(), view, NOTHING_STORED))).rejects.toThrow(
    "the plugin acme failed in offline: boom",
  );
  expect(Array.fromAsync(all.seal!(NOTHING_STORED))).rejects.toThrow("the plugin acme failed in seal: boom");
});

test(
  "one that blocks the thread for a second on a document is named, once",
  () => {
    listen();
    const { route } = plugin({
      parse: () => ({
        follow: (function* () {
          busy(600);
          yield "/b" as const;
          busy(600);
        })(),
      }),
      rewrite: () => "quick",
    });
    for (let asked = 0; asked < 2; asked++) expect([...(route.parse?.(DOC).follow ?? [])]).toEqual(["/b"]);
    expect(logged.map((line) => JSON.parse(line) as object)).toEqual([
      expect.objectContaining({
        msg: "a plugin blocks the thread",
        plugin: "acme",
        function: "parse",
        document: "/a",
      }) as object,
    ]);
  },
  TIMEOUT,
);

test("one that only waits for the processor is not named", () => {
  listen();
  const { route } = plugin({
    parse: () => {
      Bun.sleepSync(1_100);
      return {};
    },
    rewrite: () => "quick",
  });
  route.parse?.({ ...DOC, path: "/waits" });
  expect(logged).toEqual([]);
});
