/** From the start of the process to the first answer. */
import { connect, createServer } from "node:net";
import { join } from "node:path";
import type { Stage } from "../stage.ts";
import type { Row } from "../table.ts";

export async function start({ executable, folder, config, quick }: Stage): Promise<Row[]> {
  const times: number[] = [];
  // The first one creates the database; all others find it, as after an update.
  const dir = await folder();
  for (let run = 0; run < (quick ? 5 : 10); run++) times.push(await once(executable, dir, config));
  const best = Math.min(...times);
  const median = times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)]!;
  return [
    {
      measure: "start to first answer",
      ours: `${best.toFixed(0)} ms (median ${median.toFixed(0)})`,
      goal: { value: best, most: 200, unit: "ms" },
    },
  ];
}

async function once(executable: string, dir: string, config: Stage["config"]): Promise<number> {
  const port = await freePort();
  const file = join(dir, "proxy.yaml");
  const paths = { storage: { path: join(dir, "artifacts") }, database: { path: join(dir, "proxy.db") } };
  await Bun.write(file, Bun.YAML.stringify({ ...config, ...paths, listen: `127.0.0.1:${port}` }));
  const started = performance.now();
  const child = Bun.spawn([executable, "serve", "--config", file], { cwd: dir, stdio: ["ignore", "ignore", "ignore"] });
  try {
    while (!(await listens(port))) {
      if (child.exitCode !== null) throw new Error(`${executable} ended with exit code ${child.exitCode}`);
      await Bun.sleep(1);
    }
    const response = await fetch(`http://127.0.0.1:${port}/npm/-/ping`);
    if (!response.ok) throw new Error(`the first answer was ${response.status}`);
    return performance.now() - started;
  } finally {
    child.kill();
    await child.exited;
  }
}

/** Asked by a bare connection: HTTP clients wait longer and longer between their attempts. */
function listens(port: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const socket = connect(port, "127.0.0.1");
  socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
  return promise.finally(() => socket.destroy());
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const address = server.address();
  await new Promise((closed) => server.close(closed));
  return address !== null && typeof address === "object" ? address.port : 0;
}
