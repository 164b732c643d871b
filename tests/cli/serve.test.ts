/** How a server ends. What is being sent at that moment is `tests/product/observability.test.ts`'s business. */
import { expect, test } from "bun:test";
import { failure } from "../support/engine.ts";
import { slowDrip } from "../support/faults.ts";
import { BIG, npmProxy } from "../support/npm-proxy.ts";
import { TIMEOUT } from "../support/time-limits.ts";

/** A server that is in the middle of sending what takes half a minute. */
async function sending(config: Record<string, unknown>) {
  const all = await npmProxy(config);
  all.upstream.fault(/big-1\.0\.0\.tgz$/, slowDrip(150_000));
  const response = await fetch(`${all.proxy.url}${BIG}`);
  const cut = failure(response.bytes());
  return { ...all, cut };
}

test(
  "told twice, it ends at once",
  async () => {
    await using all = await sending({});
    const started = performance.now();
    process.kill(all.proxy.pid, "SIGINT");
    await Bun.sleep(500);
    expect(all.proxy.stderr()).toContain("stopping");
    expect(await all.proxy.stop()).toBe(0);
    expect(await all.cut).toBeInstanceOf(Error);
    expect(performance.now() - started).toBeLessThan(3_000);
    expect(all.proxy.stderr()).toMatch(/broken off because=SIGTERM/);
  },
  TIMEOUT,
);

test(
  "when the grace is over, it breaks off, and the next one goes on with what is there",
  async () => {
    await using all = await sending({ shutdown_grace: "500ms" });
    expect(await all.proxy.stop()).toBe(0);
    expect(await all.cut).toBeInstanceOf(Error);
    expect(all.proxy.stderr()).toMatch(/broken off because="the grace is over"/);
    all.upstream.heal();
    expect((await all.proxy.run(["mirror", "pkg:npm/big@1.0.0"])).code).toBe(0);
    expect(
      all.upstream.requests.filter(({ path }) => path.endsWith("big-1.0.0.tgz")).map(({ status }) => status),
    ).toEqual([200, 206]);
  },
  TIMEOUT,
);

test(
  "told to stop, new requests are refused",
  async () => {
    await using all = await sending({ shutdown_grace: "3s" });
    const stopping = all.proxy.stop();
    await Bun.sleep(500);
    expect(await failure(fetch(`${all.proxy.url}/health`))).toBeInstanceOf(Error);
    expect(await stopping).toBe(0);
  },
  TIMEOUT,
);
