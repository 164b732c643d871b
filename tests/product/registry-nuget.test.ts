/** A whole NuGet feed: a log of changes in pages, listed from its end and followed from where it was. */
import { expect, test } from "bun:test";
import { kindOf, wholeOf } from "../support/registries/whole-kinds.ts";
import { type NugetLies, wholeNuget } from "../support/registries/whole-nuget.ts";
import { TIMEOUT } from "../support/time-limits.ts";
import { wholeProxy } from "../support/whole-proxy.ts";

const SIZE = 40;

async function feed(lies: NugetLies = {}) {
  const kind = kindOf("nuget");
  const whole = wholeOf(kind, SIZE);
  const { ecosystem, upstreams, file } = kind;
  const proxy = await wholeProxy({ ecosystem, whole, make: (base) => wholeNuget(whole, base, lies), upstreams });
  const mirror = async (...args: string[]) => {
    proxy.upstream.forget();
    const { code, stdout, stderr } = await proxy.mirror(...args);
    const [files, pages] = [file, /\/page\d+\.json$/].map((pattern) => proxy.upstream.count(pattern));
    return { code, said: stdout + stderr, files, pages };
  };
  return { whole, proxy, mirror, [Symbol.asyncDispose]: () => proxy[Symbol.asyncDispose]() };
}

test(
  "what changed often is asked for once; what is deleted goes; only pages that are newer are read",
  async () => {
    await using all = await feed();
    const { whole, proxy, mirror } = all;
    for (const index of [1, 1, 1, 2]) whole.publish(index);
    whole.remove(39);
    const first = await mirror();
    // 39 packages and four more versions.
    expect(first).toMatchObject({ code: 0, files: SIZE - 1 + 4 });
    expect(proxy.upstream.count(`/registry/v3-flatcontainer/${whole.nameOf(1)}/index.json`)).toBe(1);
    expect(proxy.upstream.count(new RegExp(`/v3-flatcontainer/${whole.nameOf(39)}/`))).toBe(0);
    expect(await proxy.standing()).toMatchObject({ packages: { held: SIZE - 1, gone: 0 }, gaps: 0 });

    whole.publish(5);
    whole.remove(6);
    expect(await mirror("--gone", "purge")).toMatchObject({ code: 0, files: 1, pages: 1 });
    expect(await proxy.standing()).toMatchObject({ packages: { held: SIZE - 2, gone: 1 }, gaps: 0 });
    expect(await mirror()).toMatchObject({ code: 0, files: 0, pages: 0 });

    const server = await proxy.offline();
    const statusOf = async (index: number, version: string) => {
      const id = whole.nameOf(index);
      return (await fetch(`${server.url}/nuget/v3-flatcontainer/${id}/${version}/${id}.${version}.nupkg`)).status;
    };
    expect([await statusOf(5, "1.1.0"), await statusOf(6, "1.0.0")]).toEqual([200, 404]);
    await server.stop();
  },
  TIMEOUT,
);

test(
  "pages and lists from caches that are behind are asked for again, and leave no hole",
  async () => {
    const lies: NugetLies = {};
    await using all = await feed(lies);
    const { whole, proxy, mirror } = all;
    expect((await mirror()).code).toBe(0);
    whole.publish(7);
    lies.isBehind = 1;
    lies.lags = 2;
    expect(await mirror()).toMatchObject({ code: 0, files: 1, pages: 2 });
    expect(lies).toMatchObject({ isBehind: 0, lags: 0 });
    whole.publish(8);
    lies.isBehind = 10;
    const behind = await mirror();
    expect([behind.code, behind.said.includes("a cache in between is behind")]).toEqual([1, true]);
    lies.isBehind = 0;
    expect(await mirror()).toMatchObject({ code: 0, files: 1 });
    expect(await proxy.standing()).toMatchObject({ packages: { held: SIZE }, gaps: 0 });
  },
  TIMEOUT,
);

test(
  "a catalog that began anew is listed and compared: what changed is held, what is gone is known",
  async () => {
    const lies: NugetLies = {};
    await using all = await feed(lies);
    const { whole, proxy, mirror } = all;
    expect((await mirror()).code).toBe(0);
    whole.publish(10);
    whole.remove(11);
    lies.resets = 1;
    const again = await mirror();
    expect(again).toMatchObject({ code: 0, files: 1 });
    expect(again.said).toContain("starts anew");
    expect(await proxy.standing()).toMatchObject({ packages: { held: SIZE - 1, gone: 1 }, gaps: 0 });
  },
  TIMEOUT,
);
