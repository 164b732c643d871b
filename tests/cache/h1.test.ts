/** Go's directory hash, against values that Go itself publishes and against its definition. */
import { expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { hashH1 } from "../../src/cache/integrity/h1.ts";
import { verify } from "../../src/cache/integrity/verify.ts";
import { DigestMismatch, UpstreamFailed } from "../../src/lib/errors.ts";
import { zip } from "../support/archives/zip.ts";
import { failure } from "../support/engine.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const hex = (text: string) => createHash("sha256").update(text).digest("hex");
const NAMES = ["m@v1.0.0/go.mod", "m@v1.0.0/a/b.go", "m@v1.0.0/a.go", "m@v1.0.0/ü.go"];
const content = (name: string) => `data for ${name}\n`;
const MODULE = zip(Object.fromEntries(NAMES.map((name) => [name, content(name)])));

/** golang.org/x/mod/sumdb/dirhash: `sha256sum` of each file, sorted by name, and the sha256 of that text. */
const expected = createHash("sha256")
  .update(
    ["m@v1.0.0/a.go", "m@v1.0.0/a/b.go", "m@v1.0.0/go.mod", "m@v1.0.0/ü.go"]
      .map((name) => `${hex(content(name))}  ${name}\n`)
      .join(""),
  )
  .digest("base64");

test("of a lone go.mod, as the checksum database has it (rsc.io/quote v1.5.2)", async () => {
  const mod = 'module "rsc.io/quote"\n\nrequire "rsc.io/sampler" v1.3.0\n';
  expect(await hashH1("/m", new TextEncoder().encode(mod))).toBe("LzX7hefJvL54yjefDEDHNONDjII0t9xZLPXsUe+TKr0=");
});

test("of a module zip, in memory and on disk, in the byte order of names", async () => {
  await using folder = await temporaryFolder();
  const file = join(folder.path, "m.zip");
  await Bun.write(file, MODULE);
  expect(await hashH1("/m", MODULE)).toBe(expected);
  expect(await hashH1("/m", file)).toBe(expected);
});

test("verifies what a module's sum says, and refuses another or a broken zip", async () => {
  const digests = { sha256: "" };
  await verify("/m", `h1:${expected}`, digests, MODULE);
  const other = zip({ "m@v1.0.0/go.mod": "module m\n" });
  expect(await failure(verify("/m", `h1:${expected}`, digests, other))).toBeInstanceOf(DigestMismatch);
  for (const cut of [2, 30, MODULE.length - 10])
    expect(await failure(verify("/m", `h1:${expected}`, digests, MODULE.slice(0, cut)))).toBeInstanceOf(UpstreamFailed);
});
