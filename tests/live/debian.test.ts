/** A small smoke by ordinary use: apt reads a suite of the live archive through the proxy, its signature checked, and downloads a package. */
import { expect, onTestFinished, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { apt, unavailable, update } from "../support/clients/apt.ts";
import { outcome } from "../support/clients/client.ts";
import { startProxy } from "../support/proxy.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { reached } from "./reached.ts";

const KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg";
const TRIES = 3;

test.skipIf(unavailable() !== undefined || !existsSync(KEYRING) || !(await reached("debian")))(
  "apt updates from the live archive and downloads hello",
  async () => {
    const folder = await temporaryFolder();
    const proxy = await startProxy({
      dir: join(folder.path, "proxy"),
      config: {},
    });
    onTestFinished(async () => {
      await proxy.stop();
      await folder.remove();
    }, 30_000);
    const dir = join(folder.path, "root");
    // The archive may be in the middle of an update.
    for (let tries = 1; ; tries++) {
      const updated = await update({ dir, source: `${proxy.url}/debian trixie main`, key: KEYRING });
      if (updated.code === 0 || tries === TRIES) expect(outcome(updated)).toBe("installed");
      if (updated.code === 0) break;
      await Bun.sleep(5_000);
    }
    expect(outcome(await apt(dir, "download", "hello"))).toBe("installed");
    expect([...new Bun.Glob("hello_*.deb").scanSync(dir)]).toHaveLength(1);
    const held = await (await fetch(`${proxy.url}/stats`)).json();
    expect(JSON.stringify(held)).toContain("debian");
  },
  300_000,
);
