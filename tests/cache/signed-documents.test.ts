/** Documents that are signed as a whole: what upstream says, and what clients are sent. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { CONTRACT_REVISION, type Ecosystem, type Path } from "../../src/contract/ecosystem.ts";
import { on } from "../../src/contract/events.ts";
import type { Trust } from "../../src/contract/signatures.ts";
import { UpstreamFailed, Withheld } from "../../src/lib/errors.ts";
import { makeMount } from "../../src/mounts/mounts.ts";
import { askFor, bytesOf, engine, failure } from "../support/engine.ts";
import { hasGpg, type OpenPgpSigner, openPgpSigner } from "../support/openpgp-keys.ts";
import { keyFile } from "../support/registry-keys.ts";
import { binary, text } from "../support/tree.ts";
import { startUpstream } from "../support/upstream.ts";

const archive: Ecosystem = {
  id: "archive",
  contract: CONTRACT_REVISION,
  title: "Signed documents of tests",
  spec: "https://archive.example/",
  upstreams: { default: "https://archive.example" },
  signs: ["openpgp"],
  routes: [
    { kind: "metadata", match: "/InRelease", signed: {} },
    { kind: "metadata", match: "/Release", signed: { at: () => "/Release.gpg" } },
    { kind: "metadata", match: "/Release.gpg" },
  ],
  index: () => ["/InRelease"],
  versions: { compare: () => 0, isStable: () => true, satisfies: () => true },
  setup: (base) => base,
};
const LATE = 400_000;

const failures: string[] = [];
on("untrusted", ({ mount, path, kind }) => void (mount === "archive" && failures.push(`${kind} ${path}`)));

describe.skipIf(!hasGpg)("signed documents", () => {
  let [ours, theirs]: OpenPgpSigner[] = [];
  let trust: Trust;
  beforeAll(async () => {
    [ours, theirs] = await Promise.all([openPgpSigner(), openPgpSigner()]);
    trust = { keys: [keyFile(await ours.armored())], require: [] };
  });
  afterAll(async () => {
    await ours![Symbol.asyncDispose]();
    await theirs![Symbol.asyncDispose]();
  });

  const setUp = async () => {
    failures.length = 0;
    const upstream = await startUpstream();
    const parts = await engine({ staleWhileRevalidate: 0 });
    const mountOf = (whom: Trust | null) =>
      makeMount("archive", archive, { upstreams: { default: upstream.url }, ttl: 300_000, trust: whom ?? undefined });
    const get = async (path: Path, whom: Trust | null = trust, cache = parts.cache) => {
      const bytes = await bytesOf(cache, await cache.get(mountOf(whom), askFor(path)));
      return /Date: (\d+)/.exec(new TextDecoder().decode(bytes))?.[1];
    };
    const publish = async (date: number, by: OpenPgpSigner) => {
      const release = `Origin: Acme\nDate: ${date}\n`;
      upstream.set("/InRelease", binary((await by.clearsign(release)) as Uint8Array<ArrayBuffer>));
      upstream.set("/Release", text(release));
      upstream.set("/Release.gpg", binary((await by.detach(release)) as Uint8Array<ArrayBuffer>));
      parts.clock.advance(LATE);
    };
    const close = async () => {
      await parts.close();
      await upstream.close();
    };
    return { ...parts, upstream, get, publish, [Symbol.asyncDispose]: close };
  };

  test.each(["/InRelease", "/Release"] as const)(
    "%s: what a trusted key signed is published; what another did is not, and what was stays",
    async (path) => {
      await using s = await setUp();
      await s.publish(1, ours!);
      expect(await s.get(path)).toBe("1");
      await s.publish(2, theirs!);
      expect(await s.get(path)).toBe("1");
      expect(failures).toEqual([`openpgp ${path}`]);
      await s.publish(3, ours!);
      expect(await s.get(path)).toBe("3");
    },
  );

  test.each(["/InRelease", "/Release"] as const)(
    "%s: where nothing was held, it is upstream's failure",
    async (path) => {
      await using s = await setUp();
      await s.publish(1, theirs!);
      const error = await failure(s.get(path));
      expect(error).toBeInstanceOf(UpstreamFailed);
      expect((error as Error).message).toMatch(/expected a signature by [0-9A-F]{16}, found one by [0-9A-F]{16}/);
      expect(await s.get(path, null)).toBe("1");
    },
  );

  test("a text without its signature, and one whose signature is of another", async () => {
    await using s = await setUp();
    await s.publish(1, ours!);
    s.upstream.set("/Release", text("Origin: Acme\nDate: 2\n"));
    s.upstream.set("/InRelease", text("Origin: Acme\nDate: 2\n"));
    expect(String(await failure(s.get("/InRelease")))).toContain("it is not one signed text and nothing else");
    expect(String(await failure(s.get("/Release")))).toContain("found one by");
    s.upstream.set("/Release.gpg", undefined);
    expect(String(await failure(s.get("/Release")))).toContain("expected a signature in /Release.gpg, found none");
  });

  test("what is held from before there were keys is withheld, offline too, and kept", async () => {
    await using s = await setUp();
    await s.publish(1, theirs!);
    for (const path of ["/InRelease", "/Release", "/Release.gpg"] as const) await s.get(path, null);
    const offline = await s.again({ makesUpstreamRequests: false });
    for (const path of ["/InRelease", "/Release"] as const) {
      expect(await failure(s.get(path))).toBeInstanceOf(Withheld);
      expect(await failure(s.get(path, trust, offline))).toBeInstanceOf(Withheld);
      const right: Trust = { keys: [keyFile(await theirs!.binary())], require: [] };
      expect(await s.get(path, right, await s.again({ makesUpstreamRequests: false }))).toBe("1");
    }
  });
});
