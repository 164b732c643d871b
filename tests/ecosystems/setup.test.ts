/** The page at `/` and README's table "Point a client at it" say the same. */
import { expect, test } from "bun:test";
import { join } from "node:path";
import { ecosystems } from "#src/registry.generated.ts";

const README = await Bun.file(join(import.meta.dir, "../../README.md")).text();
const from = README.indexOf("## Point a client at it");
const TABLE = README.slice(from, README.indexOf("\n## ", from)).replaceAll("`", "");

test.each(ecosystems.map((ecosystem) => [ecosystem.id, ecosystem] as const))("%s", (_id, { mount, id, setup }) => {
  const base = `http://localhost:8080${mount ?? `/${id}`}`;
  // A line that is only the address of the mount is there for those who know their client.
  for (const line of setup(base)
    .split("\n")
    .filter((each) => each !== `(${base})`))
    expect(TABLE).toContain(line);
});
