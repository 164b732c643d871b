/** A whole registry mirrored by processes that are killed again and again, from an upstream that breaks one answer in twenty. */
import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { join } from "node:path";
import { cutAfter, type Fault, failing, hangUp, wrongBytes } from "../support/faults.ts";
import { program } from "../support/proxy.ts";
import { npmTarball } from "../support/registries/npm.ts";
import { hex } from "../support/registries/package.ts";
import { kindOf, wholeOf } from "../support/registries/whole-kinds.ts";
import { TIMEOUT } from "../support/time-limits.ts";
import { wholeProxy } from "../support/whole-proxy.ts";

const SIZE = 300;
const SEED = Number(process.env["CHAOS_SEED"] ?? 7);
const FILE = /\.tgz$/;

/** Mulberry32: the same numbers for the same seed. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

test(
  `seed ${SEED}: no hole, no wrong byte, no file twice but what was under way, and a checkpoint that is exact`,
  async () => {
    const next = random(SEED);
    const kind = kindOf("npm");
    const whole = wholeOf(kind, SIZE);
    await using proxy = await wholeProxy({ ...kind, whole, make: (base) => kind.make(whole, base) });
    const faults: readonly Fault[] = [hangUp(), cutAfter(40), failing(500), failing(429), wrongBytes()];
    const broken = new Map<string, number>();
    proxy.upstream.fault(/./, (reply, request) => {
      const fault = next() < 0.05 ? faults[Math.floor(next() * faults.length)] : undefined;
      if (!fault) return reply;
      broken.set(request.path, (broken.get(request.path) ?? 0) + 1);
      return fault(reply, request);
    });

    // The first one makes the configuration.
    await proxy.run("jobs");
    const config = `${proxy.dir}/proxy-0.yaml`;
    let kills = 0;
    for (let turn = 0; ; turn++) {
      expect(turn).toBeLessThan(60);
      if (turn % 3 === 1) whole.publish(Math.floor(next() * SIZE));
      const command = [...program(), "mirror", "--registry", "npm", "--json", "--config", config];
      const child = Bun.spawn(command, { stdout: "ignore", stderr: "ignore", cwd: proxy.dir });
      const code = await Promise.race([child.exited, kills < 12 ? Bun.sleep(600 + next() * 900) : child.exited]);
      if (code === undefined) {
        child.kill("SIGKILL");
        await child.exited;
        kills++;
      } else if (code === 0 && kills >= 3) break;
    }
    // What was published after the last look of a killed one.
    proxy.upstream.heal();
    expect((await proxy.mirror()).code).toBe(0);

    const { packages, gaps, checkpoint } = await proxy.standing();
    expect([packages.held, gaps]).toEqual([SIZE, 0]);
    expect(JSON.parse(checkpoint ?? "{}")).toEqual({ since: String(whole.seq) });
    const held = rows(join(proxy.dir, "proxy.db"));
    const expected = Array.from(whole.indexes()).flatMap((index) => {
      const pack = whole.packageOf(index);
      return Object.keys(pack.versions).map((version) => hex("sha256", npmTarball(pack, version)));
    });
    expect(held.length).toBe(expected.length);
    expect(new Set(held.map(({ sha256 }) => sha256))).toEqual(new Set(expected));
    // Each kill may cost what was under way: a few files a lane.
    const asked = held.map(
      ({ path }) => proxy.upstream.count(`/registry${path}`) - (broken.get(`/registry${path}`) ?? 0),
    );
    expect(Math.min(...asked)).toBeGreaterThanOrEqual(1);
    expect(asked.reduce((sum, count) => sum + count - 1, 0)).toBeLessThanOrEqual(kills * 16);
    expect((await proxy.run("verify", "--json")).code).toBe(0);
    expect(proxy.upstream.count(FILE)).toBeGreaterThan(SIZE);
  },
  TIMEOUT,
);

function rows(file: string): { path: string; sha256: string }[] {
  using database = new Database(file, { readonly: true });
  return database.query<{ path: string; sha256: string }, []>("SELECT path, sha256 FROM artifacts").all();
}
