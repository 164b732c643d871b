/** A whole APT repository: what one generation of it names, and then what the next one does. */
import { expect, test } from "bun:test";
import { failing, firstTimes, wrongBytes } from "../support/faults.ts";
import { type DebianLies, wholeDebian } from "../support/registries/whole-debian.ts";
import { kindOf, wholeOf } from "../support/registries/whole-kinds.ts";
import { TIMEOUT } from "../support/time-limits.ts";
import { wholeProxy } from "../support/whole-proxy.ts";

const SIZE = 40;
const ROOT = "/registry/dists/stable/InRelease";

async function repository(lies: DebianLies = {}) {
  const kind = kindOf("debian");
  const whole = wholeOf(kind, SIZE);
  const { ecosystem, upstreams, options, file } = kind;
  const tree = wholeDebian(whole, lies);
  const proxy = await wholeProxy({ ecosystem, whole, make: () => tree, upstreams, options });
  const mirror = async (...args: string[]) => {
    proxy.upstream.forget();
    const { code, stdout, stderr } = await proxy.mirror(...args);
    const indexes = proxy.upstream.requests.filter(({ path, status }) => /by-hash/.test(path) && status === 200).length;
    return {
      code,
      said: stdout + stderr,
      files: proxy.upstream.count(file),
      roots: proxy.upstream.count(ROOT),
      indexes,
    };
  };
  return { whole, proxy, mirror, [Symbol.asyncDispose]: () => proxy[Symbol.asyncDispose]() };
}

test(
  "all that the indexes name is held; the next generation is compared; what did not change is not asked for",
  async () => {
    await using all = await repository();
    const { whole, proxy, mirror } = all;
    const first = await mirror();
    expect(first).toMatchObject({ code: 0, files: SIZE });
    // Not for each package.
    expect(first.roots).toBeLessThan(10);
    expect(await mirror()).toMatchObject({ code: 0, files: 0, roots: 1, indexes: 0 });

    whole.publish(3);
    whole.remove(4);
    expect(await mirror("--gone", "purge")).toMatchObject({ code: 0, files: 1 });
    expect(await proxy.standing()).toMatchObject({ packages: { held: SIZE - 1, gone: 1 }, gaps: 0 });
    const server = await proxy.offline();
    const statusOf = async (index: number, version: string) => {
      const name = whole.nameOf(index);
      return (await fetch(`${server.url}/debian/pool/main/f/${name}/${name}_${version}_all.deb`)).status;
    };
    expect([await statusOf(3, "1.1.0"), await statusOf(4, "1.0.0")]).toEqual([200, 404]);
    expect(await (await fetch(`${server.url}/debian/dists/stable/InRelease`)).text()).toContain("09:01:00 UTC");
    await server.stop();
  },
  TIMEOUT,
);

test(
  "a mirror that is behind, an index that is another and one that fails are no list of what is gone",
  async () => {
    const lies: DebianLies = {};
    await using all = await repository(lies);
    const { whole, proxy, mirror } = all;
    proxy.upstream.fault(/by-hash/, firstTimes(1, failing(500)));
    expect((await mirror()).code).toBe(0);
    for (const index of [5, 6]) whole.publish(index);
    expect((await mirror()).code).toBe(0);
    lies.publication = 0;
    const behind = await mirror();
    expect([behind.code, behind.said.includes("a mirror in between is behind")]).toEqual([1, true]);
    delete lies.publication;
    proxy.upstream.heal();

    whole.remove(7);
    proxy.upstream.fault(/by-hash/, wrongBytes());
    const wrong = await mirror();
    expect([wrong.code, /expected sha512:/.test(wrong.said)]).toEqual([1, true]);
    expect(await proxy.standing()).toMatchObject({ packages: { held: SIZE, gone: 0 } });
    proxy.upstream.heal();
    expect((await mirror()).code).toBe(0);
    expect(await proxy.standing()).toMatchObject({ packages: { held: SIZE - 1, gone: 1 }, gaps: 0 });
  },
  TIMEOUT,
);

test(
  "an archive with a Release beside its signature, and no InRelease, is held like others",
  async () => {
    await using all = await repository();
    const { whole, proxy, mirror } = all;
    proxy.upstream.fault(ROOT, failing(404));
    const first = await mirror();
    expect(first).toMatchObject({ code: 0, files: SIZE });
    expect(first.roots).toBeLessThan(20);
    expect(await proxy.standing()).toMatchObject({ packages: { held: SIZE, gone: 0 }, gaps: 0 });
    whole.publish(2);
    expect(await mirror()).toMatchObject({ code: 0, files: 1 });
  },
  TIMEOUT,
);
