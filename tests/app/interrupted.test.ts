/** A mirror that is told to end, by a person or by a service manager, says what becomes of it, and is gone on with. */
import { expect, test } from "bun:test";
import { slowDrip } from "../support/faults.ts";
import { npmProxy } from "../support/npm-proxy.ts";
import { program } from "../support/proxy.ts";
import { TIMEOUT } from "../support/time-limits.ts";

test.each([
  ["SIGINT", 130],
  ["SIGTERM", 143],
] as const)(
  "%s",
  async (signal, code) => {
    await using all = await npmProxy();
    all.upstream.fault(/many-.*\.tgz$/, slowDrip(2_000));
    const command = [...program(), "mirror", "pkg:npm/many", "--config", all.proxy.configFile];
    const child = Bun.spawn(command, { stdout: "ignore", stderr: "pipe" });
    while (all.upstream.count(/many-.*\.tgz$/) < 2) await Bun.sleep(50);
    child.kill(signal);
    expect([await child.exited, await child.stderr.text()]).toEqual([
      code,
      expect.stringMatching(/interrupted; what is held stays held, and proxy mirror --resume=\S+ goes on/) as string,
    ]);
    all.upstream.heal();
    expect((await all.proxy.run(["mirror", "--resume"])).code).toBe(0);
  },
  TIMEOUT,
);
