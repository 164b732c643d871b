/** A whole APT repository whose archive is trusted: what a stranger puts in its place is no list. */
import { expect, test } from "bun:test";
import { makeKey } from "../support/registries/debian.ts";
import { wholeDebian } from "../support/registries/whole-debian.ts";
import { kindOf, wholeOf } from "../support/registries/whole-kinds.ts";
import { TIMEOUT } from "../support/time-limits.ts";
import { wholeProxy } from "../support/whole-proxy.ts";

const SIZE = 12;

test.skipIf(Bun.which("gpg") === null)(
  "of what a stranger signed nothing is fetched, and nothing is gone; the archive's next list is followed",
  async () => {
    const kind = kindOf("debian");
    const { ecosystem, upstreams, options } = kind;
    const whole = wholeOf(kind, SIZE);
    const keys = { archive: await makeKey(), stranger: await makeKey() };
    let by: keyof typeof keys = "archive";
    const tree = wholeDebian(whole, {}, { sign: (text) => keys[by].sign(text) });
    await using proxy = await wholeProxy({
      ecosystem,
      whole,
      make: () => tree,
      upstreams,
      options,
      keys: [keys.archive.file],
    });
    expect((await proxy.mirror("--gone", "purge")).code).toBe(0);
    const { packages, checkpoint } = await proxy.standing();
    expect(packages).toMatchObject({ held: SIZE, gone: 0 });

    by = "stranger";
    whole.publish(2);
    whole.remove(3);
    proxy.upstream.forget();
    const forged = await proxy.mirror("--gone", "purge");
    expect(forged.code).toBe(1);
    expect(forged.stderr).toMatch(
      /debian: its list of packages cannot be read: \/dists\/stable\/InRelease is withheld: its openpgp signature/,
    );
    expect(proxy.upstream.requests.filter(({ path }) => !path.endsWith("/InRelease"))).toEqual([]);
    expect(await proxy.standing()).toMatchObject({ packages, checkpoint });

    by = "archive";
    whole.publish(4);
    expect((await proxy.mirror("--gone", "purge")).code).toBe(0);
    expect(await proxy.standing()).toMatchObject({ packages: { held: SIZE - 1, gone: 1 }, gaps: 0 });
    await keys.archive.remove();
    await keys.stranger.remove();
  },
  TIMEOUT,
);

test.skipIf(Bun.which("gpg") === null)(
  "an old signature beside a list that is signed itself keeps no package away, and is not asked for again for each",
  async () => {
    const kind = kindOf("debian");
    const { ecosystem, upstreams, options } = kind;
    const whole = wholeOf(kind, SIZE);
    const archive = await makeKey();
    const sign = async (text: string) => {
      const [{ inline }, { detached }] = [await archive.sign(text), await archive.sign("as it was before\n")];
      return { inline, detached };
    };
    const tree = wholeDebian(whole, {}, { sign });
    await using proxy = await wholeProxy({
      ecosystem,
      whole,
      make: () => tree,
      upstreams,
      options,
      keys: [archive.file],
    });
    const { code, stderr } = await proxy.mirror();
    expect([code, stderr]).toEqual([0, expect.stringContaining("/dists/stable/Release kind=openpgp") as string]);
    expect(await proxy.standing()).toMatchObject({ packages: { held: SIZE }, gaps: 0 });
    const asked = proxy.upstream.requests.filter(({ path }) => path.endsWith("/Release.gpg"));
    // Once for each thread at most.
    expect(asked.length).toBeLessThanOrEqual(navigator.hardwareConcurrency + 1);
    await archive.remove();
  },
  TIMEOUT,
);
