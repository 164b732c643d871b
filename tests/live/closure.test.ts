/**
 * A closure from one package URL, by ordinary use of the live registries; then clean clients install from what is held, with
 * nothing dialled. Where a registry cannot be reached the test says so and is skipped.
 */
import { expect, onTestFinished, test } from "bun:test";
import { join } from "node:path";
import { clients } from "../support/clients/all.ts";
import { outcome } from "../support/clients/client.ts";
import { runProxy, startProxy } from "../support/proxy.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { reached } from "./reached.ts";

/** One package URL, and what clients are told to install of it. Those without a version are for those who ask for the newest. */
const ROOTS = {
  npm: { purls: ["pkg:npm/express"], name: "express", range: "*" },
  pypi: { purls: ["pkg:pypi/flask"], name: "flask", range: "" },
  cargo: { purls: ["pkg:cargo/serde_json"], name: "serde_json", range: "1" },
  golang: { purls: ["pkg:golang/github.com/spf13/cobra"], name: "github.com/spf13/cobra", range: "latest" },
  maven: {
    // Maven downloads with a plugin, which is a package like others, and the version of it that this Maven asks for.
    purls: [
      "pkg:maven/org.slf4j/slf4j-simple@2.0.16",
      "pkg:maven/org.apache.maven.plugins/maven-dependency-plugin@3.5.0",
    ],
    name: "org.slf4j:slf4j-simple",
    range: "2.0.16",
  },
} as const;

for (const ecosystem of Object.keys(ROOTS) as (keyof typeof ROOTS)[]) {
  const able = clients.filter((client) => client.ecosystem === ecosystem && client.unavailable() === undefined);
  const { purls, name, range } = ROOTS[ecosystem];
  test.skipIf(able.length === 0 || !(await reached(ecosystem)))(
    `${purls.join(" and ")} with dependencies, then offline: ${able.map((client) => client.name).join(", ")}`,
    async () => {
      const folder = await temporaryFolder();
      const options = { dir: join(folder.path, "proxy"), config: {} };
      const mirrored = await runProxy(options, ["mirror", "--deps", ...purls, "--concurrency", "8"]);
      expect([mirrored.code, mirrored.stdout]).toEqual([0, expect.stringContaining(" 0 failed") as string]);
      const proxy = await startProxy({ ...options, offline: true });
      onTestFinished(async () => {
        await proxy.stop();
        await folder.remove();
      }, 60_000);
      const url = `${proxy.url}/${ecosystem === "golang" ? "go" : ecosystem}`;
      for (const client of able) {
        const dir = join(folder.path, `${client.name}-${crypto.randomUUID()}`);
        const installed = await client.install({ dir, url, packages: { [name]: range }, env: { GOSUMDB: "" } });
        expect([client.name, outcome(installed)]).toEqual([client.name, "installed"]);
        expect(await client.installed(dir, name)).toBeString();
      }
    },
    420_000,
  );
}
