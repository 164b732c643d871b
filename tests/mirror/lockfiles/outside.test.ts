/** A lockfile of an ecosystem from outside: read as those of the executable are. */
import { expect, test } from "bun:test";
import { join } from "node:path";
import { isItem } from "../../../src/contract/lockfile.ts";
import { readLockfile } from "../../../src/mirror/sources/lockfiles.ts";
import { Targets } from "../../../src/mirror/sources/targets.ts";
import { makeMount } from "../../../src/mounts/mounts.ts";
import { guarded } from "../../../src/plugins/guard.ts";
import { pluginOf } from "../../../src/plugins/registry.ts";
import { readPlugin } from "../../../src/plugins/source.ts";

const luarocks = guarded(await pluginOf(readPlugin(join(import.meta.dir, "../../plugins/outside/luarocks.ts"))));
const targets = new Targets([makeMount("luarocks", luarocks, { ttl: 0 })]);
const read = (name: string, text: string) => [...readLockfile(name, new TextEncoder().encode(text), targets.lockfiles)];

const LOCK = `return {
   build_dependencies = { ["luarocks-build-rust"] = "0.2.0-1" },
   dependencies = { lpeg = "1.1.0-1", lua = "5.4-1" }
}
`;

test("what it pins is named, with its place", () => {
  const entries = read("app/luarocks.lock", LOCK);
  expect(
    entries.map((entry) => (isItem(entry) ? `${entry.purl.name}@${entry.purl.version}, ${entry.place}` : "")),
  ).toEqual([
    'luarocks-build-rust@0.2.0-1, app/luarocks.lock: build_dependencies["luarocks-build-rust"]',
    'lpeg@1.1.0-1, app/luarocks.lock: dependencies["lpeg"]',
  ]);
});

test("what is none is refused with the place", () => {
  expect(() => read("luarocks.lock", LOCK.replace("1.1.0-1", "any"))).toThrow(
    'luarocks.lock: dependencies["lpeg"]: expected VERSION-REVISION, found "any"',
  );
  expect(() => read("luarocks.lock", LOCK.slice(0, 40))).toThrow(/^luarocks\.lock: this is no luarocks\.lock: /);
});
