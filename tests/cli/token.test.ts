import { expect, test } from "bun:test";
import { join } from "node:path";
import { hash } from "../../src/contract/digest.ts";
import { openDatabase } from "../../src/index/sqlite/open.ts";
import { Tokens } from "../../src/index/sqlite/tokens.ts";
import { runProxy } from "../support/proxy.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

test("a token is shown once, kept as its hash, listed, and revoked", async () => {
  const folder = await temporaryFolder();
  const run = (...args: string[]) => runProxy({ dir: folder.path, config: {} }, ["token", ...args]);
  const made = await run("create", "build machine");
  const token = made.stdout.trim();
  expect([made.code, token]).toEqual([0, expect.stringMatching(/^prx_[\w-]{43}$/) as string]);
  const database = openDatabase(join(folder.path, "proxy.db"));
  const tokens = new Tokens(database);
  expect(tokens.list()).toMatchObject([
    {
      name: "build machine",
      hash: hash("sha256", token),
      scopes: ["mirror"],
      revokedAt: null,
    },
  ]);
  expect(JSON.stringify(tokens.list())).not.toContain(token);
  const { id } = tokens.list()[0]!;
  expect((await run("list")).stdout).toMatch(new RegExp(`^${id}  mirror  \\S+  build machine\n$`));
  expect(tokens.valid().length).toBe(1);
  expect((await run("revoke", id)).code).toBe(0);
  expect(tokens.valid()).toEqual([]);
  expect((await run("list")).stdout).toContain("(revoked ");
  const again = await run("revoke", id);
  expect([again.code, again.stderr]).toEqual([2, expect.stringContaining(`there is no valid token ${id}`) as string]);
  const unknown = await run("create", "x", "--scope", "everything");
  expect([unknown.code, unknown.stderr]).toEqual([2, expect.stringContaining("there is mirror") as string]);
  await database.close();
  await folder.remove();
}, 30_000);
