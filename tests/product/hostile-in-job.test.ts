/** A document that takes all memory, in a mirror job of a server: the job says so, with the setting, and clients are served on. */
import { expect, test } from "bun:test";
import { startProxy } from "../support/proxy.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { json } from "../support/tree.ts";
import { startUpstream } from "../support/upstream.ts";

const PACKAGES = ["greedy", "other"];

test("what one document of a job takes is bounded", async () => {
  await using folder = await temporaryFolder();
  const upstream = await startUpstream();
  upstream.mount("/npm", () => new Map());
  const greedy = `{"name":"greedy","dist-tags":{},"versions":{},"filler":[${"{},".repeat(12_000_000)}0]}`;
  upstream.set("/npm/greedy", { body: greedy });
  upstream.set("/npm/other", json({ name: "other", "dist-tags": {}, versions: {} }));
  const proxy = await startProxy({
    dir: folder.path,
    config: {
      isolation: { time: "20s", memory: "400MB" },
      mounts: { npm: { ecosystem: "npm", upstreams: { default: `${upstream.url}/npm` } } },
    },
  });
  try {
    const made = await proxy.api("", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ purls: PACKAGES.map((name) => `pkg:npm/${name}`) }),
    });
    const { id } = (await made.json()) as { id: string };
    const meanwhile = new Set<number>();
    let job: { state: string };
    do {
      meanwhile.add((await fetch(`${proxy.url}/npm/other`)).status);
      await Bun.sleep(20);
      job = (await (await proxy.api(`/${id}`)).json()) as typeof job;
    } while (!["failed", "complete", "canceled"].includes(job.state));
    expect(JSON.stringify(job)).toContain("isolation.memory");
    expect([...meanwhile]).toEqual([200]);
  } finally {
    await proxy.kill9();
    await upstream.close();
  }
}, 60_000);
