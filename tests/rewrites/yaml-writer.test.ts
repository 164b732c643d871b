/** Trees of YAML that are written and read again are the same, and so is what other readers see of them. */
import { expect, test } from "bun:test";
import fc from "fast-check";
import { load, type Node } from "js-yaml";
import { readTree } from "../../ecosystems/helm/yaml-tree.ts";
import { writeYaml } from "../../ecosystems/helm/yaml-writer.ts";

/** What a node means, and whether a scalar is quoted, which decides between a text and a number. */
function meaning(node: Node): unknown {
  if (node.kind === "alias") return `*${node.anchor}`;
  const tag = node.tagged && { tag: node.tag };
  if (node.kind === "scalar") return { ...tag, value: node.value, isPlain: node.style === 1 && isTyped(node.value) };
  if (node.kind === "sequence") return { ...tag, list: node.items.map(meaning) };
  return { ...tag, pairs: node.items.map(({ key, value }) => [meaning(key), meaning(value)]) };
}

/** Whether some reader takes it for something else than a text. */
function isTyped(value: string): boolean {
  return value === "" || /^[\w.+~-]+$/.test(value);
}

const SOURCE = `apiVersion: v1
entries:
  "odd: name":
  - appVersion: 1.10
    created: "2024-01-01T00:00:00Z"
    deprecated: true
    quoted: 'true'
    empty:
    description: |
      First line.

        Indented.
    kept: |+
      text

    folded: >-
      one
      two
    long: plain, over
      two lines
    urls:
      - https://charts.example/a-1.tgz?x=[1]#y
    annotations: {a: b, "c,d": [1, -2, ~, x y], e: , f: {}}
    tagged: !!str 1
    typed: !!map
      a: b
    emoji: 😀 \u00e9
    escaped: "a\\tb\\0c\\u2028"
  ? another
  : - 1
generated: 2024-01-01T00:00:00Z
`;

test("an index with all that YAML has keeps its meaning, and is written again as it was written", () => {
  const tree = readTree(SOURCE);
  const text = writeYaml(tree);
  expect(meaning(readTree(text))).toEqual(meaning(tree));
  expect(load(text)).toEqual(load(SOURCE));
  expect(writeYaml(readTree(text))).toBe(text);
  expect(text).toContain("  - appVersion: 1.10\n    created: \"2024-01-01T00:00:00Z\"\n    deprecated: true\n    quoted: 'true'\n");
});

const scalar = fc.record({
  kind: fc.constant("scalar" as const),
  tag: fc.constant("tag:yaml.org,2002:str"),
  tagged: fc.constant(false),
  style: fc.constantFrom(1, 2, 3, 4, 5),
  value: fc.oneof(
    fc.string({ maxLength: 8 }),
    fc.array(fc.constantFrom(..."- :?#,[]{}&*!|>'\"%@`\n\t\\.~a1é😀\u2028\u0000".match(/./gsu)!), { maxLength: 6 }).map((all) => all.join("")),
  ),
});
const { node } = fc.letrec<{ node: unknown }>((tie) => ({
  node: fc.oneof(
    { maxDepth: 4 },
    scalar,
    fc.record({
      kind: fc.constant("sequence"),
      tag: fc.constant("tag:yaml.org,2002:seq"),
      tagged: fc.constant(false),
      style: fc.constantFrom(1, 2),
      items: fc.array(tie("node"), { maxLength: 3 }),
    }),
    fc.record({
      kind: fc.constant("mapping"),
      tag: fc.constant("tag:yaml.org,2002:map"),
      tagged: fc.constant(false),
      style: fc.constantFrom(1, 2),
      items: fc.uniqueArray(fc.record({ key: tie("node"), value: tie("node") }), {
        maxLength: 3,
        selector: ({ key }) => JSON.stringify(key),
      }),
    }),
  ),
}));

/** Without how it is written. */
function plainly(value: Node): unknown {
  if (value.kind === "scalar") return value.value === "" || value.value === "~" ? "" : value.value;
  if (value.kind === "sequence") return value.items.map(plainly);
  return value.kind === "mapping" ? value.items.map(({ key, value: of }) => [plainly(key), plainly(of)]) : value;
}

test("whatever a tree holds, it is read again as it was", () => {
  fc.assert(
    fc.property(node, (value) => {
      const root = {
        kind: "mapping",
        tag: "tag:yaml.org,2002:map",
        tagged: false,
        style: 1,
        items: [{ key: { kind: "scalar", tag: "tag:yaml.org,2002:str", tagged: false, style: 1, value: "k" }, value }],
      } as Parameters<typeof writeYaml>[0];
      expect(plainly(readTree(writeYaml(root)))).toEqual(plainly(root));
    }),
    { numRuns: 2_000 },
  );
});
