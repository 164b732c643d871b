/** What is particular to Maven: several repositories behind one URL, and snapshots. */
import { expect, test } from "bun:test";
import { outcome } from "../support/clients/client.ts";
import { mvn } from "../support/clients/mvn.ts";
import { debianMaven } from "../support/registries/debian-maven.ts";
import { makeMaven } from "../support/registries/maven.ts";
import { purlOf, setStage } from "../support/story.ts";
import { TIMEOUT } from "../support/time-limits.ts";
import { overlay } from "../support/tree.ts";

test.skipIf(mvn.unavailable() !== undefined)(
  "an artifact of the second repository, and a snapshot: installed, mirrored, unplugged",
  async () => {
    const packages = { "ex.fx:second": "1.0", "ex.fx:snap": "1.0-SNAPSHOT" };
    const { serve, install, dir, upstream } = await setStage(mvn, {
      packages,
      registry: () => overlay(makeMaven([{ name: "ex.fx:snap", versions: { "1.0-SNAPSHOT": {} } }]), debianMaven),
    });
    const portal = upstream.mount("/portal", () =>
      makeMaven([
        { name: "ex.fx:snap", versions: { "1.0-SNAPSHOT": { size: 10 } } },
        { name: "ex.fx:second", versions: { "1.0": {} } },
      ]),
    );
    const upstreams = { gradle_plugin_portal: portal };
    const online = await serve("store", { upstreams });
    expect(outcome(await install(online, "first"))).toBe("installed");
    expect(await mvn.installed(dir("first"), "ex.fx:second")).toBe("1.0");
    expect(await mvn.installed(dir("first"), "ex.fx:snap")).toMatch(/^1\.0-(SNAPSHOT|20240101\.000000-1)$/);
    expect(upstream.count(/^\/portal\/ex\/fx\/second\/.*\.jar$/, "GET")).toBe(1);
    // The first repository that has it answers.
    expect(upstream.count(/^\/up\/ex\/fx\/snap\/.*\.jar$/, "GET")).toBe(1);
    expect(upstream.count(/^\/portal\/ex\/fx\/snap\/.*\.jar$/)).toBe(0);

    const purls = Object.entries(packages).map(([name, version]) => purlOf(mvn, name, version));
    const mirrored = await online.run(["mirror", ...purls]);
    expect([mirrored.code, mirrored.stdout]).toEqual([0, expect.stringContaining("0 failed") as string]);
    await online.stop();
    await upstream.down();
    const offline = await serve("store", { upstreams, offline: true });
    expect(outcome(await install(offline, "unplugged"))).toBe("installed");
    expect(await mvn.installed(dir("unplugged"), "ex.fx:second")).toBe("1.0");
    expect(await mvn.installed(dir("unplugged"), "ex.fx:snap")).toBeString();
  },
  TIMEOUT,
);
