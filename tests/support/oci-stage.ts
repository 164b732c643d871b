/** A registry of images that asks for tokens, and the product in front of it. All of it ends with the test. */
import { onTestFinished } from "bun:test";
import { join } from "node:path";
import { type Proxy as Running, startProxy } from "./proxy.ts";
import { guarded, type Images, makeOci } from "./registries/oci.ts";
import { temporaryFolder } from "./temporary-folder.ts";
import { startUpstream } from "./upstream.ts";

/** Milliseconds. */
const PUT_AWAY = 60_000;
const PLATFORMS = ["linux/amd64", "linux/arm64"];
const LAYERS = [{ "etc/release": "acme\n" }, { "opt/app": "x".repeat(100_000) }];
const IMAGES: Images = {
  "library/app:1.0": { platforms: PLATFORMS, layers: LAYERS, isSigned: true, hasSbom: true },
  "team/tool:2.0": { platforms: PLATFORMS, layers: LAYERS },
};

/** `repositories`: what mirrors of the whole registry hold. `also`: another image that is there. */
export async function setOciStage(repositories: readonly string[] = [], also = "library/other:1.0") {
  const folder = await temporaryFolder();
  const upstream = await startUpstream();
  const tree = makeOci({ ...IMAGES, [also]: { platforms: PLATFORMS, layers: LAYERS } });
  upstream.mount("", (url) => guarded(tree, () => `${url}/token`));
  const running: Running[] = [];
  onTestFinished(async () => {
    await Promise.all(running.map((proxy) => proxy.stop()));
    await upstream.close();
    await folder.remove();
  }, PUT_AWAY);
  const dir = (name: string) => join(folder.path, name);
  const serve = async (store: string, offline = false) => {
    const upstreams = { default: upstream.url, "other.example": upstream.url };
    const config = { mounts: { v2: { ecosystem: "oci", upstreams, options: { repositories } } } };
    const proxy = await startProxy({ config, dir: dir(store), offline });
    running.push(proxy);
    return proxy;
  };
  return { upstream, tree, dir, serve };
}
