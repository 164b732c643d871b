/** Built-in plugins, loaded from outside: their clients notice no difference. */
import { expect, test } from "bun:test";
import { join } from "node:path";
import { asOutside, outsideId } from "../support/as-outside.ts";
import { cargo } from "../support/clients/cargo.ts";
import { outcome } from "../support/clients/client.ts";
import { npm } from "../support/clients/npm.ts";
import { pip } from "../support/clients/pip.ts";
import { projects } from "../support/projects.ts";
import { runProxy, startProxy } from "../support/proxy.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { TIMEOUT } from "../support/time-limits.ts";
import { startUpstream } from "../support/upstream.ts";

for (const client of [npm, pip, cargo]) {
  const { ecosystem: id } = client;
  const { registry, packages, expected } = projects[id];
  test.skipIf(client.unavailable() !== undefined)(
    `${client.name}: through the proxy; mirrored, unplugged, installed, with the plugin of ${id} from outside`,
    async () => {
      await using folder = await temporaryFolder();
      const upstream = await startUpstream();
      const url = upstream.mount("/up", registry);
      const plugin = await asOutside({ id }, join(folder.path, "plugins"));
      const options = (store: string) => ({
        dir: join(folder.path, store),
        config: {
          plugins: [plugin],
          mounts: { [outsideId(id)]: { ecosystem: outsideId(id), upstreams: { default: url } } },
        },
      });
      const install = async (base: string, project: string) => {
        const dir = join(folder.path, project);
        expect(outcome(await client.install({ dir, url: `${base}/${outsideId(id)}`, packages }))).toBe("installed");
        for (const [name, version] of Object.entries(expected))
          expect([name, await client.installed(dir, name)]).toEqual([name, version]);
      };
      const online = await startProxy(options("online"));
      await install(online.url, "first");
      await online.stop();

      const purls = Object.entries(expected).map(
        ([name, version]) => `pkg:${outsideId(id)}/${name.replace("@", "%40")}@${version}`,
      );
      const mirrored = await runProxy(options("mirror"), ["mirror", ...purls]);
      expect([mirrored.code, mirrored.stderr]).toEqual([0, mirrored.stderr]);
      await upstream.close();
      const offline = await startProxy({ ...options("mirror"), offline: true });
      await install(offline.url, "unplugged");
      await offline.stop();
    },
    TIMEOUT,
  );
}
