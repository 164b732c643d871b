import { expect, test } from "bun:test";
import { basename } from "node:path";
import { ecosystems } from "../../src/registry.generated.ts";
import { conforms } from "../conformance.ts";
import { table } from "./samples.ts";

for (const [ecosystem, conformance] of table) conforms(ecosystem, conformance);

test("every plugin is held to these laws, is named as its file, and has a mount of its own", () => {
  const files = Array.from(new Bun.Glob("*.ts").scanSync(`${import.meta.dir}/../../ecosystems`), (file) =>
    basename(file, ".ts"),
  );
  expect(table.map(([{ id }]) => id).sort()).toEqual(files.sort());
  expect(ecosystems.map(({ id }) => id).sort()).toEqual(files);
  expect(new Set(ecosystems.map(({ id, mount = `/${id}` }) => mount)).size).toBe(files.length);
});
