/** Behind a real nginx with its default `proxy_pass`, and with the lines of docs/reverse-proxy.md. */
import { expect, test } from "bun:test";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { until } from "../support/job-store.ts";
import { npmProxy } from "../support/npm-proxy.ts";
import { freePort } from "../support/proxy.ts";

const TIMEOUT = 60_000;
/** Debian puts it where only root's PATH looks. */
const NGINX = Bun.which("nginx", { PATH: `${process.env["PATH"]}:/usr/sbin` });
const reason = NGINX === null ? " (skipped: nginx is not installed; Debian's nginx-light has it)" : "";

/** A real nginx before the server; `location` is what stands in the braces. */
async function nginx(dir: string, location: (port: number) => string, to: number) {
  const port = await freePort();
  const folder = join(dir, `nginx-${port}`);
  await mkdir(folder, { recursive: true });
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((name) => `${name}_temp_path ${name};`);
  await Bun.write(
    join(folder, "nginx.conf"),
    `daemon off; worker_processes 1; pid pid; error_log stderr; events { worker_connections 64; }
http { access_log off; ${temporary.join(" ")}
  server { listen 127.0.0.1:${port}; server_name packages.example; ${location(to)} } }`,
  );
  const child = Bun.spawn([NGINX!, "-e", "stderr", "-c", join(folder, "nginx.conf"), "-p", folder], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  const url = `http://127.0.0.1:${port}`;
  await until(async () => (await fetch(`${url}/health`).catch(() => undefined))?.ok === true, "nginx");
  return {
    url,
    [Symbol.asyncDispose]: async () => {
      child.kill();
      await child.exited;
    },
  };
}

const json = { "content-type": "application/json", host: "packages.example" };

test.skipIf(NGINX === null)(
  `nginx with its default proxy_pass lets nobody write who has no token${reason}`,
  async () => {
    await using all = await npmProxy();
    await using front = await nginx(
      all.dir,
      (to) => `location / { proxy_pass http://127.0.0.1:${to}; }`,
      all.proxy.port,
    );
    const post = (headers: Record<string, string> = {}) =>
      fetch(`${front.url}/api/mirror`, {
        method: "POST",
        body: JSON.stringify({ purls: ["pkg:npm/small@1.0.0"] }),
        headers: { ...json, ...headers },
      });
    const get = (path: string, headers: Record<string, string> = {}) =>
      fetch(`${front.url}${path}`, { headers: { host: "packages.example", ...headers } });
    expect((await post()).status).toBe(401);
    expect((await fetch(`${front.url}/api/mirror/x`, { method: "DELETE" })).status).toBe(401);
    expect((await fetch(`${front.url}/api/mirror/x/retry`, { method: "POST" })).status).toBe(401);
    // What was asked for names private packages.
    for (const path of ["/api/mirror", "/api/mirror/x", "/api/mirror/x/failures", "/api/mirror/x/events"])
      expect([path, (await get(path)).status]).toEqual([path, 401]);
    expect((await get("/@record/mine/npm/small")).status).toBe(401);
    expect((await all.proxy.run(["sets"])).stdout).not.toContain("mine");
    expect((await get("/npm/small")).status).toBe(200);
    const token = { authorization: `Bearer ${all.proxy.token()}` };
    expect((await post(token)).status).toBe(202);
    expect((await get("/api/mirror", token)).status).toBe(200);
  },
  TIMEOUT,
);

test.skipIf(NGINX === null)(
  `nginx as docs/reverse-proxy.md has it: links name the public address, below a path too${reason}`,
  async () => {
    const docs = await Bun.file(join(import.meta.dir, "../../docs/reverse-proxy.md")).text();
    const [, location = ""] = /^```nginx\n[\s\S]*?(location \/packages\/ \{[\s\S]*?\n\s*\}\n)/m.exec(docs) ?? [];
    expect(location).toContain("proxy_pass");
    await using all = await npmProxy({ base_url: "https://example.org/packages" });
    await using front = await nginx(
      all.dir,
      (to) => `${location.replaceAll("127.0.0.1:8080", `127.0.0.1:${to}`)} location / { return 200; }`,
      all.proxy.port,
    );
    const found = await (await fetch(`${front.url}/packages/npm/small`)).text();
    expect(found).toContain("https://example.org/packages/npm/small/-/small-1.0.0.tgz");
    const home = await (await fetch(`${front.url}/packages/`)).text();
    expect(home).toContain('href="/packages/docs"');
    expect((await fetch(`${front.url}/packages/api/mirror`)).status).toBe(401);
  },
  TIMEOUT,
);
