/** What cargo asks a registry beside building, online and with nothing to dial. */
import { expect, test } from "bun:test";
import { join } from "node:path";
import { cargo } from "../support/clients/cargo.ts";
import { outcome } from "../support/clients/client.ts";
import { homeOf, run, write } from "../support/clients/run.ts";
import type { Proxy as Running } from "../support/proxy.ts";
import { purlOf, said, setStage } from "../support/story.ts";
import { TIMEOUT } from "../support/time-limits.ts";

/** Replacing the default registry is for builds: `cargo search` wants one by its own name. */
async function ask(proxy: Running, dir: string, ...command: readonly string[]) {
  const settings = `[registries.proxy]\nindex = "sparse+${proxy.url}/cargo/"\n[net]\nretry = 0\n`;
  const folder = join(homeOf(dir), crypto.randomUUID());
  await write(folder, { "config.toml": settings });
  const env = { CARGO_HOME: folder, RUSTUP_HOME: process.env["RUSTUP_HOME"] ?? `${process.env["HOME"]}/.rustup` };
  return run({ dir, url: proxy.url, packages: {} }, env, ["cargo", ...command, "--registry", "proxy"]);
}

test.skipIf(cargo.unavailable() !== undefined)(
  "cargo search and cargo info are answered, online from the registry and offline from what is held",
  async () => {
    const { serve, dir, upstream } = await setStage(cargo);
    const online = await serve("store");
    const search = await ask(online, dir("project"), "search", "fx");
    expect(search.stdout).toContain('fx-upper = "1.1.0"');
    expect(search.stdout).toContain('fx-lower = "1.0.0"');
    const info = await ask(online, dir("project"), "info", "fx-upper");
    expect(said(info)).toMatch(/version: 1\.1\.0/);
    await online.stop();

    const mirroring = await serve("held");
    expect((await mirroring.run(["mirror", purlOf(cargo, "fx-upper", "1.0.0")])).code).toBe(0);
    await mirroring.stop();
    await upstream.down();
    const offline = await serve("held", { offline: true });
    const found = await ask(offline, dir("project"), "search", "fx");
    expect(outcome(found)).toBe("installed");
    expect(found.stdout).toContain('fx-upper = "1.0.0"');
    expect(found.stdout).not.toContain("fx-lower");
    expect(said(await ask(offline, dir("project"), "info", "fx-upper"))).toMatch(/version: 1\.0\.0/);
    const absent = await ask(offline, dir("project"), "info", "fx-absent");
    expect([absent.code, said(absent)]).toEqual([101, expect.stringContaining("could not find `fx-absent`") as string]);
  },
  TIMEOUT,
);
