/** An upstream that says of everything that it is not there has not lost everything. */
import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { join } from "node:path";
import { failing } from "../support/faults.ts";
import { kindOf, wholeOf } from "../support/registries/whole-kinds.ts";
import { TIMEOUT } from "../support/time-limits.ts";
import { wholeProxy } from "../support/whole-proxy.ts";

const SIZE = 60;

test(
  "documents that are missing by the dozen are failures, and nothing of their packages is purged",
  async () => {
    const kind = kindOf("npm");
    const whole = wholeOf(kind, SIZE);
    await using proxy = await wholeProxy({ ...kind, whole, make: (base) => kind.make(whole, base) });
    expect((await proxy.mirror()).code).toBe(0);
    proxy.upstream.fault(/\/whole-\d+$/, failing(404));
    const emptied = await proxy.mirror("--refresh", "--gone", "purge");
    expect([emptied.code, /\d+ of \d+ packages are gone, more than 2 %/.test(emptied.stdout)]).toEqual([1, true]);
    // As many as a list may lack.
    expect(await proxy.standing()).toMatchObject({ packages: { failed: SIZE - 10, gone: 10 } });
    proxy.upstream.heal();
    proxy.upstream.forget();
    expect((await proxy.mirror()).code).toBe(0);
    expect(await proxy.standing()).toMatchObject({ packages: { held: SIZE - 10, gone: 10 } });
    expect(proxy.upstream.count(kind.file)).toBe(0);

    // An hour later they are looked for once more.
    using database = new Database(join(proxy.dir, "proxy.db"));
    database.run("UPDATE listed SET not_before = 1 WHERE state = 'gone' AND not_before > 0");
    expect((await proxy.mirror()).code).toBe(0);
    expect(await proxy.standing()).toMatchObject({ packages: { held: SIZE, gone: 0 }, gaps: 0 });
    expect(proxy.upstream.count(kind.file)).toBe(10);

    proxy.upstream.fault(/\/whole-\d+$/, failing(404));
    expect((await proxy.mirror("--refresh", "--allow-shrink")).code).toBe(0);
    expect(await proxy.standing()).toMatchObject({ packages: { held: 0, gone: SIZE } });
  },
  TIMEOUT,
);

for (const [ecosystem, shared] of [
  ["helm", /\/index\.yaml$/],
  ["debian", /\/(?:In)?Release$/],
] as const)
  test(
    `${ecosystem}: an index of many packages that is missing says nothing of any`,
    async () => {
      const kind = kindOf(ecosystem);
      const whole = wholeOf(kind, SIZE);
      await using proxy = await wholeProxy({ ...kind, whole, make: (base) => kind.make(whole, base) });
      expect((await proxy.mirror()).code).toBe(0);
      proxy.upstream.fault(shared, failing(404));
      expect((await proxy.mirror("--refresh")).code).toBe(1);
      expect(await proxy.standing()).toMatchObject({ packages: { failed: SIZE, gone: 0 } });
      proxy.upstream.heal();
      expect((await proxy.mirror()).code).toBe(0);
      expect(await proxy.standing()).toMatchObject({ packages: { held: SIZE, gone: 0 }, gaps: 0 });
    },
    TIMEOUT,
  );
