/** The one file, alone: from an empty folder, with the sources that it was built from hidden. */
import { expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { chmod, copyFile } from "node:fs/promises";
import { join } from "node:path";
import { EXECUTABLE, runProxy, startProxy } from "../support/proxy.ts";
import { makeNpm } from "../support/registries/npm.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { TIMEOUT } from "../support/time-limits.ts";
import { startUpstream } from "../support/upstream.ts";

const ROOT = join(import.meta.dir, "../..");
/** Of starting, which took 0.3 s. A busy machine changes the time on the clock, hardly this. */
const START_SECONDS = 1;

/** What a process used so far, in seconds. proc(5): fields 14 and 15 of its stat, in ticks of 10 ms. */
async function processorTime(pid: number): Promise<number> {
  const stat = await Bun.file(`/proc/${pid}/stat`).text();
  const [user, system] = stat
    .slice(stat.lastIndexOf(")") + 2)
    .split(" ")
    .slice(11, 13);
  return (Number(user) + Number(system)) / 100;
}

/** A program that runs the executable in a mount namespace of its own, in which the repository is an empty folder. */
async function isolated(folder: string): Promise<string> {
  const executable = join(folder, "proxy");
  await copyFile(EXECUTABLE, executable);
  await chmod(executable, 0o755);
  const script = join(folder, "isolated");
  await Bun.write(
    script,
    `#!/bin/bash\nexec unshare -m bash -c 'mount -t tmpfs none "$1" && shift && exec "$@"' _ ${ROOT} ${executable} "$@"\n`,
  );
  await chmod(script, 0o755);
  return script;
}

const canHide = process.getuid?.() === 0 && existsSync(EXECUTABLE);

test.skipIf(!canHide)(
  "serves, mirrors with its workers, rewrites a large document on another thread, and brings its pages",
  async () => {
    await using folder = await temporaryFolder();
    const upstream = await startUpstream();
    const versions = Object.fromEntries(Array.from({ length: 3_000 }, (_, patch) => [`1.0.${patch}`, { size: 1 }]));
    const base = upstream.mount("/r", (url) =>
      makeNpm(
        [
          { name: "large", versions },
          { name: "small", versions: { "1.0.0": {} } },
        ],
        url,
      ),
    );
    expect((await (await fetch(`${base}/large`)).bytes()).length).toBeGreaterThan(1_000_000);
    const dir = join(folder.path, "empty");
    const executable = await isolated(folder.path);
    const options = {
      dir,
      executable,
      config: { mounts: { npm: { ecosystem: "npm", upstreams: { default: base } } } },
    };

    const version = await runProxy(options, ["version"]);
    expect([version.code, version.stdout]).toEqual([0, expect.stringMatching(/^proxy \d/) as string]);
    const mirrored = await runProxy(options, ["mirror", "pkg:npm/small@1.0.0"]);
    expect([mirrored.code, mirrored.stderr]).toEqual([0, mirrored.stderr]);

    const proxy = await startProxy(options);
    expect(await processorTime(proxy.pid)).toBeWithin(0.05, START_SECONDS);
    const document = (await (await fetch(`${proxy.url}/npm/large`)).json()) as {
      versions: Record<string, { dist: { tarball: string } }>;
    };
    expect(Object.keys(document.versions).length).toBe(3_000);
    expect(document.versions["1.0.9"]?.dist.tarball).toBe(`${proxy.url}/npm/large/-/large-1.0.9.tgz`);
    expect((await (await fetch(`${proxy.url}/docs/scalar.js`)).bytes()).length).toBeGreaterThan(1_000_000);
    await upstream.down();
    expect((await fetch(`${proxy.url}/npm/small/-/small-1.0.0.tgz`)).status).toBe(200);
    expect(await proxy.stop()).toBe(0);
    await upstream.close();
  },
  TIMEOUT,
);
