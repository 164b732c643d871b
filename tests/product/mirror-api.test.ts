/** The API of mirror jobs in the product itself: servers that are killed, large uploads, plans, tokens and hosts. */
import { expect, test } from "bun:test";
import { statSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { failure } from "../support/engine.ts";
import { delayed, failing } from "../support/faults.ts";
import { until } from "../support/job-store.ts";
import { npmProxy } from "../support/npm-proxy.ts";
import { type Proxy as Running, startProxy } from "../support/proxy.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { TIMEOUT } from "../support/time-limits.ts";

/** All of `many` and `small`, and the registry's keys. */
const FILES = 43;

interface Job {
  id: string;
  state: string;
  progress: Record<string, number>;
}

const json = { "content-type": "application/json" };
const post = (proxy: Running, body: unknown) =>
  proxy.api("", { method: "POST", body: JSON.stringify(body), headers: json });
const make = async (proxy: Running, body: unknown) => ((await (await post(proxy, body)).json()) as Job).id;
const jobOf = async (proxy: Running, id: string) => (await (await proxy.api(`/${id}`)).json()) as Job;
const ended = (proxy: Running, id: string) =>
  until(async () => /complete|failed|canceled/.test((await jobOf(proxy, id)).state), id);

test(
  "killed amid a job, and started again: it goes on, nothing is missing, and nothing is fetched twice but what was in flight",
  async () => {
    await using all = await npmProxy({ concurrency: 2 });
    all.upstream.fault(/\.tgz$/, delayed(100));
    const id = await make(all.proxy, { purls: ["pkg:npm/many", "pkg:npm/small"] });
    await until(() => all.upstream.count(/\.tgz$/) > 10);
    await all.proxy.kill9();
    all.upstream.heal();
    const next = await startProxy(all.options);
    await ended(next, id);
    const job = await jobOf(next, id);
    expect(job.state).toBe("complete");
    expect(job.progress).toMatchObject({ total: FILES, failed: 0 });
    expect(job.progress["completed"]! + job.progress["skipped"]!).toBe(FILES);
    expect(all.upstream.count(/\.tgz$/)).toBeWithin(42, 42 + 4 + 1);
    await next.stop();
  },
  TIMEOUT,
);

test(
  "told to stop amid a job, it leaves it to the next one, at once and without failures",
  async () => {
    await using all = await npmProxy({ concurrency: 2 });
    all.upstream.fault(/\.tgz$/, delayed(200));
    const id = await make(all.proxy, { purls: ["pkg:npm/many"] });
    const events = all.proxy.api(`/${id}/events`).then((response) => response.text());
    await until(() => all.upstream.count(/\.tgz$/) > 6);
    const started = performance.now();
    expect(await all.proxy.stop()).toBe(0);
    expect(performance.now() - started).toBeLessThan(5_000);
    expect(await events).not.toContain("event: state");
    all.upstream.heal();
    const next = await startProxy(all.options);
    await ended(next, id);
    expect(await jobOf(next, id)).toMatchObject({ state: "complete", progress: { failed: 0, total: 41 } });
    await next.stop();
  },
  TIMEOUT,
);

test(
  "commands and a server on one store: what one cancels or wants tried again, the other does",
  async () => {
    await using all = await npmProxy({ concurrency: 1 });
    all.upstream.fault(/registry\/small$/, failing(404));
    const id = await make(all.proxy, { purls: ["pkg:npm/small"] });
    await ended(all.proxy, id);
    expect((await jobOf(all.proxy, id)).state).toBe("failed");
    all.upstream.heal();
    expect((await all.proxy.run(["jobs", "retry", id])).stdout).toContain("a server on this store goes on with it");
    await until(async () => (await jobOf(all.proxy, id)).state !== "failed");
    await ended(all.proxy, id);
    expect(await jobOf(all.proxy, id)).toMatchObject({ state: "complete", progress: { failed: 0 } });

    all.upstream.fault(/\.tgz$/, delayed(300));
    const long = await make(all.proxy, { purls: ["pkg:npm/many"] });
    await until(async () => (await jobOf(all.proxy, long)).state === "running");
    expect((await all.proxy.run(["jobs", "cancel", long])).code).toBe(0);
    expect((await jobOf(all.proxy, long)).state).toBe("canceled");
    const listed = (await all.proxy.run(["jobs"])).stdout;
    expect(listed).toContain("pkg:npm/many");
  },
  TIMEOUT,
);

test(
  "a dry run tells what would be fetched, and keeps nothing",
  async () => {
    await using all = await npmProxy();
    await (await fetch(`${all.proxy.url}/npm/small/-/small-1.0.0.tgz`)).bytes();
    const answer = await post(all.proxy, { purls: ["pkg:npm/small", "pkg:npm/none"], dry_run: true });
    expect(answer.status).toBe(200);
    const plan = (await answer.json()) as Record<string, unknown>;
    expect(plan).toMatchObject({
      total: 2,
      truncated: false,
      failures: [{ purl: "pkg:npm/none", error: expect.stringContaining("none") as string }],
    });
    expect(plan["files"]).toContainEqual({ mount: "npm", path: "/small/-/small-1.0.0.tgz", size: 10_349, held: true });
    expect(plan["files"]).toContainEqual({ mount: "npm", path: "/small/-/small-1.1.0.tgz", size: 10_351, held: false });
    expect(all.upstream.count(/small-1\.1\.0\.tgz$/, "GET")).toBe(0);
    expect(((await (await all.proxy.api()).json()) as { jobs: unknown[] }).jobs).toEqual([]);
  },
  TIMEOUT,
);

/** Bytes that the process had in memory at most since `reset`. */
async function peakOf({ pid }: Running): Promise<number> {
  const [, kilobytes] = /VmHWM:\s+(\d+) kB/.exec(await readFile(`/proc/${pid}/status`, "utf8"))!;
  return Number(kilobytes) * 1_024;
}
const reset = ({ pid }: Running) => Bun.write(`/proc/${pid}/clear_refs`, "5");

async function* largeSbom(components: number): AsyncGenerator<Uint8Array> {
  yield Buffer.from('{"bomFormat":"CycloneDX","specVersion":"1.6","components":[');
  const description = "x".repeat(2_000);
  const one = (n: number) =>
    `{"type":"library","name":"small","version":"1.0.0","bom-ref":"${n}","description":"${description}","purl":"pkg:npm/small@1.0.0"}`;
  for (let n = 0; n < components; n += 100)
    yield Buffer.from((n > 0 ? "," : "") + Array.from({ length: 100 }, (_, i) => one(n + i)).join(","));
  yield Buffer.from("]}");
}

test(
  "an SBOM of 60 MB, as the body and in a form, is read in flat memory",
  async () => {
    await using all = await npmProxy();
    const send = async (contentType: string, body: AsyncIterable<Uint8Array>) => {
      const answer = await all.proxy.api("", {
        method: "POST",
        body: body as never,
        headers: { "content-type": contentType },
      });
      expect(answer.status).toBe(202);
      const { id } = (await answer.json()) as Job;
      await ended(all.proxy, id);
      expect(await jobOf(all.proxy, id)).toMatchObject({ state: "complete", progress: { failed: 0 } });
    };
    // Its threads are part of what it needs anyway.
    await send("application/vnd.cyclonedx+json", largeSbom(100));
    const added = async (contentType: string, body: AsyncIterable<Uint8Array>) => {
      await reset(all.proxy);
      const before = await peakOf(all.proxy);
      await send(contentType, body);
      return (await peakOf(all.proxy)) - before;
    };
    async function* form(): AsyncGenerator<Uint8Array> {
      yield Buffer.from('--b\r\nContent-Disposition: form-data; name="sbom"; filename="x.json"\r\n\r\n');
      yield* largeSbom(30_000);
      yield Buffer.from("\r\n--b--\r\n");
    }
    expect(await added("application/vnd.cyclonedx+json", largeSbom(30_000))).toBeLessThan(150_000_000);
    expect(await added("multipart/form-data; boundary=b", form())).toBeLessThan(150_000_000);
  },
  TIMEOUT,
);

test(
  "standing jobs: two servers run each once after a start; jobs lists them by name",
  async () => {
    const folder = await temporaryFolder();
    const list = join(folder.path, "list.txt");
    await Bun.write(list, "pkg:npm/small@1.0.0\n");
    const mirrors = {
      base: { schedule: "@yearly", purls_file: list },
      broken: { schedule: "@yearly", sbom: join(folder.path, "absent.json") },
    };
    await using all = await npmProxy({ mirrors });
    const second = await startProxy(all.options);
    const jobs = async () => (await (await second.api()).json()) as { jobs: (Job & { title: string })[] };
    await until(async () => (await jobs()).jobs.some(({ state }) => state === "complete"));
    expect((await jobs()).jobs.map(({ title, state }) => [title, state])).toEqual([["base", "complete"]]);
    expect((await all.proxy.run(["jobs"])).stdout).toMatch(/complete .* base$/m);
    expect(all.proxy.stderr() + second.stderr()).toMatch(
      /scheduled mirror job cannot run.*mirror=broken.*absent\.json/,
    );
    const metrics = await (await fetch(`${second.url}/metrics`)).text();
    expect(metrics).toContain('proxy_mirror_jobs{state="complete"} 1');
    await second.stop();
    await folder.remove();
  },
  TIMEOUT,
);

test(
  "who may: a token of the scope, the token of this machine, and the socket; an address gives nobody access",
  async () => {
    const folder = await temporaryFolder();
    const unix = join(folder.path, "proxy.sock");
    await using all = await npmProxy({ socket: unix });
    const ask = (headers: Record<string, string>, method = "GET") =>
      fetch(`${all.proxy.url}/api/mirror`, {
        method,
        headers: { ...json, ...headers },
        ...(method === "POST" && { body: "{" }),
      });
    for (const headers of [
      {},
      { host: `localhost:${all.proxy.port}` },
      { host: "proxy.example" },
      { "x-forwarded-for": "127.0.0.1" },
      { authorization: "Bearer wrong" },
      { authorization: "Bearer" },
    ] as Record<string, string>[]) {
      const answers = [await ask(headers), await ask(headers, "POST")];
      expect([headers, ...answers.map(({ status }) => status)]).toEqual([headers, 401, 401]);
      expect(answers[0]!.headers.get("content-type")).toBe("application/problem+json");
    }
    expect((await fetch(`${all.proxy.url}/@record/x/npm/small`)).status).toBe(401);
    const file = join(all.dir, "artifacts/local-token");
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const local = await all.proxy.run(["token", "local"]);
    expect([local.code, local.stdout, local.stderr]).toEqual([0, `${await readFile(file, "utf8")}`, ""]);
    const made = await all.proxy.run(["token", "create", "tests"]);
    for (const token of [local.stdout.trim(), made.stdout.trim()]) {
      const far = { host: "proxy.example", authorization: `Bearer ${token}` };
      expect((await ask(far)).status).toBe(200);
      expect((await ask(far, "POST")).status).toBe(400);
      expect((await ask({ ...far, authorization: `Bearer ${token}x` })).status).toBe(401);
    }
    expect(statSync(unix).mode & 0o777).toBe(0o600);
    const over = (path: string, init: RequestInit = {}) =>
      fetch(`http://localhost${path}`, { unix, ...init } as RequestInit);
    expect((await over("/api/mirror")).status).toBe(200);
    expect((await over("/api/mirror", { method: "POST", body: "{", headers: json })).status).toBe(400);
    expect((await over("/@record/x/npm/small")).status).toBe(200);
    // What a server that was killed left is no hindrance, and the token stays.
    await all.proxy.kill9();
    const next = await startProxy(all.options);
    expect((await over("/api/mirror")).status).toBe(200);
    expect(next.token()).toBe(local.stdout.trim());
    await next.stop();
    await folder.remove();
  },
  TIMEOUT,
);

test(
  "an upload that is broken off leaves nothing behind, and is no error of the server",
  async () => {
    await using all = await npmProxy();
    const parts = join(all.dir, "artifacts/parts-v1");
    const uploads = async () => (await readdir(parts)).filter((name) => name.startsWith("upload-"));
    const gone = new AbortController();
    async function* endless(): AsyncGenerator<Uint8Array> {
      for await (const bytes of largeSbom(1_000)) yield bytes;
      await until(async () => (await uploads()).length > 0);
      gone.abort();
      await Bun.sleep(10_000);
    }
    const asked = all.proxy.api("", {
      method: "POST",
      body: endless() as never,
      headers: { "content-type": "application/vnd.cyclonedx+json" },
      signal: gone.signal,
    });
    expect(await failure(asked)).toBeInstanceOf(Error);
    await until(async () => (await uploads()).length === 0, "the end of the upload");
    expect(all.proxy.stderr()).not.toContain("ERROR");
  },
  TIMEOUT,
);

test(
  "mirror_api: false removes it, and standing jobs still run",
  async () => {
    const mirrors = { base: { schedule: "@daily", purls: ["pkg:npm/small@1.0.0"] } };
    await using all = await npmProxy({ mirror_api: false, mirrors });
    for (const path of ["", "/x", "/x/events"])
      expect((await fetch(`${all.proxy.url}/api/mirror${path}`)).status).toBe(404);
    expect((await fetch(`${all.proxy.url}/api/mirror`, { method: "POST", body: "{}", headers: json })).status).toBe(
      404,
    );
    await until(async () => (await all.proxy.run(["jobs"])).stdout.includes("complete"));
  },
  TIMEOUT,
);
