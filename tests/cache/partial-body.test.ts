/** Reading a file that is still being written, in the moments in which that is hardest. */
import { expect, test } from "bun:test";
import { appendFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Growing } from "../../src/cache/transfer/partial-body.ts";
import { failure } from "../support/engine.ts";
import { type TemporaryFolder, temporaryFolder } from "../support/temporary-folder.ts";

const HEAD = { url: "http://upstream.example/f", mediaType: "", headers: {} };

function started(folder: TemporaryFolder) {
  const part = join(folder.path, "part");
  return { part, blob: join(folder.path, "blob"), growing: new Growing(HEAD, part) };
}

const text = (stream: ReadableStream<Uint8Array>) => new Response(stream).text();

test("bytes arrive as they are written, the last one only when all is verified", async () => {
  await using folder = await temporaryFolder();
  const { part, blob, growing } = started(folder);
  await writeFile(part, "abc");
  growing.grow(3);
  const reader = (await growing.stream()).getReader();
  expect(Buffer.from((await reader.read()).value ?? []).toString()).toBe("ab");
  const rest = reader.read();
  expect(await Promise.race([rest, Bun.sleep(30).then(() => "held back")])).toBe("held back");
  await rename(part, blob);
  growing.finish(blob);
  expect(Buffer.from((await rest).value ?? []).toString()).toBe("c");
  expect((await reader.read()).done).toBe(true);
  expect(growing.readers).toBe(0);
});

test("a reader that opens while the file is moved gets the moved one", async () => {
  await using folder = await temporaryFolder();
  const { blob, growing } = started(folder);
  await writeFile(blob, "abc");
  const opening = growing.stream();
  growing.grow(3);
  growing.finish(blob);
  expect(await text(await opening)).toBe("abc");
});

test("a reader that opens when the download fails, and one that came too late, hear so", async () => {
  await using folder = await temporaryFolder();
  const { growing } = started(folder);
  const opening = growing.stream();
  growing.fail(new Error("wrong bytes"));
  expect(String(await failure(opening))).toContain("wrong bytes");
  expect(String(await failure(growing.stream()))).toContain("wrong bytes");
});

test("a blob that is gone is an error, not a wait", async () => {
  await using folder = await temporaryFolder();
  const { growing } = started(folder);
  growing.finish(join(folder.path, "evicted"));
  expect(String(await failure(growing.stream()))).toContain("ENOENT");
});

test("ranges end where they should, before the whole is there", async () => {
  await using folder = await temporaryFolder();
  const { part, blob, growing } = started(folder);
  await writeFile(part, "0123456789");
  growing.grow(10);
  const ranged = text(await growing.stream(2, 5));
  await rename(part, blob);
  growing.finish(blob);
  expect(await ranged).toBe("234");
});

test("a reader that leaves, while it waits or while it reads, leaves no descriptor", async () => {
  await using folder = await temporaryFolder();
  const { part, growing } = started(folder);
  await writeFile(part, "abc");
  growing.grow(3);
  for (let left = 0; left < 20; left++) {
    const reader = (await growing.stream()).getReader();
    if (left % 2 === 0) await reader.read();
    await reader.cancel();
  }
  expect(growing.readers).toBe(0);
  await appendFile(part, "def");
  growing.grow(3);
  growing.fail(new Error("over"));
});

test("a file that another process began anew breaks the answer off, rather than mixing two files or spinning", async () => {
  await using folder = await temporaryFolder();
  const { part, growing } = started(folder);
  await writeFile(part, "abc");
  growing.grow(3);
  const all = text(await growing.stream());
  await writeFile(join(folder.path, "new"), "ABCDEFGH");
  await rename(join(folder.path, "new"), part);
  growing.grow(5);
  // It has no reason: Bun would print it.
  expect(
    await all.then(
      () => "ended well",
      () => "broken off",
    ),
  ).toBe("broken off");
});
