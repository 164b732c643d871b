/** The tests' own ground, proven without the product: real clients install from generated upstreams, and refuse tampering. */
import { describe, expect, test } from "bun:test";
import { clients } from "./clients/all.ts";
import { type Client, outcome } from "./clients/client.ts";
import { go } from "./clients/go.ts";
import { type Fault, instead } from "./faults.ts";
import { GO_MODULES, projects, type SampleProject } from "./projects.ts";
import { startSumdb } from "./registries/sumdb.ts";
import { temporaryFolder } from "./temporary-folder.ts";
import { TIMEOUT } from "./time-limits.ts";
import { entryAt } from "./tree.ts";
import { startUpstream } from "./upstream.ts";

async function versions(client: Client, dir: string): Promise<Record<string, string | undefined>> {
  const names = Object.keys(projects[client.ecosystem].expected);
  const found = names.map(async (name) => [name, await client.installed(dir, name)] as const);
  return Object.fromEntries(await Promise.all(found));
}

/** The dependency's file, as well-formed as the true one, with other content. */
function forgery({ forged, artifact }: SampleProject): Fault {
  const path = Array.from(forged.keys?.() ?? []).find((key) => artifact.test(key));
  return instead(entryAt(forged, path ?? ""));
}

for (const client of clients) {
  const project = projects[client.ecosystem];
  test.skipIf(client.unavailable() !== undefined)(
    `${client.name} installs a package and its dependency, the same from its lockfile and another registry, and no forgery`,
    async () => {
      await using folder = await temporaryFolder();
      const options = { dir: folder.path, packages: project.packages };
      // The lockfile of npm keeps the path of its registry, and npm puts that of the other before it: so this one has none.
      const first = await startUpstream();
      const url = first.mount("", project.registry);
      expect(outcome(await client.install({ ...options, url }))).toBe("installed");
      expect(await versions(client, options.dir)).toEqual(project.expected);
      expect(first.count(project.artifact, "GET")).toBeGreaterThan(0);
      await first.close();

      const second = await startUpstream();
      const other = second.mount("/deeper/mirror", project.registry);
      const locked = { ...options, url: other, ...(client.lockfile && { lockedAgainst: url }) };
      expect(outcome(await client.install(locked))).toBe("installed");
      expect(await versions(client, options.dir)).toEqual(project.expected);
      expect(second.count(project.artifact, "GET")).toBeGreaterThan(0);

      second.fault(project.artifact, forgery(project));
      const forged = await client.install({ ...locked, ...(client.lockfile && { lockedAgainst: other }) });
      if (client.trusts) expect(outcome(forged)).toBe("installed");
      else {
        expect(forged.code).not.toBeOneOf([0, 124]);
        expect(forged.stdout + forged.stderr).toMatch(/integrity|checksum|hash/i);
      }
      await second.close();
    },
    TIMEOUT,
  );
}

describe.skipIf(go.unavailable() !== undefined)("the Go checksum database", () => {
  const { packages, expected, registry } = projects.golang;

  test(
    "confirms the modules, and refuses one that was changed",
    async () => {
      await using folder = await temporaryFolder();
      const dir = folder.path;
      const upstream = await startUpstream();
      const url = upstream.mount("/go", registry);
      const sumdb = await startSumdb(GO_MODULES);
      const env = { GOSUMDB: sumdb.direct };
      expect(outcome(await go.install({ dir, url, packages, env }))).toBe("installed");
      expect(await versions(go, dir)).toEqual(expected);
      expect(await Bun.file(`${dir}/go.sum`).text()).toContain("fx.example/Lower v1.0.0 h1:");

      upstream.fault(projects.golang.artifact, forgery(projects.golang));
      const refused = await go.install({ dir, url, packages, env });
      expect(refused.stderr).toContain("SECURITY ERROR");
      await sumdb.close();
      await upstream.close();
    },
    TIMEOUT,
  );
});
