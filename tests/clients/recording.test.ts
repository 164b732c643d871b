/** A client's own resolver makes the closure: it installs through a recording, and what it asked for is a set to mirror and verify. */
import { expect, test } from "bun:test";
import { clients } from "../support/clients/all.ts";
import { outcome } from "../support/clients/client.ts";
import { mountOf, setStage } from "../support/story.ts";
import { TIMEOUT } from "../support/time-limits.ts";

/** Those that send the password of the registry's address with every request. */
const CARRY = ["npm", "pip", "bundler"];

for (const name of ["npm", "pip", "cargo", "go", "mvn", "bundler"]) {
  const client = clients.find((each) => each.name === name)!;
  test.skipIf(client.unavailable() !== undefined)(
    `${name}: recorded, verified, then offline`,
    async () => {
      const stage = await setStage(client);
      const carries = CARRY.includes(name);
      const online = await stage.serve("store", carries ? {} : { config: { mirror_api: "open" } });
      const address = carries ? online.url.replace("//", `//any:${online.token()}@`) : online.url;
      const recorded = await stage.install(`${address}/@record/build/${mountOf(client)}`, "first");
      expect(outcome(recorded)).toBe("installed");
      await online.stop();
      const offline = await stage.serve("store", { offline: true });
      const shown = await offline.run(["sets", "show", "build", "--json"]);
      expect((JSON.parse(shown.stdout) as unknown[]).length).toBeGreaterThan(1);
      const verified = await offline.run(["verify", "--set", "build"]);
      expect([verified.code, verified.stdout]).toEqual([0, expect.stringContaining(" 0 holes") as string]);
      await stage.upstream.close();
      const installed = await stage.install(offline, "second");
      expect(outcome(installed)).toBe("installed");
      expect((await offline.run(["sets"])).stdout).toMatch(/^build {2}\d+ paths/);
    },
    TIMEOUT,
  );
}
