/** Repositories of images as wholes: which tags there are, and what each points to. */
import { expect, test } from "bun:test";
import { failing } from "../support/faults.ts";
import { digestAt, type Image, makeOci } from "../support/registries/oci.ts";
import { TIMEOUT } from "../support/time-limits.ts";
import { type Content, json } from "../support/tree.ts";
import { wholeProxy } from "../support/whole-proxy.ts";

const image = (text: string): Image => ({ platforms: ["linux/amd64"], layers: [{ "etc/release": text }] });

async function registry(repositories: readonly string[], isListing = true) {
  const images: Record<string, Image> = {
    "library/app:1.0": image("one"),
    "library/app:2.0": image("two"),
    "team/tool:1": image("tool"),
    "team/tool:2": image("tool"),
    "other/thing:1": image("thing"),
  };
  const tree = (): Map<string, Content> => {
    const names = new Set(Object.keys(images).map((reference) => reference.split(":")[0]!));
    const made = makeOci(images);
    if (isListing) made.set("/v2/_catalog", json({ repositories: [...names] }));
    return made;
  };
  const proxy = await wholeProxy({
    ecosystem: "oci",
    make: () => ({ get: (key) => tree().get(key) }),
    upstreams: (base) => ({ default: base }),
    options: { repositories },
  });
  const mirror = async () => {
    proxy.upstream.forget();
    const { code, stdout, stderr } = await proxy.mirror();
    const manifests = /\/manifests\/[\w.]+$/;
    return {
      code,
      said: stdout + stderr,
      heads: proxy.upstream.count(manifests, "HEAD"),
      gets: proxy.upstream.count(manifests, "GET"),
      blobs: proxy.upstream.count(/\/blobs\//, "GET"),
    };
  };
  return { images, tree, proxy, mirror, [Symbol.asyncDispose]: () => proxy[Symbol.asyncDispose]() };
}

test(
  "tags that are wished for are held, and those that moved since; what is gone points nowhere",
  async () => {
    await using all = await registry(["app:1.*", "team/*"]);
    const { images, tree, proxy, mirror } = all;
    const first = await mirror();
    expect(`${first.code} ${first.said}`).toMatch(/^0 /);
    expect(await proxy.standing()).toMatchObject({ packages: { held: 3 }, gaps: 0 });
    expect(proxy.upstream.count(/\/other\/thing\/|app\/manifests\/2/)).toBe(0);
    // Three tags, two of which are the same image.
    expect(first).toMatchObject({ gets: 3 });
    expect(await mirror()).toMatchObject({ code: 0, heads: 3, gets: 0, blobs: 0 });

    images["library/app:1.0"] = image("moved");
    images["library/app:1.1"] = image("new");
    delete images["team/tool:2"];
    const second = await mirror();
    expect(`${second.code} ${second.said}`).toMatch(/^0 /);
    expect(second).toMatchObject({ gets: 2 });
    expect(await proxy.standing()).toMatchObject({ packages: { held: 3, gone: 1 }, gaps: 0 });
    expect(await mirror()).toMatchObject({ code: 0, gets: 0, blobs: 0 });

    const wanted = digestAt(tree(), "library/app:1.0");
    const server = await proxy.offline();
    const at = async (path: string) => {
      const answer = await fetch(`${server.url}/oci/${path}`);
      return [answer.status, answer.headers.get("docker-content-digest")];
    };
    expect(await at("library/app/manifests/1.0")).toEqual([200, wanted]);
    expect([(await at("team/tool/manifests/1"))[0], (await at("team/tool/manifests/2"))[0]]).toEqual([200, 404]);
    await server.stop();
  },
  TIMEOUT,
);

test(
  "a registry that lists nothing needs names; a tag that cannot be asked is not gone",
  async () => {
    await using unnamed = await registry([], false);
    const none = await unnamed.mirror();
    expect([none.code, none.said.includes("name them under options.repositories")]).toEqual([1, true]);

    await using all = await registry([]);
    const { proxy, mirror } = all;
    expect((await mirror()).code).toBe(0);
    expect(await proxy.standing()).toMatchObject({ packages: { held: 5 }, gaps: 0 });
    proxy.upstream.fault(/\/team\/tool\/manifests\/1$/, failing(429));
    const limited = await mirror();
    expect([limited.code, limited.said.includes("429")]).toEqual([1, true]);
    expect(await proxy.standing()).toMatchObject({ packages: { held: 5, gone: 0 } });
    proxy.upstream.heal();
    expect(await mirror()).toMatchObject({ code: 0, gets: 0, blobs: 0 });
  },
  TIMEOUT,
);

test(
  "repositories that cannot be read are told of, and stay as they were; those behind them are mirrored",
  async () => {
    for (const status of [401, 404]) {
      const [fault, reason] = [failing(status), `answered ${status}`];
      await using all = await registry(["team/tool", "app:*", "thing-*", "other/thing"]);
      const { images, proxy, mirror } = all;
      proxy.upstream.fault("/registry/v2/team/tool/tags/list", fault);
      const first = await mirror();
      expect([reason, first.code, first.said.includes("team/tool: "), first.said.includes(reason)]).toEqual([
        reason,
        1,
        true,
        true,
      ]);
      expect(await proxy.standing()).toMatchObject({ packages: { held: 3 }, gaps: 0 });
      proxy.upstream.heal();
      expect((await mirror()).code).toBe(0);

      proxy.upstream.fault("/registry/v2/team/tool/tags/list", fault);
      images["library/app:1.0"] = image("moved");
      delete images["team/tool:2"];
      expect(await mirror()).toMatchObject({ code: 1, gets: 1 });
      expect(await proxy.standing()).toMatchObject({ packages: { held: 5, gone: 0 }, gaps: 0 });
      proxy.upstream.heal();
      expect(await mirror()).toMatchObject({ code: 0, gets: 0 });
      expect(await proxy.standing()).toMatchObject({ packages: { held: 4, gone: 1 }, gaps: 0 });
    }
  },
  TIMEOUT,
);

test(
  "a list of repositories that cannot be read keeps those that are named from nothing, and forgets none",
  async () => {
    await using all = await registry(["team/*", "app"]);
    const { images, proxy, mirror } = all;
    expect((await mirror()).code).toBe(0);
    proxy.upstream.fault("/registry/v2/_catalog", failing(401));
    images["library/app:3.0"] = image("three");
    delete images["team/tool:2"];
    const broken = await mirror();
    expect([broken.code, broken.gets, broken.said.includes("_catalog of default")]).toEqual([1, 1, true]);
    expect(await proxy.standing()).toMatchObject({ packages: { held: 5, gone: 0 } });
    proxy.upstream.heal();
    expect((await mirror()).code).toBe(0);
    expect(await proxy.standing()).toMatchObject({ packages: { held: 4, gone: 1 }, gaps: 0 });
  },
  TIMEOUT,
);
