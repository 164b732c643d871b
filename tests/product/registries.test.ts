/** Whole registries of every kind that has a list: held, then followed by what each of them says of its changes. */
import { describe, expect, test } from "bun:test";
import { dump } from "../support/registries/whole-cargo.ts";
import { KINDS, type Kind, kindOf, wholeOf } from "../support/registries/whole-kinds.ts";
import { type MavenLies, wholeMaven } from "../support/registries/whole-maven.ts";
import { type PypiLies, wholePypi } from "../support/registries/whole-pypi.ts";
import { TIMEOUT } from "../support/time-limits.ts";
import { wholeProxy } from "../support/whole-proxy.ts";

const SIZE = 40;

async function start(kind: Kind, makeOwn = kind.make) {
  const { ecosystem, upstreams, options } = kind;
  const whole = wholeOf(kind, SIZE);
  const proxy = await wholeProxy({ ecosystem, whole, make: (base) => makeOwn(whole, base), upstreams, options });
  return { whole, proxy, [Symbol.asyncDispose]: () => proxy[Symbol.asyncDispose]() };
}

describe.each(KINDS)("$ecosystem", (kind) => {
  test(
    "all of it is held; then what changed, and nothing else",
    async () => {
      await using all = await start(kind);
      const { whole, proxy } = all;
      const first = await proxy.mirror();
      expect(`${first.code} ${first.stderr}`).toMatch(/^0 /);
      expect(await proxy.standing()).toMatchObject({ packages: { held: SIZE }, gaps: 0 });
      expect(proxy.upstream.count(kind.file)).toBe(SIZE);

      whole.publish(3);
      whole.publish(17);
      whole.add();
      if (kind.forgets) whole.remove(30);
      proxy.upstream.forget();
      const second = await proxy.mirror();
      expect(`${second.code} ${second.stderr}`).toMatch(/^0 /);
      // What no index states the digest of may be asked for again by its validator (304).
      const sent = proxy.upstream.requests.filter(({ path, status }) => kind.file.test(path) && status === 200);
      expect(sent.length).toBe(3);
      const gone = kind.forgets ? 1 : 0;
      expect(await proxy.standing()).toMatchObject({ packages: { held: SIZE + 1 - gone, gone }, gaps: 0 });

      proxy.upstream.forget();
      expect((await proxy.mirror()).code).toBe(0);
      expect(proxy.upstream.count(kind.file)).toBe(0);
    },
    TIMEOUT,
  );
});

test.each([
  ["pypi", /\/simple\/$/],
  ["cargo", /db-dump\.tar\.gz$/],
] as const)(
  "%s: a list that is still the same is not sent again, and what was left out of it is chosen without it",
  async (ecosystem, list) => {
    await using all = await start(kindOf(ecosystem));
    const { whole, proxy } = all;
    const mirror = async (...args: string[]) => {
      proxy.upstream.forget();
      const { code } = await proxy.mirror(...args);
      const statuses = proxy.upstream.requests.filter(({ path }) => list.test(path)).map(({ status }) => status);
      return { code, statuses, files: proxy.upstream.count(kindOf(ecosystem).file) };
    };
    expect(await mirror("--include", "whole-000000*")).toEqual({ code: 0, statuses: [200], files: 10 });
    expect(await mirror()).toEqual({ code: 0, statuses: [304], files: SIZE - 10 });
    whole.publish(7);
    expect(await mirror()).toEqual({ code: 0, statuses: [200], files: 1 });
    expect(await mirror()).toEqual({ code: 0, statuses: [304], files: 0 });
    expect(await mirror("--refresh")).toMatchObject({ code: 0, statuses: [200] });
    const serial = ecosystem === "pypi" ? String(whole.seq) : "";
    expect(await proxy.standing()).toMatchObject({ packages: { held: SIZE }, gaps: 0, checkpoint: serial });
  },
  TIMEOUT,
);

test(
  "a document that is older than the list says is asked for again until it is not",
  async () => {
    const lies: PypiLies = { lags: 3 };
    await using all = await start(kindOf("pypi"), (whole, base) => wholePypi(whole, base, lies));
    expect((await all.proxy.mirror()).code).toBe(0);
    expect(lies.lags).toBe(0);
    expect(await all.proxy.standing()).toMatchObject({ packages: { held: SIZE, failed: 0 }, gaps: 0 });
  },
  TIMEOUT,
);

test(
  "a list without serials has every document asked for again, and no file",
  async () => {
    await using all = await start(kindOf("pypi"), (whole, base) => wholePypi(whole, base, { isHtml: true }));
    expect((await all.proxy.mirror()).code).toBe(0);
    all.whole.publish(5);
    all.proxy.upstream.forget();
    expect((await all.proxy.mirror()).code).toBe(0);
    expect(all.proxy.upstream.count(/\/simple\/whole/)).toBe(SIZE);
    expect(all.proxy.upstream.count(/\.whl$/)).toBe(1);
  },
  TIMEOUT,
);

test(
  "a chunk of the index that is lost leads to the whole index, and to no hole",
  async () => {
    const lies: MavenLies = {};
    await using all = await start(kindOf("maven"), (whole) => wholeMaven(whole, lies));
    const { whole, proxy } = all;
    expect((await proxy.mirror()).code).toBe(0);
    for (const index of [1, 2, 3]) whole.publish(index);
    lies.lost = 2;
    proxy.upstream.forget();
    const again = await proxy.mirror();
    expect([again.code, again.stderr.includes("is no longer there")]).toEqual([0, true]);
    expect(proxy.upstream.count(kindOf("maven").file)).toBe(3);
    expect(await proxy.standing()).toMatchObject({ packages: { held: SIZE }, gaps: 0 });
  },
  TIMEOUT,
);

test(
  "a snapshot stands in for a list that cannot be had",
  async () => {
    await using all = await start({ ...kindOf("cargo"), upstreams: (base) => ({ default: base }) });
    const { whole, proxy } = all;
    const without = await proxy.mirror();
    expect([without.code, without.stderr.includes("--snapshot FILE")]).toEqual([1, true]);
    const file = `${proxy.dir}/db-dump.tar.gz`;
    await Bun.write(file, dump(whole));
    expect((await proxy.mirror("--snapshot", file)).code).toBe(0);
    whole.publish(9);
    await Bun.write(file, dump(whole));
    proxy.upstream.forget();
    expect((await proxy.mirror("--snapshot", file)).code).toBe(0);
    expect(proxy.upstream.count(/\.crate$/)).toBe(1);
    expect(await proxy.standing()).toMatchObject({ packages: { held: SIZE }, gaps: 0 });
  },
  TIMEOUT,
);
