/** Chart repositories by name, through the proxy and unplugged; charts that lie elsewhere; what is not what the index promises. */
import { expect, onTestFinished, test } from "bun:test";
import { join } from "node:path";
import { load } from "js-yaml";
import { outcome } from "../support/clients/client.ts";
import { helm } from "../support/clients/helm.ts";
import { lacks, proves } from "../support/proven.ts";
import { type Proxy as Running, startProxy } from "../support/proxy.ts";
import { chartFile, chartPath, makeChartImage, makeHelm } from "../support/registries/helm.ts";
import { said } from "../support/story.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { TIMEOUT } from "../support/time-limits.ts";
import { binary } from "../support/tree.ts";
import { startUpstream } from "../support/upstream.ts";

const PROVENANCE =
  "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n\nname: fx-web\n-----BEGIN PGP SIGNATURE-----\n\niQ==\n-----END PGP SIGNATURE-----\n";

const YOUNG = new Date(Date.now() - 3 * 86_400_000).toISOString();

lacks("helm", helm.name, helm.unavailable());
const tried = test.skipIf(helm.unavailable() !== undefined);

/** Two repositories at one host; a chart of the second lies at another. */
async function set() {
  const folder = await temporaryFolder();
  const [charts, files] = [await startUpstream(), await startUpstream()];
  const url = `${files.url}/releases/fx-far-1.0.0.tgz`;
  files.set("/releases/fx-far-1.0.0.tgz", binary(chartFile("fx-far", "1.0.0")));
  const web = { "1.0.0": { provenance: PROVENANCE }, "1.1.0": { publishedAt: YOUNG } };
  const first = charts.mount("/stable", () => makeHelm([{ name: "fx-web", versions: web }]));
  const second = charts.mount("/other", () => makeHelm([{ name: "fx-far", versions: { "1.0.0": { url } } }]));
  const running: Running[] = [];
  onTestFinished(async () => {
    await Promise.all(running.map((proxy) => proxy.stop()));
    await charts.close();
    await files.close();
    await folder.remove();
  });
  const dir = (name: string) => join(folder.path, name);
  const serve = async (store: string, { offline = false, config = {}, allow = true } = {}) => {
    const mounts = { helm: { ecosystem: "helm", ...(allow && { allow_hosts: [new URL(files.url).host] }) } };
    const upstream = { helm: { stable: first, other: `${second}/index.yaml` }, allow_loopback: true };
    const proxy = await startProxy({ config: { upstream, mounts, ...config }, dir: dir(store), offline });
    running.push(proxy);
    return proxy;
  };
  /** What a chart renders to; of a clean client, which knows the repository by the proxy's address. */
  const template = async (proxy: Running, repo: string, chart: string, ...flags: string[]) => {
    const add = ["repo", "add", repo, `${proxy.url}/helm/${repo}`];
    return helm.run(dir(crypto.randomUUID()), add, ["template", "x", `${repo}/${chart}`, ...flags]);
  };
  return { charts, files, dir, serve, template };
}

tried(
  "helm: charts of two repositories, one of them elsewhere; mirrored by name and address, unplugged, rendered",
  async () => {
    const { charts, files, serve, template } = await set();
    const online = await serve("online");
    const rendered = await template(online, "stable", "fx-web");
    expect(outcome(rendered)).toBe("installed");
    expect(rendered.stdout).toContain('version: "1.1.0"');
    expect((await template(online, "other", "fx-far")).stdout).toContain('version: "1.0.0"');
    expect(files.count("/releases/fx-far-1.0.0.tgz", "GET")).toBe(1);
    expect((await template(online, "stable", "fx-web", "--version", "1.0.0")).stdout).toContain('version: "1.0.0"');
    expect(await (await fetch(`${online.url}/helm/stable${chartPath("fx-web", "1.0.0")}.prov`)).text()).toBe(
      PROVENANCE,
    );
    proves("helm", helm.name, "proxy", helm.program);
    await online.stop();

    const mirroring = await serve("held");
    const purls = ["pkg:helm/fx-web@1.0.0?repository_url=stable", `pkg:helm/fx-far?repository_url=${charts.url}/other`];
    const mirrored = await mirroring.run(["mirror", ...purls]);
    expect([mirrored.code, mirrored.stdout]).toEqual([0, expect.stringContaining(" 0 failed") as string]);
    await mirroring.stop();
    await charts.down();
    await files.down();
    const offline = await serve("held", { offline: true });
    // The newest is not held, and so not there.
    expect((await template(offline, "stable", "fx-web")).stdout).toContain('version: "1.0.0"');
    expect(outcome(await template(offline, "other", "fx-far"))).toBe("installed");
    expect(await (await fetch(`${offline.url}/helm/stable${chartPath("fx-web", "1.0.0")}.prov`)).text()).toBe(
      PROVENANCE,
    );
    expect((await offline.run(["verify", ...purls])).stdout).toContain(" 0 holes");
    const absent = await template(offline, "stable", "fx-web", "--version", "1.1.0");
    expect(said(absent)).toContain('chart "fx-web" matching 1.1.0 not found in stable index');
    proves("helm", helm.name, "offline", helm.program);
  },
  TIMEOUT,
);

tried(
  "helm: bytes that the index does not promise are refused, young charts under a cooldown, and hosts that are not allowed",
  async () => {
    const { charts, serve, template } = await set();
    const cooling = await serve("cooling", { config: { cooldown: { default: "7d" } } });
    expect((await template(cooling, "stable", "fx-web")).stdout).toContain('version: "1.0.0"');
    const young = await fetch(`${cooling.url}/helm/stable${chartPath("fx-web", "1.1.0")}`);
    expect([young.status, await young.text()]).toEqual([
      403,
      expect.stringContaining(
        "pkg:helm/fx-web@1.1.0?repository_url=stable is withheld by the cooldown until",
      ) as string,
    ]);

    charts.set(`/stable${chartPath("fx-web", "1.1.0")}`, binary(chartFile("fx-web", "1.1.0", 10)));
    const strict = await serve("strict", { allow: false });
    const forged = await template(strict, "stable", "fx-web");
    expect([forged.code, said(forged)]).toEqual([1, expect.stringContaining("502") as string]);
    expect(strict.stderr()).toContain("expected sha256:");
    const far = await fetch(`${strict.url}/helm/other/-/fx-far/1.0.0/fx-far-1.0.0.tgz`);
    expect([far.status, await far.text()]).toEqual([404, expect.stringContaining("not among allow_hosts") as string]);
  },
  TIMEOUT,
);

tried(
  "helm: a chart in a registry of images, which Chart.lock names: through the proxy; mirrored, unplugged, pulled",
  async () => {
    const { charts, serve, dir } = await set();
    charts.mount("", () => makeChartImage("charts/fx-image", "fx-image", "1.0.0"));
    const config = { upstream: { oci: { "registry.example": charts.url } } };
    const pull = async (proxy: Running) => {
      const { host } = new URL(proxy.url);
      const chart = `oci://${host}/upstream/registry.example/charts/fx-image`;
      return helm.run(dir(crypto.randomUUID()), ["template", "x", chart, "--version", "1.0.0", "--plain-http"]);
    };
    const online = await serve("online", { config });
    expect((await pull(online)).stdout).toContain('version: "1.0.0"');
    const mirroring = await serve("held", { config });
    const lock = dir("Chart.lock");
    const dependency = "- name: fx-image\n  repository: oci://registry.example/charts\n  version: 1.0.0\n";
    await Bun.write(lock, `dependencies:\n${dependency}digest: sha256:ab\ngenerated: "2026-01-01T00:00:00Z"\n`);
    const mirrored = await mirroring.run(["mirror", "--lockfile", lock]);
    expect([mirrored.code, mirrored.stdout]).toEqual([0, expect.stringContaining(" 0 failed") as string]);
    await mirroring.stop();
    await charts.down();
    const offline = await serve("held", { config, offline: true });
    expect((await pull(offline)).stdout).toContain('version: "1.0.0"');
  },
  TIMEOUT,
);

tried(
  "helm: an index of many megabytes is read and edited beside what else is served",
  async () => {
    const { charts, serve } = await set();
    const many = Array.from({ length: 300 }, (_, at) => ({
      name: `fx-${at}`,
      versions: Object.fromEntries(
        Array.from({ length: 100 }, (__, patch) => [`1.0.${patch}`, { digest: "ab".repeat(32) }]),
      ),
    }));
    const index = many.flatMap(({ name, versions }) => [
      `  ${name}:`,
      ...Object.keys(versions).flatMap((version) => [
        "  - apiVersion: v2",
        `    description: ${"long ".repeat(20)}`,
        `    name: ${name}`,
        "    urls:",
        `    - charts/${name}-${version}.tgz`,
        `    version: ${version}`,
      ]),
    ]);
    const body = `apiVersion: v1\nentries:\n${index.join("\n")}\ngenerated: "2026-01-01T00:00:00Z"\n`;
    charts.set("/stable/index.yaml", { body });
    const proxy = await serve("store");
    let slowest = 0;
    let done = false;
    const watch = (async () => {
      while (!done) {
        const asked = performance.now();
        await (await fetch(`${proxy.url}/health`)).text();
        slowest = Math.max(slowest, performance.now() - asked);
        await Bun.sleep(5);
      }
    })();
    const text = await (await fetch(`${proxy.url}/helm/stable/index.yaml`)).text();
    done = true;
    await watch;
    const { entries } = load(text) as { entries: Record<string, object[]> };
    expect(Object.values(entries).map((each) => each.length)).toEqual(many.map(() => 100));
    expect(text).not.toContain("- charts/");
    expect(slowest).toBeLessThan(1_000);
  },
  TIMEOUT,
);

tried(
  "helm: whole repositories, mirrored and then followed, unplugged, rendered",
  async () => {
    const { charts, files, serve, template } = await set();
    const proxy = await serve("store");
    const mirror = () => proxy.run(["mirror", "--registry", "helm"]);
    const first = await mirror();
    expect(`${first.code} ${first.stdout}${first.stderr}`).toMatch(/^0 /);
    charts.mount("/stable", () => makeHelm([{ name: "fx-web", versions: { "1.1.0": {}, "1.2.0": {} } }]));
    const second = await mirror();
    expect(`${second.code} ${second.stdout}${second.stderr}`).toMatch(/^0 /);
    await proxy.stop();
    await charts.down();
    await files.down();
    const offline = await serve("store", { offline: true });
    expect((await template(offline, "stable", "fx-web")).stdout).toContain('version: "1.2.0"');
    expect(outcome(await template(offline, "other", "fx-far"))).toBe("installed");
    proves("helm", helm.name, "registry", helm.program);
  },
  TIMEOUT,
);
