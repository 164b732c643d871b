/** Chart repositories as wholes: what their indexes list. */
import { expect, test } from "bun:test";
import { failing, instead } from "../support/faults.ts";
import { Whole } from "../support/registries/whole.ts";
import { wholeHelm } from "../support/registries/whole-helm.ts";
import { kindOf, wholeOf } from "../support/registries/whole-kinds.ts";
import { TIMEOUT } from "../support/time-limits.ts";
import { text } from "../support/tree.ts";
import { wholeProxy } from "../support/whole-proxy.ts";

const SIZE = 30;

async function repositories() {
  const kind = kindOf("helm");
  const whole = wholeOf(kind, SIZE);
  const second = new Whole({ size: 2, nameOf: (index) => `other-${index}` });
  const { ecosystem, upstreams, file } = kind;
  const own = wholeHelm(whole);
  const other = wholeHelm(second);
  const make = () => ({
    get: (key: string) => (key.startsWith("/other") ? other.get(key.slice("/other".length)) : own.get(key)),
  });
  const both = (base: string) => ({ ...upstreams(base), other: upstreams(`${base}/other`).default });
  const proxy = await wholeProxy({ ecosystem, whole, make, upstreams: both });
  const mirror = async () => {
    proxy.upstream.forget();
    const { code, stdout, stderr } = await proxy.mirror();
    const indexes = proxy.upstream.requests.filter(({ path }) => path.endsWith("/index.yaml"));
    return {
      code,
      said: stdout + stderr,
      files: proxy.upstream.count(file),
      indexes: indexes.length,
      sent: indexes.filter(({ status }) => status === 200).length,
    };
  };
  return { whole, second, proxy, mirror, [Symbol.asyncDispose]: () => proxy[Symbol.asyncDispose]() };
}

test(
  "two repositories are one list; an index that is as it was is not sent, and not asked for again for each chart",
  async () => {
    await using all = await repositories();
    const { whole, second, proxy, mirror } = all;
    const first = await mirror();
    expect(first).toMatchObject({ code: 0, files: SIZE + 2 });
    expect(first.indexes).toBeLessThan(10);
    expect(await mirror()).toMatchObject({ code: 0, files: 0, indexes: 2, sent: 0 });
    second.publish(1);
    whole.remove(3);
    expect(await mirror()).toMatchObject({ code: 0, files: 1 });
    expect(await proxy.standing()).toMatchObject({ packages: { held: SIZE + 1, gone: 1 }, gaps: 0 });
  },
  TIMEOUT,
);

test(
  "a repository that cannot be read, or whose index is none, has no charts given up",
  async () => {
    await using all = await repositories();
    const { whole, second, proxy, mirror } = all;
    expect((await mirror()).code).toBe(0);
    const behind = async () => {
      // It is the second one that is broken below, and the first one here.
      proxy.upstream.fault("/registry/charts-of-all/index.yaml", failing(403));
      second.publish(0);
      const { code, said, files } = await mirror();
      expect([code, said.includes("default: 127.0.0.1"), files]).toEqual([1, true, 1]);
      proxy.upstream.heal();
    };
    await behind();
    whole.publish(1);
    for (const fault of [failing(404), instead(text("<html>sign in</html>\n")), instead(text("apiVersion: v1\n"))]) {
      proxy.upstream.fault("/registry/other/charts-of-all/index.yaml", fault);
      const broken = await mirror();
      expect([broken.code, broken.said.includes("its list of packages cannot be read")]).toEqual([1, true]);
      expect(await proxy.standing()).toMatchObject({ packages: { gone: 0 } });
      proxy.upstream.heal();
    }
    expect((await mirror()).code).toBe(0);
    expect(await proxy.standing()).toMatchObject({ packages: { held: SIZE + 2, gone: 0 }, gaps: 0 });
  },
  TIMEOUT,
);
