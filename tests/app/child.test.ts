import { afterAll, expect, test } from "bun:test";
import { join } from "node:path";
import { Child, type Limits } from "../../src/app/child.ts";
import type { PluginSource } from "../../src/config/plugin-source.ts";
import { LimitExceeded } from "../../src/lib/errors.ts";
import { type FromWorker, type Hand, Pool, type ToWorker } from "../../src/workers/pool.ts";
import { failure } from "../support/engine.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

type Probe = { probe(input: PluginSource): Promise<unknown> };

/** Code that a child runs, as a plugin that is tried. */
async function code(text: string): Promise<PluginSource> {
  const file = join(folder.path, `${Bun.hash(text)}.ts`);
  await Bun.write(file, text);
  return { file, id: "x", sha256: "", texts: { [file]: text } };
}

const folder = await temporaryFolder();
const opened: { close(): void }[] = [];
afterAll(async () => {
  for (const each of opened) each.close();
  await folder.remove();
});

function pool(limits: Limits): { run(text: string): Promise<unknown>; pids: number[] } {
  const pids: number[] = [];
  const made = new Pool<Probe>(1, () => {
    const child = new Child(limits);
    pids.push(child.pid);
    return untilDone(child);
  });
  opened.push(made);
  return { run: async (text) => made.run("probe", await code(text)), pids };
}

/** A plugin that is tried tells first what is being done, as text. */
function untilDone(child: Child): Hand {
  return {
    postMessage: (message) => child.postMessage(message),
    terminate: () => child.terminate(),
    ref: () => child.ref(),
    unref: () => child.unref(),
    addEventListener: (type: string, listener: (event: never) => void) =>
      child.addEventListener(type, (event: { data?: FromWorker }) => {
        const isTold = event.data && "value" in event.data && typeof event.data.value === "string";
        if (!isTold) listener(event as never);
      }),
  };
}

const isAlive = (pid: number) => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

/** What ends in time alone, and never by itself. */
const ENDLESS = {
  "a loop": "for (;;) {}",
  "a regular expression": 'throw new Error(String(/^(?:\\s*\\n)+x/.test("\\n".repeat(400))));',
  "JSON.parse": 'const text = ["[", "[],".repeat(3e7), "1]"].join(""); for (;;) JSON.parse(text);',
};

for (const [name, text] of Object.entries(ENDLESS))
  test(`${name} that takes more than its time is ended, and its process with it; the next one is answered`, async () => {
    const some = pool({ time: 400, memory: 0 });
    const error = await failure(some.run(text));
    expect(error).toBeInstanceOf(LimitExceeded);
    expect(String(error)).toContain("more than 0.4 s of processor time (the setting is isolation.time)");
    while (isAlive(some.pids[0]!)) await Bun.sleep(5);
    expect(await some.run("export const x = 1;")).toEqual([expect.stringContaining("exports 0 objects")]);
  }, 60_000);

test.if(process.platform === "linux")(
  "what takes more than its memory is ended",
  async () => {
    const some = pool({ time: 0, memory: 400_000_000 });
    const error = await failure(some.run("const all = []; for (;;) all.push(new Array(1e5).fill(1.5));"));
    expect(String(error)).toContain("more than 400.0 MB of memory (the setting is isolation.memory)");
  },
  60_000,
);

/** A worker of which the test says what happens to it. */
class Puppet {
  readonly got: ToWorker[] = [];
  isEnded = false;
  readonly #listeners = new Map<string, ((event: never) => void)[]>();

  postMessage(message: ToWorker): void {
    this.got.push(message);
  }
  terminate(): void {
    this.isEnded = true;
  }
  ref(): void {}
  unref(): void {}
  addEventListener(type: string, listener: (event: never) => void): void {
    this.#listeners.set(type, [...(this.#listeners.get(type) ?? []), listener]);
  }
  tell(type: string, event: unknown): void {
    for (const listener of this.#listeners.get(type) ?? []) listener(event as never);
  }
  answer(value: unknown): void {
    this.tell("message", { data: { id: this.got.at(-1)!.id, value } });
  }
}

test("of several tasks in a worker that took too much only the one is refused that did", async () => {
  const puppets: Puppet[] = [];
  const made = new Pool<{ echo(input: string): Promise<string> }>(1, () => {
    puppets.push(new Puppet());
    return puppets.at(-1)!;
  });
  const [good, bad, other] = ["good", "bad", "other"].map((name) => made.run("echo", name));
  const refused = failure(bad!);
  puppets[0]!.tell("error", { message: "it took too long", isLimit: true });
  for (const [at, what] of ["good", "bad", "other"].entries()) {
    while (!puppets[at + 1]?.got.length) await Bun.sleep(1);
    expect(puppets[at + 1]!.got.map(({ input }) => input)).toEqual([what]);
    if (what === "bad") puppets[at + 1]!.tell("error", { message: "it took too long", isLimit: true });
    else puppets[at + 1]!.answer(what);
  }
  expect(await Promise.all([good, other])).toEqual(["good", "other"]);
  expect(await refused).toBeInstanceOf(LimitExceeded);
  expect(puppets.every(({ isEnded }) => isEnded)).toBe(true);
});

test("a worker ends once it had nothing to do for a while, and another starts when there is", async () => {
  const puppets: Puppet[] = [];
  const spawn = () => {
    puppets.push(new Puppet());
    return puppets.at(-1)!;
  };
  const made = new Pool<{ echo(input: string): Promise<string> }>(1, spawn, { idle: 5 });
  const first = made.run("echo", "a");
  puppets[0]!.answer("a");
  expect(await first).toBe("a");
  while (!puppets[0]!.isEnded) await Bun.sleep(1);
  void made.run("echo", "b");
  expect(puppets.map(({ got }) => got.length)).toEqual([1, 1]);
});
