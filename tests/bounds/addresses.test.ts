/** Addresses that documents name: a host of many letters took seconds to read (found by FUZZ=300, seed 1792685140). */
import { expect, test } from "bun:test";
import { nuget } from "../../ecosystems/nuget.ts";
import { mountOf, read } from "../../src/conformance/setting.ts";
import { addressOf } from "../../src/contract/plain.ts";

const MB = 1024 * 1024;
const HOST = "0.é".repeat(MB / 3);

test("an address is read at once, wherever its host is hidden", () => {
  const before = performance.now();
  for (const start of ["https://", "https:", "//", "\\\\", " https://", "ht\ntps://", "https://\t/", "https:/\t/"])
    expect(addressOf(`${start}${HOST}/a`, "https://registry.example/b/")).toBeUndefined();
  expect(addressOf(`https://user@${HOST}/a`)).toBeUndefined();
  const { doc } = read(mountOf(nuget, { default: "https://registry.example/v3/index.json" }), {
    path: "/v3/index.json",
    body: "{}",
  });
  expect([doc.pathOf(`https://${HOST}/a`), doc.urlOf(`https://${HOST}/a`)]).toEqual([undefined, undefined]);
  expect(performance.now() - before).toBeLessThan(1_000);
});

test("long ones are addresses: relative, with a signature, and with a name in letters of the world", () => {
  const query = "?signature=".concat("a".repeat(5_000));
  expect(addressOf(`https://files.example/a${query}`)?.search).toBe(query);
  expect(addressOf(`../a/b${query}`, "https://files.example/c/d/")?.pathname).toBe("/c/a/b");
  expect(addressOf(`//files.example/${"a/".repeat(1_000)}`, "https://x.example/")?.host).toBe("files.example");
  expect(addressOf("https://bücher.example/a")?.host).toBe("xn--bcher-kva.example");
  expect(addressOf("a.tgz", "https://files.example/b/")?.href).toBe("https://files.example/b/a.tgz");
});
