/** A whole registry of gems: one file that only grows, until it is written anew. */
import { expect, test } from "bun:test";
import { type Fault, failing, firstTimes } from "../support/faults.ts";
import { type GemLies, wholeGem } from "../support/registries/whole-gem.ts";
import { kindOf, wholeOf } from "../support/registries/whole-kinds.ts";
import { represent } from "../support/representation.ts";
import { TIMEOUT } from "../support/time-limits.ts";
import { wholeProxy } from "../support/whole-proxy.ts";

const SIZE = 40;
const VERSIONS = "/registry/versions";

async function gems(lies: GemLies = {}) {
  const kind = kindOf("gem");
  const whole = wholeOf(kind, SIZE);
  const { ecosystem, upstreams, file } = kind;
  const tree = wholeGem(whole, lies);
  const proxy = await wholeProxy({ ecosystem, whole, make: () => tree, upstreams });
  const mirror = async (...args: string[]) => {
    proxy.upstream.forget();
    const { code, stdout, stderr } = await proxy.mirror(...args);
    return { code, said: stdout + stderr, files: proxy.upstream.count(file), infos: proxy.upstream.count(/\/info\//) };
  };
  const asked = () => proxy.upstream.requests.filter(({ path }) => path === VERSIONS);
  const withoutRanges: Fault = async (_reply, request) => {
    const versions = tree.get("/versions");
    const entry = typeof versions === "function" ? await versions(request) : versions;
    return represent(entry!, request, { ranges: false });
  };
  return { whole, proxy, mirror, asked, withoutRanges, [Symbol.asyncDispose]: () => proxy[Symbol.asyncDispose]() };
}

test(
  "what was appended is read, and no more; a yank is no longer listed; an unchanged list is not sent again",
  async () => {
    await using all = await gems();
    const { whole, proxy, mirror, asked } = all;
    expect(await mirror()).toMatchObject({ code: 0, files: SIZE });
    whole.publish(3);
    expect(await mirror()).toMatchObject({ code: 0, files: 1, infos: 1 });
    expect(asked().map(({ status, headers }) => [status, headers["range"]?.replace(/\d{4,}/, "N")])).toEqual([
      [206, "bytes=N-"],
      [206, "bytes=0-255"],
    ]);
    expect(await mirror()).toMatchObject({ code: 0, files: 0, infos: 0 });
    expect(asked().map(({ status }) => status)).toEqual([304]);

    whole.remove(30);
    expect(await mirror("--gone", "purge")).toMatchObject({ code: 0, files: 0 });
    expect(await proxy.standing()).toMatchObject({ packages: { held: SIZE - 1, gone: 1 }, gaps: 0 });
    const server = await proxy.offline();
    const statusOf = async (path: string) => (await fetch(`${server.url}/gem${path}`)).status;
    expect([
      await statusOf(`/gems/${whole.nameOf(30)}-1.0.0.gem`),
      await statusOf(`/info/${whole.nameOf(30)}`),
    ]).toEqual([404, 404]);
    expect(await (await fetch(`${server.url}/gem/info/${whole.nameOf(3)}`)).text()).toContain("1.1.0 ");
    await server.stop();
  },
  TIMEOUT,
);

test(
  "a list that was written anew is compared by sums; one that shrank, too; and one that is sent whole goes on",
  async () => {
    const lies: GemLies = {};
    await using all = await gems(lies);
    const { whole, proxy, mirror } = all;
    expect((await mirror()).code).toBe(0);
    for (const index of [5, 6, 7]) whole.publish(index);
    expect((await mirror()).code).toBe(0);
    whole.publish(8);
    whole.remove(9);
    lies.rebuilt = 1;
    const rebuilt = await mirror();
    expect(rebuilt).toMatchObject({ code: 0, files: 1, infos: 1 });
    expect(rebuilt.said).toContain("starts anew");
    expect(await proxy.standing()).toMatchObject({ packages: { held: SIZE - 1, gone: 1 }, gaps: 0 });

    // No ranges: the head of what was read is the same, so the rest of it counts.
    proxy.upstream.fault(VERSIONS, all.withoutRanges);
    whole.publish(10);
    const sent = await mirror();
    expect(sent).toMatchObject({ code: 0, files: 1, infos: 1 });
    expect(sent.said).not.toContain("starts anew");
    proxy.upstream.heal();

    for (let index = 11; index < 15; index++) whole.remove(index);
    lies.rebuilt = 2;
    const shrunk = await mirror();
    expect(shrunk).toMatchObject({ code: 0, files: 0, infos: 0 });
    expect(shrunk.said).toMatch(/shorter than|written anew/);
    expect(await proxy.standing()).toMatchObject({ packages: { held: SIZE - 5, gone: 5 }, gaps: 0 });
  },
  TIMEOUT,
);

test(
  "an info that is what it was before is asked for again until it is what was listed; broken answers are, too",
  async () => {
    const lies: GemLies = {};
    await using all = await gems(lies);
    const { whole, proxy, mirror } = all;
    proxy.upstream.fault(VERSIONS, firstTimes(1, failing(500)));
    expect((await mirror()).code).toBe(0);
    whole.publish(20);
    lies.lags = 2;
    expect(await mirror()).toMatchObject({ code: 0, files: 1, infos: 3 });
    expect(await proxy.standing()).toMatchObject({ packages: { held: SIZE, failed: 0 }, gaps: 0 });
  },
  TIMEOUT,
);
