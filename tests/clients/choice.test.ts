/**
 * What clients choose where they may not see all of an index: under a cooldown, and offline, where only what is held is listed.
 * What they may not have is refused at once, in words that each shows its user.
 */
import { expect, test } from "bun:test";
import { clients } from "../support/clients/all.ts";
import { type Client, outcome, type Result } from "../support/clients/client.ts";
import { purlOf, said, setStage } from "../support/story.ts";
import { TIMEOUT } from "../support/time-limits.ts";
import { twoReleases } from "../support/two-releases.ts";

/** Nothing waits for an upstream that is not there. Seconds. */
const AT_ONCE = 20;

interface Words {
  /** Asked for a release that is not listed. */
  pinned: RegExp;
  /** A lockfile names it. */
  locked?: RegExp;
  /** A package of which nothing is held. */
  absent: RegExp;
}

const WITHHELD = /1\.1\.0 is withheld by the cooldown until \d{4}-/;
const NOT_HELD = /absent\S* is not held here, and this proxy is offline/;
const only = /from versions: 1\.0\.0/;
const candidates = /candidate versions found which didn't match: 1\.0\.0/;
const said403 = /403/;
const unable = /NU1102: Unable to find package fx-pair with version \(= 1\.1\.0\)/;

/** Clients that show what the server says show why; the others have words of their own. */
const WORDS: Readonly<Record<string, Words>> = {
  npm: { pinned: /No matching version found for fx-pair@1\.1\.0/, locked: WITHHELD, absent: NOT_HELD },
  pnpm: {
    pinned: /No matching version found/,
    locked: /fx-pair@1\.1\.0 could not be checked/,
    absent: /Not Found - 404/,
  },
  "yarn-classic": { pinned: /versions for "fx-pair" that matches "1\.1\.0"/, locked: said403, absent: NOT_HELD },
  "yarn-berry": {
    pinned: /fx-pair@npm:1\.1\.0: No candidates/,
    locked: said403,
    absent: /fx-absent\S* Package not found/,
  },
  bun: { pinned: /No version matching "1\.1\.0"/, locked: said403, absent: /fx-absent - 404/ },
  pip: { pinned: only, locked: only, absent: /No matching distribution found for fx-absent/ },
  uv: { pinned: /no version of fx-pair==1\.1\.0/, locked: WITHHELD, absent: /fx-absent was not found/ },
  poetry: {
    pinned: /fx-pair \(1\.1\.0\) which doesn't match/,
    locked: /fx-pair \(1\.1\.0\) not found/,
    absent: /fx-absent \(\*\) which/,
  },
  cargo: { pinned: candidates, locked: candidates, absent: /no matching package named `fx-absent` found/ },
  go: { pinned: /withheld by the cooldown until|v1\.1\.0\.info is not held here/, locked: WITHHELD, absent: NOT_HELD },
  dotnet: { pinned: unable, locked: unable, absent: /NU1101: Unable to find package fx-absent/ },
  gem: {
    pinned: /Could not find a valid gem 'fx-pair' \(= 1\.1\.0\)/,
    absent: /Could not find a valid gem 'fx-absent'/,
  },
  bundler: {
    pinned: /gems matching 'fx-pair':\s+\* fx-pair-1\.0\.0\s/,
    locked: /locked to fx-pair \(1\.1\.0\)[\s\S]*can no longer be\s+found/,
    absent: /Could not find gem 'fx-absent'/,
  },
  mvn: { pinned: /ex\.fx:pair:\w+:1\.1\b/, absent: /No versions available for ex\.fx:absent/ },
};

function expectRefused(result: Result, words: RegExp): void {
  expect(said(result)).toMatch(words);
  expect(result.code).not.toBeOneOf([0, 124]);
  expect(result.seconds).toBeLessThan(AT_ONCE);
}

async function set(client: Client) {
  const pair = twoReleases[client.ecosystem];
  const { name, any, registry, old, young, pin } = pair;
  // npm keeps the path of the registry in its lockfile, and would put the proxy's before it: so this one has none.
  const stage = await setStage(client, { registry, packages: { [name]: any }, prefix: "" });
  return { name, old, young, stage, pinned: { packages: { [name]: pin(young) } } };
}

for (const client of clients) {
  const words = WORDS[client.name]!;

  test.skipIf(client.unavailable() !== undefined)(
    `${client.name}: a cooldown hides what is too young, and refuses it to lockfiles`,
    async () => {
      const { name, old, young, stage, pinned } = await set(client);
      const { serve, install, dir } = stage;
      const free = await serve("free");
      expect(outcome(await install(free, "free"))).toBe("installed");
      expect(await client.installed(dir("free"), name)).toBe(young);
      await free.stop();

      const proxy = await serve("cooling", { config: { cooldown: { default: "7d" } } });
      expect(outcome(await install(proxy, "cooled"))).toBe("installed");
      expect(await client.installed(dir("cooled"), name)).toBe(old);
      expectRefused(await install(proxy, "pinned", pinned), words.pinned);
      if (words.locked) {
        expect(outcome(await install(stage.registry, "locked", pinned))).toBe("installed");
        expectRefused(await install(proxy, "locked", { ...pinned, lockedAgainst: stage.registry }), words.locked);
      }
      const why = async (version: string) => (await proxy.run(["why", purlOf(client, name, version)])).stdout;
      expect(await why(old)).toMatch(/admitted: .* 2024-01-01T00:00:00\.000Z, older than its cooldown\n {2}held: \//);
      expect(await why(young)).toMatch(/withheld by the cooldown until .*\n {2}held: no/);
    },
    TIMEOUT,
  );

  test.skipIf(client.unavailable() !== undefined)(
    `${client.name}: offline, what is held is all there is`,
    async () => {
      const { name, old, stage, pinned } = await set(client);
      const { serve, install, dir, upstream } = stage;
      const mirroring = await serve("held");
      // mvn's own plugins are no part of the mirror.
      if (client.ecosystem === "maven") {
        expect(outcome(await install(mirroring, "plugins", { packages: {} }))).toBe("installed");
      }
      expect((await mirroring.run(["mirror", purlOf(client, name, old)])).code).toBe(0);
      await mirroring.stop();
      await upstream.down();
      const offline = await serve("held", { offline: true });
      expect(outcome(await install(offline, "any"))).toBe("installed");
      expect(await client.installed(dir("any"), name)).toBe(old);
      expectRefused(await install(offline, "pinned", pinned), words.pinned);
      const absent = name.replace(/pair$/i, "absent");
      const any = twoReleases[client.ecosystem].any;
      expectRefused(await install(offline, "absent", { packages: { [absent]: any } }), words.absent);
    },
    TIMEOUT,
  );
}
