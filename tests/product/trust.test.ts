/** Signatures, as whoever operates the product meets them: from configuration to metrics. The executable, where it is built. */
import { expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { EXECUTABLE, startProxy } from "../support/proxy.ts";
import { makeNpm } from "../support/registries/npm.ts";
import { registryKeys } from "../support/registry-keys.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { startUpstream } from "../support/upstream.ts";

const TIMEOUT = 60_000;
const program = existsSync(EXECUTABLE) ? { executable: EXECUTABLE } : {};

test(
  "npm: what is signed is mirrored and served; what is not is withheld, counted, named by verify, and kept",
  async () => {
    await using folder = await temporaryFolder();
    const [ours, theirs] = [registryKeys(), registryKeys()];
    const upstream = await startUpstream();
    const registry = upstream.mount("", (base) =>
      makeNpm(
        [
          { name: "good", versions: { "1.0.0": {} }, sign: ours.sign },
          { name: "bad", versions: { "1.0.0": {} }, sign: theirs.sign },
        ],
        base,
      ),
    );
    const keys = join(folder.path, "keys.json");
    await Bun.write(keys, ours.json);
    const npm = { ecosystem: "npm", upstreams: { default: registry } };
    const dir = join(folder.path, "proxy");
    const signed = { ...npm, trust: { keys: [keys], require: ["registry"] } };
    const proxy = await startProxy({ dir, config: { mounts: { npm: signed } }, ...program });
    const mirrored = await proxy.run(["mirror", "pkg:npm/good", "pkg:npm/bad"]);
    expect(mirrored.code).toBe(1);
    expect(mirrored.stdout).toMatch(/failed: pkg:npm\/bad.*is withheld: its registry signature/);
    const answers = ["good", "bad"].map((name) => fetch(`${proxy.url}/npm/${name}/-/${name}-1.0.0.tgz`));
    const [good, bad] = await Promise.all(answers);
    expect([good!.status, bad!.status]).toEqual([200, 403]);
    expect(await bad!.text()).toContain(`expected a signature by ${ours.keyid}, found one by ${theirs.keyid}`);
    expect(upstream.count(/bad-1\.0\.0\.tgz$/)).toBe(0);
    const metrics = await (await fetch(`${proxy.url}/metrics`)).text();
    expect(metrics).toContain('proxy_signature_failures_total{ecosystem="npm",mount="npm",kind="registry"} 1');
    expect(proxy.stderr()).toContain("a signature does not hold");
    expect((await proxy.run(["verify"])).code).toBe(0);
    await proxy.stop();

    // Its operator changes his mind: what is held stays, but for whom it is held changes.
    await Bun.write(keys, theirs.json);
    const again = await startProxy({ dir, config: { mounts: { npm: signed } }, ...program });
    expect((await fetch(`${again.url}/npm/good/-/good-1.0.0.tgz`)).status).toBe(403);
    const verified = await again.run(["verify"]);
    expect(verified.code).toBe(1);
    expect(verified.stdout).toContain("1 not signed as they must be");
    expect(verified.stdout).toMatch(
      /untrusted: pkg:npm\/good@1\.0\.0 \/npm\/good\/-\/good-1\.0\.0\.tgz: .*is withheld/,
    );
    await Bun.write(keys, "nothing");
    const check = await again.run(["config", "check"]);
    expect([check.code, check.stderr]).toEqual([
      2,
      expect.stringContaining(`${keys} cannot be used as keys`) as string,
    ]);
    await again.stop();
    await upstream.close();
  },
  TIMEOUT,
);
