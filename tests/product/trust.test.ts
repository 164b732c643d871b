/** Signatures, as whoever operates the product meets them: from configuration to metrics. The executable, where it is built. */
import { expect, test } from "bun:test";
import { join } from "node:path";
import { BYTES, DIGEST, FILE, PROVENANCE, ROOT, SIGNER } from "../support/attested.ts";
import { certify, signedZip } from "../support/certificates.ts";
import { startProxy } from "../support/proxy.ts";
import { makeNpm } from "../support/registries/npm.ts";
import { makeNuget } from "../support/registries/nuget.ts";
import { registryKeys } from "../support/registry-keys.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { TIMEOUT } from "../support/time-limits.ts";
import { binary, json } from "../support/tree.ts";
import { startUpstream } from "../support/upstream.ts";

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
    const proxy = await startProxy({ dir, config: { mounts: { npm: signed } } });
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
    const again = await startProxy({ dir, config: { mounts: { npm: signed } } });
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

test(
  "pypi: what its publisher attested is mirrored; by whom else the operator expects is held to it",
  async () => {
    await using folder = await temporaryFolder();
    const upstream = await startUpstream();
    const place = `/packages/${FILE}`;
    const attested = `/integrity/gcb-attestation-test/0.0.0/${FILE}/provenance`;
    const file = {
      filename: FILE,
      url: place,
      hashes: { sha256: DIGEST.slice(7) },
      provenance: upstream.url + attested,
    };
    const page = { meta: { "api-version": "1.3" }, name: "gcb-attestation-test", files: [file] };
    upstream.set("/simple/gcb-attestation-test/", json(page));
    upstream.set(attested, json(JSON.parse(PROVENANCE)));
    upstream.set(place, binary(BYTES));
    const keys = join(folder.path, "trusted_root.json");
    await Bun.write(keys, ROOT);
    const dir = join(folder.path, "proxy");
    const config = (signer: string) => {
      const signers = { "pkg:pypi/gcb_attestation.test": signer };
      return {
        mounts: { pypi: { ecosystem: "pypi", upstreams: { default: upstream.url }, trust: { keys: [keys], signers } } },
      };
    };
    const other = await startProxy({ dir, config: config("https://forge.example/other") });
    const refused = await other.run(["mirror", "pkg:pypi/gcb-attestation-test"]);
    expect([refused.code, refused.stdout]).toEqual([1, expect.stringContaining(`found ${SIGNER}`) as string]);
    await other.stop();
    const proxy = await startProxy({ dir, config: config(SIGNER) });
    const mirrored = await proxy.run(["mirror", "pkg:pypi/gcb-attestation-test"]);
    expect([mirrored.code, mirrored.stdout]).toEqual([0, expect.stringContaining("1 file fetched") as string]);
    expect((await proxy.run(["verify", "pkg:pypi/gcb-attestation-test"])).code).toBe(0);
    await proxy.stop();
    await upstream.close();
  },
  TIMEOUT,
);

test(
  "nuget: a package that its author signed is mirrored; by another's certificate it is withheld",
  async () => {
    await using folder = await temporaryFolder();
    const [ours, theirs] = await Promise.all([certify("Ours"), certify("Theirs")]);
    const nuspec = "<package><metadata><id>Acme</id><version>1.0.0</version></metadata></package>";
    const file = await signedZip({ "Acme.nuspec": nuspec, "lib/acme.dll": "acme" }, ours);
    const upstream = await startUpstream();
    const feed = upstream.mount("", (base) => makeNuget([{ name: "Acme", versions: { "1.0.0": { file } } }], base));
    const keys = join(folder.path, "keys.pem");
    const dir = join(folder.path, "proxy");
    const trust = { keys: [keys], require: ["x509"] };
    const config = {
      mounts: { nuget: { ecosystem: "nuget", upstreams: { default: `${feed}/v3/index.json` }, trust } },
    };
    await Bun.write(keys, theirs.certificate);
    const other = await startProxy({ dir, config });
    const refused = await other.run(["mirror", "pkg:nuget/Acme"]);
    expect([refused.code, refused.stdout]).toEqual([1, expect.stringContaining("vouches for Ours (SHA-256") as string]);
    await other.stop();
    await Bun.write(keys, theirs.certificate + ours.certificate);
    const proxy = await startProxy({ dir, config });
    expect((await proxy.run(["mirror", "pkg:nuget/Acme"])).code).toBe(0);
    const answer = await fetch(`${proxy.url}/nuget/v3-flatcontainer/acme/1.0.0/acme.1.0.0.nupkg`);
    expect([answer.status, (await answer.bytes()).length]).toEqual([200, file.length]);
    expect((await proxy.run(["verify"])).code).toBe(0);
    await proxy.stop();
    await upstream.close();
  },
  TIMEOUT,
);
