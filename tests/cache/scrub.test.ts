/** What is held is read again: what becomes of blobs that are wrong, by what upstream has. */
import { expect, test } from "bun:test";
import {
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import type { Cache } from "../../src/cache/cache.ts";
import { blobHasher, type HashInput } from "../../src/cache/integrity/hash-blobs.ts";
import { removeBlobs } from "../../src/cache/integrity/removal.ts";
import { Scrub, type ScrubItem, type ScrubOptions } from "../../src/cache/integrity/scrub.ts";
import { documentAt } from "../../src/cache/target.ts";
import { hash } from "../../src/contract/digest.ts";
import { Mirrored } from "../../src/index/sqlite/mirrored.ts";
import { failure } from "../support/engine.ts";
import { LARGE, SMALL, setUp } from "../support/files-cache.ts";
import { publish } from "../support/files-ecosystem.ts";
import { binary } from "../support/tree.ts";

type All = Awaited<ReturnType<typeof setUp>>;

/** `/f/small`, `/f/large` and the index are held. */
async function held(): Promise<All> {
  const all = await setUp();
  for (const path of ["/f/small", "/f/large"] as const) await all.get(path);
  await all.cache.drain();
  all.upstream.forget();
  return all;
}

async function scrubbed(all: All, { cache = all.cache, ...options }: Partial<ScrubOptions> & { cache?: Cache } = {}) {
  all.clock.advance(1);
  const items: ScrubItem[] = [];
  const scrub = new Scrub(cache, {
    mounts: new Map([["files", all.mount]]),
    hash: blobHasher(cache.context.storage),
    lanes: 2,
    rate: 0,
    since: cache.context.now(),
    tell: (item) => items.push(item),
    ...options,
  });
  await scrub.run();
  const outcomes = Object.fromEntries(items.map(({ path, outcome }) => [path, outcome]));
  return { items, outcomes, progress: scrub.progress };
}

const fileOf = ({ cache }: All, bytes: Uint8Array) => cache.context.storage.file(hash("sha256", bytes));

function corrupt(file: string, at = 100): void {
  const bytes = readFileSync(file);
  bytes[at]! ^= 1;
  writeFileSync(file, bytes);
}

const quarantined = ({ dir }: All) =>
  existsSync(join(dir, "quarantine-v1")) ? readdirSync(join(dir, "quarantine-v1")) : [];

test("all that is right is said so, and nothing is asked for", async () => {
  await using all = await held();
  const { items, progress } = await scrubbed(all);
  expect(progress).toMatchObject({ blobs: 3, total: 3, verified: 3, repaired: 0, lost: 0, unknown: 0 });
  expect(progress.bytes).toBe(all.cache.context.blobs.totals().bytes);
  expect(progress.totalBytes).toBe(progress.bytes);
  expect(items.find(({ path }) => path === "/f/small")).toEqual({
    mount: "files",
    path: "/f/small",
    purl: "pkg:files/file@small",
    digest: `sha256:${hash("sha256", SMALL)}`,
    size: SMALL.length,
    origin: `${all.upstream.url}/f/small`,
    outcome: "verified",
  });
  expect(all.upstream.requests).toHaveLength(0);
  expect(quarantined(all)).toEqual([]);
});

const damages: Record<string, (file: string) => void> = {
  "a byte": (file) => corrupt(file),
  "the last byte of a large one": (file) => corrupt(file, LARGE.length - 1),
  "the end": (file) => truncateSync(file, 1_000),
  everything: (file) => truncateSync(file, 0),
  "more bytes": (file) => writeFileSync(file, "more", { flag: "a" }),
  "the file": (file) => rmSync(file),
};

for (const [damage, harm] of Object.entries(damages))
  test(`${damage} is wrong: quarantined and fetched again, with its use and its pin`, async () => {
    await using all = await held();
    const { artifacts, commit } = all.cache.context;
    const file_ = { mount: "files", path: "/f/large" };
    const owner = await commit("ownPins", { kind: "request", name: "test", title: "a test" });
    await commit("pin", { owner, mount: file_.mount, paths: [file_.path] });
    await commit("countUse", { at: 5_000, artifacts: [{ ...file_, hits: 7 }], documents: [] });
    const file = fileOf(all, LARGE);
    harm(file);
    const bad = existsSync(file) ? readFileSync(file) : undefined;
    const { items, progress, outcomes } = await scrubbed(all);
    expect(outcomes).toEqual({ "/f/small": "verified", "/index.json": "verified", "/f/large": "repaired" });
    expect(progress).toMatchObject({ verified: 2, repaired: 1, lost: 0 });
    expect(readFileSync(file).equals(LARGE)).toBe(true);
    expect(artifacts.find("files", "/f/large")).toMatchObject({ hits: 7, usedAt: 5_000, pinned: true });
    const { expected, found, quarantine, digest } = items.find(({ path }) => path === "/f/large")!;
    expect([expected, digest]).toEqual([`sha256:${hash("sha256", LARGE)}`, `sha256:${hash("sha256", LARGE)}`]);
    expect(found).toBe(bad ? `sha256:${hash("sha256", bad)}` : "absent");
    // Kept for a look.
    expect(quarantine ? readFileSync(quarantine) : undefined).toEqual(bad);
    expect(all.upstream.count("/f/large")).toBe(1);
    expect((await scrubbed(all)).progress).toMatchObject({ verified: 3, repaired: 0 });
  });

test("a file that nothing vouches for must be what it was: other bytes are not taken", async () => {
  await using all = await held();
  await all.get("/raw/small");
  await all.cache.drain();
  await all.database.writer.write(() => all.tables.artifacts.remove("files", "/f/small"));
  corrupt(fileOf(all, SMALL));
  all.upstream.set("/raw/small", binary(Uint8Array.from(SMALL, (byte) => byte ^ 1)));
  const { items, outcomes } = await scrubbed(all);
  expect(outcomes["/raw/small"]).toBe("lost");
  expect(items.find(({ path }) => path === "/raw/small")).toMatchObject({
    mount: "files",
    expected: `sha256:${hash("sha256", SMALL)}`,
    reason: expect.stringMatching(/expected sha256:.*found sha256:/) as string,
    quarantine: expect.stringContaining("quarantine-v1") as string,
  });
  expect(await all.held("/raw/small")).toBe(false);
  expect(all.cache.context.artifacts.find("files", "/raw/small")).toBeUndefined();
});

const failing: Record<string, (all: All) => void> = {
  "has it no more": ({ upstream }) => upstream.set("/f/large", undefined),
  "has other bytes": ({ upstream }) => upstream.set("/f/large", binary(new Uint8Array(LARGE.length))),
  "says 503": ({ upstream }) => upstream.set("/f/large", { status: 503, body: "" }),
};

for (const [what, set] of Object.entries(failing))
  test(`upstream ${what}: lost, not listed, and the next mirror looks again`, async () => {
    await using all = await held();
    const mirrored = new Mirrored(all.database);
    const purls = ["pkg:files/file@large", "pkg:files/file@largest", "pkg:files/file@small", "pkg:files/file"];
    await all.database.writer.write(() => {
      for (const purl of purls) mirrored.settle({ mount: "files", purl, choice: "", at: 1, files: 1, failure: null });
    });
    corrupt(fileOf(all, LARGE));
    set(all);
    const { progress, outcomes } = await scrubbed(all);
    expect(outcomes).toEqual({ "/f/small": "verified", "/index.json": "verified", "/f/large": "lost" });
    expect(progress).toMatchObject({ lost: 1 });
    expect(existsSync(fileOf(all, LARGE))).toBe(false);
    expect(quarantined(all)).toHaveLength(1);
    expect(all.cache.context.blobs.totals()).toMatchObject({ blobs: 2, artifacts: 1 });
    expect(
      mirrored
        .whole("files", purls, [])
        .map(({ purl }) => purl)
        .sort(),
    ).toEqual([purls[1]!, purls[2]!].sort());
  });

test("offline nothing is dialled: what is wrong is quarantined and lost", async () => {
  await using all = await held();
  corrupt(fileOf(all, SMALL));
  const { outcomes } = await scrubbed(all, { cache: await all.again({ makesUpstreamRequests: false }) });
  expect(outcomes["/f/small"]).toBe("lost");
  expect(all.upstream.requests).toHaveLength(0);
  expect(quarantined(all)).toHaveLength(1);
  expect(await all.held("/f/small")).toBe(false);
});

test("a document comes again, in the version that upstream has now, with what it states", async () => {
  await using all = await held();
  const { documents, storage } = all.cache.context;
  const before = documents.find("files", "/index.json")!;
  corrupt(storage.file(before.sha256));
  const added = new TextEncoder().encode("new");
  publish(all.upstream, { small: SMALL, large: LARGE, added });
  const { items, outcomes } = await scrubbed(all);
  expect(outcomes["/index.json"]).toBe("repaired");
  const after = documents.find("files", "/index.json")!;
  expect(after.sha256).not.toBe(before.sha256);
  expect(items.find(({ path }) => path === "/index.json")).toMatchObject({
    digest: `sha256:${after.sha256}`,
    expected: `sha256:${before.sha256}`,
    origin: `${all.upstream.url}/index.json`,
  });
  expect(documents.page("files", "/index.json", "/f/added")).toContain(hash("sha256", added));
  expect((await scrubbed(all)).progress).toMatchObject({ total: 3, verified: 3 });
});

test("one path that upstream still has brings the bytes back for all that share them", async () => {
  await using all = await held();
  await all.get("/raw/large");
  await all.cache.drain();
  corrupt(fileOf(all, LARGE));
  all.upstream.set("/f/large", undefined);
  const { outcomes } = await scrubbed(all);
  expect(outcomes).toMatchObject({ "/f/large": "repaired", "/raw/large": "repaired" });
  expect((await all.get("/f/large")).equals(LARGE)).toBe(true);
});

test("files that no row names stay, and are counted when they are a day old; removed on request, where there are no more", async () => {
  await using all = await held();
  const { storage } = all.cache.context;
  const [old, young] = ["old", "young"].map((name) => storage.file(hash("sha256", name))) as [string, string];
  const other = join(dirname(fileOf(all, SMALL)), "README");
  for (const file of [old, young, other]) await Bun.write(file, file === young ? "young" : "old");
  const dayBefore = Date.now() / 1_000 - 90_000;
  for (const file of [old, other, fileOf(all, SMALL)]) utimesSync(file, dayBefore, dayBefore);
  expect((await scrubbed(all, { sample: 1 })).progress.unknown).toBe(0);
  const told = expect.objectContaining({ digest: `sha256:${hash("sha256", "old")}`, size: 3, path: "" }) as never;
  const found = await scrubbed(all);
  expect(found.progress).toMatchObject({ unknown: 1, unknownBytes: 3, removed: 0, lost: 0, repaired: 0 });
  expect(found.items.filter(({ outcome }) => outcome === "unknown")).toEqual([told]);
  expect(existsSync(old)).toBe(true);
  expect(String(await failure(scrubbed(all, { removeUnknown: 0 })))).toContain(
    "this database does not know 1 file of the store",
  );
  expect(existsSync(old)).toBe(true);
  const { items, progress } = await scrubbed(all, { removeUnknown: 1 });
  expect(progress).toMatchObject({ unknown: 0, removed: 1, lost: 0, repaired: 0 });
  expect(items.filter(({ outcome }) => outcome === "unknown removed")).toEqual([told]);
  expect([old, young, other, fileOf(all, SMALL)].map((file) => existsSync(file))).toEqual([false, true, true, true]);
});

test("a sample is of those verified longest ago; those verified of late can be left out", async () => {
  await using all = await held();
  const seen = async (options: Partial<ScrubOptions>) => Object.keys((await scrubbed(all, options)).outcomes);
  const day = 86_400_000;
  all.clock.advance(day);
  const now = all.cache.context.now();
  const [first, second, third] = [await seen({ sample: 1 }), [] as string[], [] as string[]];
  all.clock.advance(1_000);
  second.push(...(await seen({ sample: 1 })));
  all.clock.advance(1_000);
  third.push(...(await seen({ sample: 1 })));
  expect([...first, ...second, ...third].sort()).toEqual(["/f/large", "/f/small", "/index.json"]);
  all.clock.advance(1_000);
  expect(await seen({ sample: 2 })).toEqual(expect.arrayContaining([...first, ...second]) as string[]);
  // Only the third was last verified before this.
  expect(await seen({ since: now + 2_500 })).toEqual(third);
  expect(await seen({ since: now })).toEqual([]);
});

test("a bounded rate is kept over all files", async () => {
  await using all = await held();
  const started = performance.now();
  const { progress } = await scrubbed(all, { rate: 6_000_000 });
  const seconds = (performance.now() - started) / 1_000;
  expect(progress.bytes).toBeGreaterThan(3_000_000);
  // The last pause comes after the last byte: never faster than asked.
  expect(progress.bytes / seconds).toBeLessThan(6_100_000);
  expect(seconds).toBeLessThan(3);
});

/** Runs something between the reading of a blob and what is done about it. */
const after = (all: All, act: () => unknown) => {
  const read = blobHasher(all.cache.context.storage);
  let acted = false;
  return async (input: HashInput) => {
    const found = await read(input);
    if (!acted) {
      acted = true;
      await act();
    }
    return found;
  };
};

test("a blob that was evicted while it was read is nobody's loss", async () => {
  await using all = await held();
  const { storage } = all.cache.context;
  const sha256 = hash("sha256", SMALL);
  rmSync(storage.file(sha256));
  const evict = async () => {
    await all.database.writer.write(() => all.tables.artifacts.remove("files", "/f/small"));
    await removeBlobs(all.cache.context, await all.index.commit("releaseBlobs", { sha256s: [sha256], now: 1 }));
  };
  const { outcomes, progress } = await scrubbed(all, { hash: after(all, evict) });
  expect(outcomes["/f/small"]).toBeUndefined();
  expect(progress).toMatchObject({ lost: 0, repaired: 0 });
});

test("a blob that another process has repaired since is left alone", async () => {
  await using all = await held();
  const file = fileOf(all, SMALL);
  corrupt(file);
  const other = await all.again({});
  const repair = async () => {
    rmSync(file);
    await all.get("/f/small", other);
    await other.drain();
  };
  const { progress } = await scrubbed(all, { hash: after(all, repair) });
  expect(progress).toMatchObject({ repaired: 0, lost: 0 });
  expect(quarantined(all)).toEqual([]);
  expect(readFileSync(file).equals(SMALL)).toBe(true);
  expect(all.upstream.count("/f/small")).toBe(1);
});

test("a blob placed again after its row went is not removed as an unknown one before its new row is there", async () => {
  await using all = await held();
  const { artifacts, blobs, commit } = all.cache.context;
  const file = fileOf(all, SMALL);
  const row = artifacts.find("files", "/f/small")!;
  await all.database.writer.write(() => all.tables.artifacts.remove("files", "/f/small"));
  await commit("releaseBlobs", { sha256s: [row.sha256], now: 1 });
  await commit("forgetBlobs", { sha256s: [row.sha256] });
  const past = Date.now() / 1_000 - 90_000;
  utimesSync(file, past, past);
  // The row is committed after the look at the rows.
  const known = blobs.known.bind(blobs);
  let isCommitted = false;
  blobs.known = (sha256s) => {
    const found = known(sha256s);
    if (isCommitted || !sha256s.includes(row.sha256)) return found;
    isCommitted = true;
    void commit("storeArtifact", { row });
    return found;
  };
  const { progress } = await scrubbed(all, { removeUnknown: 1 });
  expect([isCommitted, progress.removed, existsSync(file)]).toEqual([true, 0, true]);
});

test("a store that cannot be read is an error, and not a loss", async () => {
  await using all = await held();
  const file = fileOf(all, SMALL);
  rmSync(file);
  // A link to itself in its place.
  symlinkSync(file, file);
  expect(await failure(scrubbed(all))).toMatchObject({ code: "ELOOP" });
  expect(all.cache.context.artifacts.find("files", "/f/small")).toBeDefined();
});

test("what its index does not state any more is fetched anew, or reported and kept; what nothing states is named", async () => {
  await using all = await held();
  await all.get("/raw/small");
  await all.cache.drain();
  const other = new Uint8Array(SMALL).fill(1);
  publish(all.upstream, { small: other, large: LARGE });
  all.upstream.set("/f/small", binary(SMALL));
  all.clock.advance(400_000);
  await all.get("/index.json");
  await all.get("/index.json");
  await all.cache.documents.load(documentAt(all.mount, "/index.json")!, { force: true });
  const stated = `sha256:${hash("sha256", other)}`;
  const first = await scrubbed(all);
  expect(first.outcomes).toMatchObject({ "/f/small": "mismatch", "/raw/small": "unverified", "/f/large": "verified" });
  expect(first.progress).toMatchObject({ mismatched: 1, unverified: 1, repaired: 0 });
  expect(first.items.find(({ path }) => path === "/f/small")).toMatchObject({
    expected: stated,
    found: `sha256:${hash("sha256", SMALL)}`,
  });
  all.upstream.set("/f/small", binary(other));
  const second = await scrubbed(all);
  expect(second.outcomes).toMatchObject({ "/f/small": "repaired" });
  expect((await all.get("/f/small")).equals(Buffer.from(other))).toBe(true);
});
