/** Who ran the Go peer starts this program with the same file: its keys are known, and clients and monitoring find what they had. */
import { expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { startProxy } from "../support/proxy.ts";
import { makeNpm } from "../support/registries/npm.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { TIMEOUT } from "../support/time-limits.ts";
import { startUpstream } from "../support/upstream.ts";

/** All keys of its example configuration, with its values but for addresses. What stands empty there is empty here. */
const exampleOf = (npm: string) => ({
  base_url: "http://packages.example:8080",
  storage: { url: "", path: "./cache/artifacts", max_size: "", direct_serve: false, direct_serve_ttl: "15m" },
  database: { driver: "sqlite", path: "./cache/proxy.db", url: "" },
  log: { level: "info", format: "text" },
  access_log: { path: "" },
  upstream: {
    npm,
    maven: "https://maven.example/maven2",
    gradle_plugin_portal: "https://plugins.example/m2",
    cargo: "https://index.example",
    cargo_download: "https://static.example/crates",
    debian: "http://debian.example/debian",
    auth: null,
  },
  gradle: { build_cache: { read_only: false, max_upload_size: "100MB", max_age: "168h", sweep_interval: "10m" } },
  health: { storage_probe_interval: "30s" },
  cooldown: null,
});

test(
  "its example configuration starts, serves by any host, and says what has no effect",
  async () => {
    await using folder = await temporaryFolder();
    const upstream = await startUpstream();
    const npm = upstream.mount("/npm", (base) => makeNpm([{ name: "fx", versions: { "1.0.0": {} } }], base));
    const proxy = await startProxy({ dir: folder.path, config: exampleOf(npm) });
    const document = await fetch(`${proxy.url}/npm/fx`);
    expect(document.status).toBe(200);
    // Links are those of base_url; other names of this server are not refused.
    const { versions } = (await document.json()) as { versions: Record<string, { dist: { tarball: string } }> };
    expect(versions["1.0.0"]?.dist.tarball).toBe("http://packages.example:8080/npm/fx/-/fx-1.0.0.tgz");
    const file = await fetch(`${proxy.url}/npm/fx/-/fx-1.0.0.tgz`);
    expect([file.status, (await file.bytes()).length > 0]).toEqual([200, true]);

    const health = (await (await fetch(`${proxy.url}/health`)).json()) as { status: string; checks: object };
    expect([health.status, Object.keys(health.checks)]).toEqual(["ok", ["storage", "database"]]);
    const stats = async () =>
      (await (await fetch(`${proxy.url}/stats`)).json()) as { cached_artifacts: number; database_path: string };
    // Its row is written after the file is sent.
    while ((await stats()).cached_artifacts !== 1) await Bun.sleep(20);
    expect((await stats()).database_path).toEndWith("cache/proxy.db");
    const metrics = await (await fetch(`${proxy.url}/metrics`)).text();
    for (const name of [
      "requests_total",
      "cache_hits_total",
      "cache_misses_total",
      "cached_artifacts_total",
      "active_requests",
    ])
      expect(metrics).toContain(`proxy_${name}`);
    expect(existsSync(join(folder.path, "cache/proxy.db"))).toBe(true);
    expect(proxy.stderr()).toMatch(/gradle\.build_cache.*no effect/);
    expect(await proxy.stop()).toBe(0);
    await upstream.close();
  },
  TIMEOUT,
);
