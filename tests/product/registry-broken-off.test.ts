/** A first list that was broken off: what it led to is not asked for again, and what happened meanwhile is not missed. */
import { expect, test } from "bun:test";
import { failing, slowDrip } from "../support/faults.ts";
import { program } from "../support/proxy.ts";
import { type Kind, kindOf, wholeOf } from "../support/registries/whole-kinds.ts";
import { type MavenLies, wholeMaven } from "../support/registries/whole-maven.ts";
import { TIMEOUT } from "../support/time-limits.ts";
import { rowsIn, type WholeProxy, wholeProxy } from "../support/whole-proxy.ts";

async function broken(ecosystem: Kind["ecosystem"], size: number, make = kindOf(ecosystem).make) {
  const kind = kindOf(ecosystem);
  const whole = wholeOf(kind, size);
  const proxy = await wholeProxy({ ...kind, whole, make: (base) => make(whole, base) });
  await proxy.run("jobs");
  return { whole, proxy, [Symbol.asyncDispose]: () => proxy[Symbol.asyncDispose]() };
}

function heldIn(proxy: WholeProxy): string[] {
  const rows = rowsIn<{ name: string }>(proxy, "SELECT name FROM listed WHERE state = 'held'");
  return rows.map(({ name }) => name);
}

/** Mirrors it until so many packages are held, and kills that. Returns those that were. */
async function killedAt(proxy: WholeProxy, ecosystem: string, count: number): Promise<string[]> {
  const command = [...program(), "mirror", "--registry", ecosystem, "--config", `${proxy.dir}/proxy-0.yaml`];
  const child = Bun.spawn(command, { stdout: "ignore", stderr: "ignore", cwd: proxy.dir });
  while (heldIn(proxy).length < count) await Bun.sleep(50);
  child.kill("SIGKILL");
  await child.exited;
  return heldIn(proxy);
}

test(
  "maven: the index is read again, and documents of packages that are held are not; its chunks tell what changed since",
  async () => {
    const size = 120;
    await using all = await broken("maven", size, (whole) => wholeMaven(whole, { described: 8_192 }));
    const { whole, proxy } = all;
    proxy.upstream.fault(/\.index\/.*\.gz$/, slowDrip(50_000));
    const held = await killedAt(proxy, "maven", 20);
    expect(held.length).toBeLessThan(size);
    expect((await proxy.standing()).listing).toBe(true);
    proxy.upstream.heal();
    whole.publish(3);
    proxy.upstream.forget();
    expect((await proxy.mirror()).code).toBe(0);
    expect(await proxy.standing()).toMatchObject({ packages: { held: size }, gaps: 0, listing: false });
    const again = held.filter(
      (name) => proxy.upstream.count(`/registry/${name.replaceAll(".", "/")}/maven-metadata.xml`) > 0,
    );
    expect(again).toEqual([whole.nameOf(3).replace(":", "/")]);
    expect(proxy.upstream.count(/a0000003-1\.1\.0\.jar$/)).toBe(1);
  },
  TIMEOUT,
);

test(
  "maven: an index that is another one by then is compared, in the same run",
  async () => {
    const size = 120;
    const lies: MavenLies = { described: 8_192 };
    await using all = await broken("maven", size, (whole) => wholeMaven(whole, lies));
    const { whole, proxy } = all;
    proxy.upstream.fault(/\.index\/.*\.gz$/, slowDrip(50_000));
    await killedAt(proxy, "maven", 20);
    proxy.upstream.heal();
    whole.publish(3);
    whole.remove(4);
    lies.chain = "another";
    lies.lost = 2;
    const { code, stderr } = await proxy.mirror();
    expect([code, stderr.includes("its index is another one")]).toEqual([0, true]);
    expect(await proxy.standing()).toMatchObject({ packages: { held: size - 1, gone: 1 }, gaps: 0 });
    expect(proxy.upstream.count(/a0000003-1\.1\.0\.jar$/)).toBe(1);
  },
  TIMEOUT,
);

test(
  "nuget: what was deleted between two lists, of which the first was broken off, is gone",
  async () => {
    const size = 40;
    await using all = await broken("nuget", size);
    const { whole, proxy } = all;
    proxy.upstream.fault(/\/page0\.json$/, failing(404));
    expect((await proxy.mirror()).code).toBe(1);
    expect(heldIn(proxy)).toContain(whole.nameOf(size - 1));
    proxy.upstream.heal();
    whole.remove(size - 1);
    proxy.upstream.forget();
    expect((await proxy.mirror()).code).toBe(0);
    expect(await proxy.standing()).toMatchObject({ packages: { held: size - 1, gone: 1 }, gaps: 0 });
    // The last page has ten of them, and the one before it fifteen.
    expect(proxy.upstream.count(/\.nupkg$/)).toBe(15);
  },
  TIMEOUT,
);
