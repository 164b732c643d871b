import { expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";

setDefaultTimeout(60_000);

/** Bytes beyond those that the runtime has at its start. About 50 MB are taken, however large the document. */
const MOST = 150_000_000;

test.each(["json", "xml", "spdx"])("memory does not grow with the document: 100 MB of %s", async (form) => {
  const child = Bun.spawn([process.execPath, join(import.meta.dir, "large.ts"), form, "100"], { stderr: "inherit" });
  const { entries, extra } = JSON.parse(await new Response(child.stdout).text()) as { entries: number; extra: number };
  expect(await child.exited).toBe(0);
  expect(entries).toBeGreaterThan(100_000);
  expect(extra).toBeLessThan(MOST);
});
