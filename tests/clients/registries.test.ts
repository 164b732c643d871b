/** A whole registry is mirrored, its upstream stops, and real clients install what they like of it. */
import { expect, test } from "bun:test";
import { clients } from "../support/clients/all.ts";
import { outcome } from "../support/clients/client.ts";
import { lacks, proves } from "../support/proven.ts";
import { KINDS, wholeOf } from "../support/registries/whole-kinds.ts";
import { mountOf, setStage } from "../support/story.ts";
import { TIMEOUT } from "../support/time-limits.ts";

const SIZE = 60;
/** Packages that are installed: any, but the same in each run. */
const SAMPLE = [7, 31, 58];

/** apt has a stage of its own, in debian.test.ts. */
const NAMES: Readonly<Record<string, string>> = {
  npm: "npm",
  pypi: "pip",
  cargo: "cargo",
  golang: "go",
  maven: "mvn",
  gem: "bundler",
  nuget: "dotnet",
};

for (const kind of KINDS.filter(({ ecosystem }) => ecosystem in NAMES)) {
  const name = NAMES[kind.ecosystem]!;
  const client = clients.find((each) => each.name === name)!;
  const missing = client.unavailable();
  lacks(kind.ecosystem, client.name, missing);
  test.skipIf(missing !== undefined)(
    `${name}: the registry mirrored and then followed, its upstream stopped, a sample installed`,
    async () => {
      const whole = wholeOf(kind, SIZE);
      const stage = await setStage(client, { registry: (base) => kind.make(whole, base), prefix: "/whole" });
      const { default: _, ...upstreams } = kind.upstreams(stage.registry);
      const online = await stage.serve("store", { upstreams });
      // Maven's own plugins are no part of it.
      if (name === "mvn") {
        const warm = await stage.install(online, "warm", { packages: { [whole.nameOf(0)]: kind.asked("1.0.0") } });
        expect(outcome(warm)).toBe("installed");
      }
      const mirror = () => online.run(["mirror", "--registry", mountOf(client)], 120);
      const first = await mirror();
      expect(`${first.code} ${first.stdout}${first.stderr}`).toMatch(/^0 /);
      whole.publish(SAMPLE[1]!);
      const second = await mirror();
      expect(`${second.code} ${second.stdout}${second.stderr}`).toMatch(/^0 /);
      await online.stop();
      await stage.upstream.close();

      const offline = await stage.serve("store", { upstreams, offline: true });
      const versions = SAMPLE.map((index) => [whole.nameOf(index), index === SAMPLE[1] ? "1.1.0" : "1.0.0"] as const);
      const packages = Object.fromEntries(versions.map(([each, version]) => [each, kind.asked(version)]));
      expect(outcome(await stage.install(offline, "clean", { packages }))).toBe("installed");
      for (const [each, version] of versions)
        expect((await client.installed(stage.dir("clean"), each))?.replace(/^v/, "")).toBe(version);
      proves(kind.ecosystem, client.name, "registry", client.program);
    },
    TIMEOUT,
  );
}
