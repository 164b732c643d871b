/** Who may fetch: over threads, processes and machines that share a store, and over their deaths. */
import { expect, test } from "bun:test";
import { lutimesSync, readdirSync, readFileSync, symlinkSync } from "node:fs";

import { join } from "node:path";
import type { Lease } from "../../src/leases/port.ts";
import { HERE, symlinkLeases } from "../../src/leases/symlink/symlink-leases.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const KEY = "npm /a";
const acquire = (folder: string, key: string) => symlinkLeases(folder).acquire(key);
const isLeased = (folder: string, key: string) => symlinkLeases(folder).isLeased(key);
const longAgo = new Date(Date.now() - 60_000);

/** A process id that belonged to a process which has ended. */
async function deadPid(): Promise<number> {
  const child = Bun.spawn(["true"]);
  await child.exited;
  return child.pid;
}

/** Leaves a lease as another owner would. */
async function leave(folder: string, owner: string): Promise<string> {
  const probe = await acquire(folder, KEY);
  const [name = ""] = readdirSync(folder);
  const link = join(folder, name);
  await probe?.release();
  symlinkSync(owner, link);
  return link;
}

const taken = async (folder: string) => {
  const lease = await acquire(folder, KEY);
  await lease?.release();
  return lease !== undefined;
};

test("one has it until it is released, and nothing is left of it", async () => {
  await using folder = await temporaryFolder();
  const lease = await acquire(folder.path, KEY);
  expect([await acquire(folder.path, KEY), isLeased(folder.path, KEY)]).toEqual([undefined, true]);
  await lease?.release();
  await lease?.release();
  expect([isLeased(folder.path, KEY), readdirSync(folder.path)]).toEqual([false, []]);
  expect(await taken(folder.path)).toBe(true);
});

test("a process of this machine that has ended is followed at once", async () => {
  await using folder = await temporaryFolder();
  await leave(folder.path, `${HERE}:${await deadPid()}:run:uuid`);
  expect(isLeased(folder.path, KEY)).toBe(false);
  expect(await taken(folder.path)).toBe(true);
});

test.if(process.platform === "linux")("so is one whose parent does not bury it", async () => {
  await using folder = await temporaryFolder();
  const parent = Bun.spawn(["sh", "-c", "sleep 60 & echo $!; exec sleep 60"], { stdout: "pipe" });
  const { value } = await parent.stdout.getReader().read();
  const pid = Number(new TextDecoder().decode(value));
  await leave(folder.path, `${HERE}:${pid}:run:uuid`);
  expect(isLeased(folder.path, KEY)).toBe(true);
  // Once it is another program, the parent knows of no child.
  while (!readFileSync(`/proc/${parent.pid}/cmdline`, "utf8").startsWith("sleep")) await Bun.sleep(5);
  process.kill(pid, "SIGKILL");
  while (!/\) Z /.test(readFileSync(`/proc/${pid}/stat`, "utf8"))) await Bun.sleep(5);
  expect([isLeased(folder.path, KEY), await taken(folder.path)]).toEqual([false, true]);
  parent.kill();
});

test("so is one that had our process id before a restart", async () => {
  await using folder = await temporaryFolder();
  await leave(folder.path, `${HERE}:${process.pid}:an-earlier-run:uuid`);
  expect(await taken(folder.path)).toBe(true);
});

test("a living process of this machine, or one that has just been heard of on another, is waited for", async () => {
  for (const owner of [`${HERE}:1:run:uuid`, `elsewhere:1:run:uuid`]) {
    await using folder = await temporaryFolder();
    const link = await leave(folder.path, owner);
    expect([isLeased(folder.path, KEY), await taken(folder.path)]).toEqual([true, false]);
    lutimesSync(link, longAgo, longAgo);
    expect([isLeased(folder.path, KEY), await taken(folder.path)]).toEqual([false, true]);
  }
});

test("of many who see a dead owner, one takes over", async () => {
  await using folder = await temporaryFolder();
  for (let round = 0; round < 10; round++) {
    await leave(folder.path, `${HERE}:${await deadPid()}:run:uuid`);
    const leases = await Promise.all(Array.from({ length: 16 }, () => acquire(folder.path, KEY)));
    const owners = leases.filter((lease): lease is Lease => lease !== undefined);
    expect(owners.length).toBe(1);
    await owners[0]?.release();
    expect(readdirSync(folder.path)).toEqual([]);
  }
});

test("one that died while it took over is followed in turn", async () => {
  await using folder = await temporaryFolder();
  const link = await leave(folder.path, `${HERE}:${await deadPid()}:run:uuid`);
  symlinkSync(`${HERE}:${await deadPid()}:run:uuid`, `${link}.takeover`);
  expect((await taken(folder.path)) || (await taken(folder.path))).toBe(true);
  expect(readdirSync(folder.path)).toEqual([]);
});

test("who lost it does not take it from its successor by releasing it", async () => {
  await using folder = await temporaryFolder();
  const first = await acquire(folder.path, KEY);
  const [link = ""] = readdirSync(folder.path);
  lutimesSync(join(folder.path, link), longAgo, longAgo);
  const second = await acquire(folder.path, KEY);
  expect(second).toBeDefined();
  await first?.release();
  expect(isLeased(folder.path, KEY)).toBe(true);
  await second?.release();
});
