/** apt with signature checking on, in a private root, against a repository that it accepts: on demand, mirrored, forged. */
import { expect, onTestFinished, test } from "bun:test";
import { join } from "node:path";
import { apt, install, installed, unavailable, update } from "../support/clients/apt.ts";
import { outcome } from "../support/clients/client.ts";
import { instead } from "../support/faults.ts";
import { lacks, proves } from "../support/proven.ts";
import { startProxy } from "../support/proxy.ts";
import { type DebPackage, debOf, type Key, makeDebian, makeKey, type Suite } from "../support/registries/debian.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { TIMEOUT } from "../support/time-limits.ts";
import { binary, text } from "../support/tree.ts";
import { startUpstream } from "../support/upstream.ts";

const skip = unavailable() !== undefined;
lacks("debian", "apt", unavailable());

const PACKAGES: readonly DebPackage[] = [
  {
    name: "fx-upper",
    versions: { "2:1.1+b1": { dependencies: { "fx-lower": ">= 1.0~rc1", "fx-none | fx-virtual": "" } } },
  },
  { name: "fx-lower", versions: { "1.0~rc2-1": {} } },
  { name: "fx-real", versions: { "3.0": { provides: "fx-virtual" } } },
  { name: "fx-other", versions: { "1.0": {} } },
];
const NEWER: readonly DebPackage[] = [...PACKAGES, { name: "fx-new", versions: { "1.0": {} } }];
const NEW_DATE = "Sun, 04 Jan 2026 09:30:00 UTC";
const LOWER = /\/fx-lower_1\.0~rc2-1_all\.deb$/;

async function setStage(suite: Suite = {}) {
  const folder = await temporaryFolder();
  const key: Key = await makeKey();
  const upstream = await startUpstream();
  const running: Awaited<ReturnType<typeof startProxy>>[] = [];
  onTestFinished(async () => {
    await Promise.all(running.map((proxy) => proxy.stop()));
    await upstream.close();
    await key.remove();
    await folder.remove();
  }, 30_000);
  const publish = async (packages: readonly DebPackage[], changed: Suite = {}) => {
    const tree = await makeDebian(packages, key, { ...suite, ...changed });
    upstream.mount("/up", () => tree);
    return tree;
  };
  await publish(PACKAGES);
  const dir = (name: string) => join(folder.path, name);
  const options = { suites: [suite.flat ? "./" : "stable"] };
  const serve = async (store: string, { offline = false, config = {}, trust = {} } = {}) => {
    const mounts = { debian: { ecosystem: "debian", upstreams: { default: `${upstream.url}/up` }, options, ...trust } };
    const proxy = await startProxy({ config: { mounts, ...config }, dir: dir(store), offline });
    running.push(proxy);
    return proxy;
  };
  const source = (proxy: { url: string }) => `${proxy.url}/debian ${suite.flat ? "./" : "stable main"}`;
  const root = (name: string, proxy: { url: string }, settings: Record<string, string> = {}) => ({
    dir: dir(name),
    source: source(proxy),
    key: key.file,
    options: settings,
  });
  return { upstream, key, publish, dir, serve, root };
}

const upper = async (root: string) => [await installed(root, "fx-upper"), await installed(root, "fx-lower")];
const UPPER = ["fx-upper 2:1.1+b1", "fx-lower 1.0~rc2-1"];

const suites: Record<string, Suite> = {
  "a suite": {},
  "a suite without addresses by digest": { byHash: false },
  "a flat repository": { flat: true, forms: [".gz"] },
};

test.skipIf(skip).each(Object.entries(suites))(
  "%s: through the proxy; mirrored, unplugged, installed",
  async (_, suite) => {
    const { upstream, dir, serve, root } = await setStage(suite);
    const online = await serve("online");
    expect(outcome(await install(root("first", online), "fx-upper"))).toBe("installed");
    expect(await upper(dir("first"))).toEqual(UPPER);
    proves("debian", "apt", "proxy", ["apt-get"]);
    const debs = upstream.count(/\.deb$/);
    expect(outcome(await install(root("second", online), "fx-upper"))).toBe("installed");
    expect(upstream.count(/\.deb$/)).toBe(debs);
    expect(await online.stop()).toBe(0);

    const mirroring = await serve("mirrored");
    const mirrored = await mirroring.run([
      "mirror",
      "--deps",
      `pkg:deb/debian/fx-upper@2:1.1+b1?arch=amd64${suite.flat ? "" : "&distro=stable"}`,
    ]);
    expect([mirrored.code, mirrored.stdout + mirrored.stderr]).toEqual([
      0,
      expect.stringContaining("3 files fetched") as string,
    ]);
    const again = await mirroring.run(["mirror", "--deps", "pkg:deb/debian/fx-upper"]);
    expect([again.code, again.stdout]).toEqual([0, expect.stringContaining("0 files fetched") as string]);
    await mirroring.stop();

    await upstream.down();
    const offline = await serve("mirrored", { offline: true });
    expect(outcome(await install(root("unplugged", offline), "fx-upper"))).toBe("installed");
    expect(await upper(dir("unplugged"))).toEqual(UPPER);
    expect(await installed(dir("unplugged"), "fx-real")).toBe("fx-real 3.0");
    proves("debian", "apt", "offline", ["apt-get"]);
    // An older client, which knows no InRelease, and one that reads other forms of the index.
    const at = `${offline.url}/debian${suite.flat ? "" : "/dists/stable"}`;
    const index = suite.flat ? "Packages.gz" : "main/binary-amd64/Packages.gz";
    for (const path of ["Release", "Release.gpg", index])
      expect([path, (await fetch(`${at}/${path}`)).status]).toEqual([path, 200]);
    // What was not mirrored is told so.
    expect((await apt(dir("unplugged"), "install", "fx-other")).stderr).toContain("404");
  },
  TIMEOUT,
);

test.skipIf(skip)(
  "signatures, indexes and packages that were changed are refused",
  async () => {
    const { upstream, publish, serve, root } = await setStage();
    const tree = await publish(PACKAGES);
    const signed = tree.get("/dists/stable/InRelease") as { body: string };
    upstream.set("/up/dists/stable/InRelease", text(signed.body.replace("Origin: Fx", "Origin: Fy")));
    const first = await serve("first");
    const changed = await update(root("changed", first));
    expect([changed.code, changed.stderr]).toEqual([100, expect.stringContaining("BADSIG") as string]);
    upstream.set("/up/dists/stable/InRelease", text(signed.body));

    const second = await serve("second");
    upstream.fault(/\/(?:by-hash\/.*|Packages.*)$/, instead(text("Package: fx-evil\n")));
    const index = await update(root("index", second));
    expect([index.code, index.stderr]).toEqual([100, expect.stringContaining("502") as string]);
    upstream.heal();
    expect(outcome(await update(root("index", second)))).toBe("installed");

    const forged = debOf({ name: "fx-lower", versions: {} }, { version: "1.0~rc2-1", size: 10 });
    upstream.fault(LOWER, instead(binary(forged)));
    const refused = await apt(root("index", second).dir, "install", "fx-upper");
    expect([refused.code, refused.stderr]).toEqual([100, expect.stringContaining("502") as string]);
    const metrics = await (await fetch(`${second.url}/metrics`)).text();
    expect(metrics).toMatch(/proxy_integrity_failures_total\{[^}]*\} [1-9]/);
    upstream.heal();
    expect(outcome(await apt(root("index", second).dir, "install", "fx-upper"))).toBe("installed");
  },
  TIMEOUT,
);

test.skipIf(skip)(
  "an update of upstream between two requests of a client is none to the client",
  async () => {
    const { upstream, publish, serve, root, dir } = await setStage({ byHash: false });
    const proxy = await serve("store", { config: { stale_while_revalidate: "0s" } });
    // The new generation comes while the client reads the first.
    let isUpdated = false;
    upstream.fault(/InRelease$/, async (reply) => {
      if (!isUpdated) setTimeout(() => void publish(NEWER, { date: NEW_DATE }), 0);
      isUpdated = true;
      return reply;
    });
    const torn = await update(root("client", proxy));
    upstream.heal();
    await publish(PACKAGES);
    // Nothing of either was mixed: it has the first, or was told that it cannot be had just now.
    if (torn.code !== 0) expect(torn.stderr).toMatch(/502|404/);
    expect(torn.stdout + torn.stderr).not.toMatch(/Hash Sum mismatch|unexpected size/i);
    expect(outcome(await update(root("client", proxy)))).toBe("installed");
    await publish(NEWER, { date: NEW_DATE });
    expect(outcome(await apt(dir("client"), "install", "fx-upper"))).toBe("installed");
  },
  TIMEOUT,
);

test.skipIf(skip)(
  "with the archive's key, what it did not sign is not even served",
  async () => {
    const { upstream, publish, serve, root, key } = await setStage();
    const proxy = await serve("store", { trust: { trust: { keys: [key.file], require: ["openpgp"] } } });
    expect(outcome(await install(root("client", proxy), "fx-upper"))).toBe("installed");
    const tree = await publish(PACKAGES);
    const signed = tree.get("/dists/stable/InRelease") as { body: string };
    upstream.set("/up/dists/stable/InRelease", text(signed.body.replace("Origin: Fx", "Origin: Fy")));
    const other = await serve("other", { trust: { trust: { keys: [key.file] } } });
    const refused = await update(root("refused", other));
    expect([refused.code, refused.stdout + refused.stderr]).toEqual([100, expect.stringContaining("502") as string]);
  },
  TIMEOUT,
);

test.skipIf(skip)(
  "twenty packages at once, over one connection",
  async () => {
    const { publish, serve, root, dir } = await setStage();
    const many = Array.from({ length: 20 }, (_, i) => ({
      name: `fx-${i}`,
      versions: { "1.0": { size: 20_000 + i * 40_000 } },
    }));
    await publish(many);
    const proxy = await serve("store");
    const names = many.map(({ name }) => name);
    expect(outcome(await install(root("client", proxy), ...names))).toBe("installed");
    for (const name of names) expect(await installed(dir("client"), name)).toBe(`${name} 1.0`);
  },
  TIMEOUT,
);

test.skipIf(skip)(
  "a release that is too young is refused where it is downloaded, and its lists stay as they are signed",
  async () => {
    const { upstream, serve, root, dir } = await setStage();
    const old = "Sat, 03 Jan 2015 09:30:00 GMT";
    upstream.fault(/\.deb$/, (reply, { path }) => ({
      ...reply,
      headers: { ...reply.headers, "last-modified": LOWER.test(path) ? new Date().toUTCString() : old },
    }));
    const proxy = await serve("store", { config: { cooldown: { default: "3d" } } });
    expect(outcome(await install(root("client", proxy), "fx-other"))).toBe("installed");
    const refused = await apt(dir("client"), "install", "fx-upper");
    expect([refused.code, refused.stderr]).toEqual([100, expect.stringContaining("403") as string]);
    expect(await installed(dir("client"), "fx-lower")).toBeUndefined();
  },
  TIMEOUT,
);

test.skipIf(skip)(
  "a whole repository: mirrored and then followed, unplugged, installed with signature checking on",
  async () => {
    const { upstream, publish, dir, serve, root } = await setStage();
    const proxy = await serve("store");
    const mirror = () => proxy.run(["mirror", "--registry", "debian"]);
    const first = await mirror();
    expect(`${first.code} ${first.stdout}${first.stderr}`).toMatch(/^0 /);
    await publish(NEWER, { date: NEW_DATE });
    const debs = upstream.count(/\.deb$/);
    const second = await mirror();
    expect(`${second.code} ${second.stdout}${second.stderr}`).toMatch(/^0 /);
    expect(upstream.count(/\.deb$/)).toBe(debs + 1);
    await proxy.stop();
    await upstream.down();
    const offline = await serve("store", { offline: true });
    expect(outcome(await install(root("clean", offline), "fx-upper", "fx-new"))).toBe("installed");
    expect([await upper(dir("clean")), await installed(dir("clean"), "fx-new")]).toEqual([UPPER, "fx-new 1.0"]);
    proves("debian", "apt", "registry", ["apt-get"]);
  },
  TIMEOUT,
);
