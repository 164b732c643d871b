/** Pins have owners: what one request pinned can be removed, and what another one pins, too, stays. */
import { expect, test } from "bun:test";
import { join } from "node:path";
import { outcome } from "../support/clients/client.ts";
import { npm } from "../support/clients/npm.ts";
import { type NpmProxy, npmProxy } from "../support/npm-proxy.ts";
import { startProxy } from "../support/proxy.ts";
import { TIMEOUT } from "../support/time-limits.ts";

interface Freed {
  files: number;
  shared: number;
  bytes: number;
}

const tarballs = async ({ proxy }: NpmProxy) => {
  const found: string[] = [];
  for (const path of ["small/-/small-1.0.0", "small/-/small-1.1.0", "@scope/name/-/name-1.0.0"]) {
    const { stdout } = await proxy.run([
      "why",
      `pkg:npm/${path.replace(/\/-\/.*-/, "@").replace("@scope", "%40scope")}`,
    ]);
    if (/held: \//.test(stdout)) found.push(path);
  }
  return found;
};

test.skipIf(npm.unavailable() !== undefined)(
  "a set that two requests mirrored, one forgotten: its own files go, shared ones stay, and the client installs the rest offline",
  async () => {
    await using all = await npmProxy();
    const { proxy } = all;
    const mirror = async (...args: string[]) => {
      const done = await proxy.run(["mirror", ...args, "--json"]);
      expect(done.code).toBe(0);
      return (JSON.parse(done.stdout) as { job: string }).job;
    };
    const first = await mirror("pkg:npm/small");
    const second = await mirror("pkg:npm/small@1.0.0", "pkg:npm/%40scope/name@1.0.0");
    expect(await mirror("pkg:npm/%40scope/name@1.0.0", "pkg:npm/small@1.0.0")).not.toBe(second);
    const why = await proxy.run(["why", "pkg:npm/small@1.0.0"]);
    expect(why.stdout).toMatch(
      /pinned: by pkg:npm\/small \(#\d+, request:\w+\); pkg:npm\/small@1\.0\.0 pkg:npm\/%40scope\/name@1\.0\.0 \(/,
    );

    const forget = async (...args: string[]) => {
      const done = await proxy.run(["mirror", "--forget", ...args, "--json"]);
      expect([done.code, done.stderr]).toEqual([0, ""]);
      return JSON.parse(done.stdout) as Freed;
    };
    const planned = await forget(first, "--dry-run");
    expect(planned).toMatchObject({ files: 1 });
    expect(planned.shared).toBeGreaterThan(1);
    expect(await tarballs(all)).toHaveLength(3);
    expect(await forget(first)).toEqual(planned);
    expect(await tarballs(all)).toEqual(["small/-/small-1.0.0", "@scope/name/-/name-1.0.0"]);
    expect((await proxy.run(["mirror", "--forget", first])).code).toBe(2);

    await proxy.stop();
    const offline = await startProxy({ ...all.options, offline: true });
    await all.upstream.close();
    const dir = join(all.dir, "project");
    const installed = await npm.install({
      dir,
      url: `${offline.url}/npm`,
      packages: { small: "1.0.0", "@scope/name": "1.0.0" },
    });
    expect(outcome(installed)).toBe("installed");
    expect(await npm.installed(dir, "small")).toBe("1.0.0");
    await offline.stop();
  },
  TIMEOUT,
);

test(
  "the API removes what a job's request pinned, and says so first in a dry run; a release mirrored again is fetched again",
  async () => {
    await using all = await npmProxy({ mirror_api: "open" });
    const made = JSON.parse((await all.proxy.run(["mirror", "pkg:npm/small@1.0.0", "--json"])).stdout) as {
      job: string;
    };
    const purge = (query: string) =>
      fetch(`${all.proxy.url}/api/mirror/${made.job}?${query}`, {
        method: "DELETE",
        headers: { "x-requested-with": "test" },
      });
    const planned = (await (await purge("purge&dry_run")).json()) as Freed;
    expect(planned).toMatchObject({ status: "purged", shared: 0 });
    expect(planned.files).toBeGreaterThan(1);
    expect(await (await purge("purge=true")).json()).toEqual(planned);
    expect(await tarballs(all)).toEqual([]);
    expect((await purge("purge")).status).toBe(404);
    const again = await all.proxy.run(["mirror", "pkg:npm/small@1.0.0", "--json"]);
    expect(JSON.parse(again.stdout)).toMatchObject({ failed: 0, skipped: 0 });
    expect(await tarballs(all)).toEqual(["small/-/small-1.0.0"]);
  },
  TIMEOUT,
);

test(
  "a person pins what is stored, and unpins it",
  async () => {
    await using all = await npmProxy();
    expect((await all.proxy.run(["pin", "pkg:npm/small@1.0.0"])).code).toBe(2);
    await fetch(`${all.proxy.url}/npm/small`);
    expect((await fetch(`${all.proxy.url}/npm/small/-/small-1.0.0.tgz`)).status).toBe(200);
    const why = async () => (await all.proxy.run(["why", "pkg:npm/small@1.0.0"])).stdout;
    expect(await why()).toContain("pinned: no");
    expect((await all.proxy.run(["pin", "pkg:npm/small@1.0.0"])).code).toBe(0);
    expect(await why()).toContain("pinned: by proxy pin");
    expect((await all.proxy.run(["unpin", "/npm/small/-/small-1.0.0.tgz"])).code).toBe(0);
    expect(await why()).toContain("pinned: no");
  },
  TIMEOUT,
);
