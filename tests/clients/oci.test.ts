/** Images by every client: through the proxy; mirrored, unplugged, pulled; other bytes refused. */
import { expect, test } from "bun:test";
import { join } from "node:path";
import { hash } from "../../src/contract/digest.ts";
import { outcome } from "../support/clients/client.ts";
import { type OciClient, ociClients } from "../support/clients/oci.ts";
import { type Fault, wrongBytes } from "../support/faults.ts";
import { setOciStage } from "../support/oci-stage.ts";
import { lacks, proves } from "../support/proven.ts";
import { digestAt, guarded, makeOci } from "../support/registries/oci.ts";
import { TIMEOUT } from "../support/time-limits.ts";

const PURL = "pkg:docker/app@1.0";

async function setStage(repositories?: readonly string[]) {
  const stage = await setOciStage(repositories);
  const pull = (client: OciClient, { url }: { url: string }, project: string, image = "app:1.0") =>
    client.pull({ dir: stage.dir(project), host: new URL(url).host, image });
  return { ...stage, pull };
}

/** What is not what its digest says. */
const wrong: Fault = (reply, request) => (reply.status === 200 ? wrongBytes()(reply, request) : reply);

/** Files that are named by a digest of which they are not. */
async function misnamed(folder: string): Promise<string[]> {
  const files = [...new Bun.Glob("**/*").scanSync({ cwd: folder })].filter((path) => /\/[0-9a-f]{64}$/.test(path));
  const sums = await Promise.all(files.map(async (path) => hash("sha256", await Bun.file(join(folder, path)).bytes())));
  return files.filter((path, i) => !path.endsWith(sums[i]!));
}

for (const client of ociClients) {
  lacks("oci", client.name, client.unavailable());
  test.skipIf(client.unavailable() !== undefined)(
    `${client.name}: other bytes refused; through the proxy; mirrored, unplugged, pulled`,
    async () => {
      const { upstream, tree, dir, serve, pull } = await setStage();
      const root = digestAt(tree, "library/app:1.0").slice("sha256:".length);
      const online = await serve("online");
      if (!client.isPatient) {
        upstream.fault(/\/blobs\//, wrong);
        expect((await pull(client, online, "refused")).code).not.toBeOneOf([0, 124]);
        const metrics = await (await fetch(`${online.url}/metrics`)).text();
        expect(metrics).toMatch(/proxy_integrity_failures_total\{[^}]*\} [1-9]/);
        expect(await misnamed(dir("online"))).toEqual([]);
        upstream.heal();
      }
      expect(outcome(await pull(client, online, "first"))).toBe("installed");
      const came = await client.came(dir("first"));
      expect(came).toContain(root);
      const other = "upstream/other.example/team/tool:2.0";
      expect(outcome(await pull(client, online, "other", other))).toBe("installed");
      proves("oci", client.name, "proxy", client.version);
      await online.stop();

      const mirroring = await serve("mirrored");
      const mirrored = await mirroring.run(["mirror", PURL]);
      expect([mirrored.code, mirrored.stdout]).toEqual([0, expect.stringContaining(" 0 failed") as string]);
      expect((await mirroring.run(["mirror", PURL])).stdout).toStartWith("0 files fetched");
      await mirroring.stop();

      await upstream.down();
      const offline = await serve("mirrored", true);
      expect((await offline.run(["verify", PURL])).code).toBe(0);
      expect(outcome(await pull(client, offline, "unplugged"))).toBe("installed");
      expect(await client.came(dir("unplugged"))).toEqual(came);
      expect(await misnamed(dir("unplugged"))).toEqual([]);
      proves("oci", client.name, "offline", client.version);
    },
    TIMEOUT,
  );
}

const skopeo = ociClients.find(({ name }) => name === "skopeo")!;
test.skipIf(skopeo.unavailable() !== undefined)(
  "skopeo: repositories of two registries, mirrored by their tags and then followed, unplugged, pulled",
  async () => {
    const { upstream, tree, dir, serve, pull } = await setStage(["app:1.*", "other.example/team/tool"]);
    const proxy = await serve("store");
    const mirror = () => proxy.run(["mirror", "--registry", "v2"]);
    const first = await mirror();
    expect(`${first.code} ${first.stdout}${first.stderr}`).toMatch(/^0 /);
    // The tag moves.
    const moved = makeOci({ "library/app:1.0": { layers: [{ "etc/release": "moved\n" }] } });
    for (const [path, content] of moved) if (!path.endsWith("/tags/list")) tree.set(path, content);
    upstream.mount("", (url) => guarded(tree, () => `${url}/token`));
    const second = await mirror();
    expect(`${second.code} ${second.stdout}${second.stderr}`).toMatch(/^0 /);
    await proxy.stop();
    await upstream.down();
    const offline = await serve("store", true);
    expect(outcome(await pull(skopeo, offline, "app"))).toBe("installed");
    expect(await skopeo.came(dir("app"))).toContain(digestAt(moved, "library/app:1.0").slice("sha256:".length));
    const other = "upstream/other.example/team/tool:2.0";
    expect(outcome(await pull(skopeo, offline, "tool", other))).toBe("installed");
    proves("oci", skopeo.name, "registry", skopeo.version);
  },
  TIMEOUT,
);

test(
  "containerd names the registry in the query: the upstream of that name answers, and is named",
  async () => {
    const { serve, tree } = await setStage();
    const proxy = await serve("store");
    const asked = `${proxy.url}/v2/team/tool/manifests/2.0`;
    const headers = { accept: "application/vnd.oci.image.index.v1+json" };
    for (const [ns, status] of [
      ["other.example", 200],
      ["docker.io", 200],
      ["unknown.example", 404],
    ] as const) {
      // From upstream, and from memory.
      for (const method of ["HEAD", "GET"]) {
        const answer = await fetch(`${asked}?ns=${ns}`, { method, headers });
        expect([ns, answer.status, answer.headers.get("oci-namespace")]).toEqual([ns, status, ns]);
        if (status === 200) expect(answer.headers.get("docker-content-digest")).toBe(digestAt(tree, "team/tool:2.0"));
      }
    }
    expect(await (await fetch(`${proxy.url}/v2/_catalog`)).json()).toEqual({
      repositories: ["team/tool", "upstream/other.example/team/tool"],
    });
  },
  TIMEOUT,
);

test(
  "the platforms that are chosen are held, and others are not; the tag names all",
  async () => {
    const { upstream, serve, tree } = await setStage();
    const proxy = await serve("store");
    const mirrored = await proxy.run(["mirror", "--platform", "linux-arm64", PURL]);
    expect(outcome(mirrored)).toBe("installed");
    await proxy.stop();
    await upstream.down();
    const offline = await serve("store", true);
    const { manifests } = (await (await fetch(`${offline.url}/v2/app/manifests/1.0`)).json()) as {
      manifests: { digest: string; platform: { architecture: string } }[];
    };
    const found = manifests.map(async ({ digest, platform }) => {
      const { status } = await fetch(`${offline.url}/v2/app/manifests/${digest}`);
      return `${platform.architecture} ${status}`;
    });
    expect(await Promise.all(found)).toEqual(["amd64 404", "arm64 200"]);
    const { status } = await fetch(`${offline.url}/v2/app/referrers/${digestAt(tree, "library/app:1.0")}`);
    expect(status).toBe(200);
  },
  TIMEOUT,
);

test(
  "a tag is published after what it names: while a layer is missing, clients see the old one",
  async () => {
    const { upstream, serve, tree } = await setStage();
    const proxy = await serve("store");
    expect(outcome(await proxy.run(["mirror", PURL]))).toBe("installed");
    await proxy.stop();
    const old = digestAt(tree, "library/app:1.0");
    const next = makeOci({ "library/app:1.0": { layers: [{ "opt/new": "new\n" }] } });
    upstream.mount("", (url) => guarded(next, () => `${url}/token`));
    const told = async () => {
      const offline = await serve("store", true);
      const answer = await fetch(`${offline.url}/v2/app/manifests/1.0`);
      await offline.stop();
      return answer.headers.get("docker-content-digest");
    };
    upstream.fault(/\/blobs\//, wrong);
    const failed = await (await serve("store")).run(["mirror", "--refresh", PURL]);
    expect([failed.code, await told()]).toEqual([1, old]);
    upstream.heal();
    const mended = await (await serve("store")).run(["mirror", "--refresh", PURL]);
    expect([mended.code, await told()]).toEqual([0, digestAt(next, "library/app:1.0")]);
  },
  TIMEOUT,
);

test(
  "images of a compose file and a list are mirrored; one of an unknown registry is told with its place",
  async () => {
    const { serve, dir } = await setStage();
    const proxy = await serve("store");
    await Bun.write(join(dir("lists"), "compose.yaml"), "services:\n  app: { image: 'app:1.0' }\n");
    await Bun.write(join(dir("lists"), "images.txt"), "other.example/team/tool:2.0 # ours\n");
    const files = ["compose.yaml", "images.txt"].flatMap((name) => ["--images", join(dir("lists"), name)]);
    const mirrored = await proxy.run(["mirror", ...files]);
    expect(outcome(mirrored)).toBe("installed");
    expect(await (await fetch(`${proxy.url}/v2/_catalog`)).json()).toEqual({
      repositories: ["library/app", "upstream/other.example/team/tool"],
    });
    expect((await proxy.run(["verify", ...files])).code).toBe(0);
    await Bun.write(join(dir("lists"), "images.txt"), "app:1.0\nunknown.example/tool\n");
    const unknown = await proxy.run(["mirror", ...files]);
    expect([unknown.code, unknown.stdout]).toEqual([
      0,
      expect.stringMatching(/unknown\.example.*images\.txt: line 2/) as string,
    ]);
    const body = JSON.stringify({ images: [{ name: "images.txt", content: "app:1.0\n" }], dry_run: true });
    const asked = { method: "POST", body, headers: { "content-type": "application/json" } };
    const planned = await proxy.api("", asked);
    expect([planned.status, await planned.text()]).toEqual([
      200,
      expect.stringContaining("/library/app/manifests/1.0") as string,
    ]);
  },
  TIMEOUT,
);
