/** What npm asks a registry beside installing, online and with nothing to dial. */
import { expect, test } from "bun:test";
import { mkdir } from "node:fs/promises";
import { type Client, outcome } from "../support/clients/client.ts";
import { npm } from "../support/clients/npm.ts";
import { homeOf, run } from "../support/clients/run.ts";
import type { Proxy as Running } from "../support/proxy.ts";
import { purlOf, said, setStage } from "../support/story.ts";
import { TIMEOUT } from "../support/time-limits.ts";

/** A command in a project folder that an install has filled, or an empty one. */
async function ask(proxy: Running, dir: string, ...command: readonly string[]) {
  await mkdir(homeOf(dir), { recursive: true });
  const env = {
    npm_config_registry: `${proxy.url}/npm/`,
    // Of its own, and new: what an install left must not answer.
    npm_config_cache: `${homeOf(dir)}/${crypto.randomUUID()}`,
    npm_config_update_notifier: "false",
    npm_config_fetch_retries: "0",
  };
  return run({ dir, url: proxy.url, packages: {} }, env, ["npm", ...command]);
}

async function answers(proxy: Running, dir: string) {
  const view = await ask(proxy, dir, "view", "fx-upper", "versions", "dist-tags.latest", "--json");
  const one = await ask(proxy, dir, "view", "@fx/lower@1.0.0", "dist.integrity");
  const tags = await ask(proxy, dir, "dist-tag", "ls", "fx-upper");
  const search = await ask(proxy, dir, "search", "fx-up", "--json");
  const ping = await ask(proxy, dir, "ping");
  for (const each of [view, one, tags, search, ping]) expect(outcome(each)).toBe("installed");
  return {
    view: JSON.parse(view.stdout) as unknown,
    integrity: one.stdout.trim(),
    tags: tags.stdout.trim(),
    found: (JSON.parse(search.stdout) as { name: string }[]).map(({ name }) => name),
  };
}

const client: Client = npm;

test.skipIf(npm.unavailable() !== undefined)(
  "npm view, dist-tag, search and ping are answered, online from the registry and offline from what is held; of an audit only upstream knows",
  async () => {
    const { serve, install, dir, upstream } = await setStage(client);
    const online = await serve("store");
    expect(outcome(await install(online, "project"))).toBe("installed");
    const whole = await answers(online, dir("project"));
    expect(whole).toEqual({
      view: { versions: ["1.0.0", "1.1.0"], "dist-tags.latest": "1.1.0" },
      integrity: expect.stringMatching(/^sha512-.{88}$/) as string,
      tags: "latest: 1.1.0",
      found: ["fx-upper"],
    });
    const audit = await ask(online, dir("project"), "audit");
    expect([audit.code, audit.stdout.trim()]).toEqual([0, "found 0 vulnerabilities"]);
    expect(upstream.count(/^\/up\/-\/v1\/search/)).toBe(1);
    expect(upstream.count(/^\/up\/-\/npm\/v1\/security\/advisories\/bulk$/, "POST")).toBe(1);
    const absent = await ask(online, dir("project"), "view", "fx-absent");
    expect([absent.code, said(absent)]).toEqual([1, expect.stringContaining("E404") as string]);
    await online.stop();

    const mirroring = await serve("held");
    const purls = [purlOf(client, "fx-upper", "1.0.0"), purlOf(client, "@fx/lower", "1.0.0")];
    expect((await mirroring.run(["mirror", ...purls])).code).toBe(0);
    await mirroring.stop();
    await upstream.down();
    const offline = await serve("held", { offline: true });
    expect(await answers(offline, dir("project"))).toEqual({
      ...whole,
      view: { versions: ["1.0.0"], "dist-tags.latest": "1.0.0" },
      tags: "latest: 1.0.0",
    });
    // Nothing is known, which is not the same as nothing to fear.
    const unknown = await ask(offline, dir("project"), "audit");
    expect([unknown.code, said(unknown)]).toEqual([
      1,
      expect.stringContaining("asks upstream, and this proxy is offline") as string,
    ]);
    expect(said(unknown)).not.toContain("found 0");
    const installing = await ask(offline, dir("another"), "install", "fx-upper@1.0.0", "--audit");
    expect([installing.code, said(installing)]).toEqual([0, expect.not.stringContaining("found 0") as string]);
    const unheld = await ask(offline, dir("project"), "view", "fx-absent");
    expect(said(unheld)).toContain("fx-absent is not held here, and this proxy is offline");
    expect((await ask(offline, dir("project"), "search", "nothing-like-it", "--json")).stdout.trim()).toBe("[]");
  },
  TIMEOUT,
);
