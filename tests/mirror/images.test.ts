/** Images as sources: references, and the files that name them. */
import { describe, expect, test } from "bun:test";
import { isItem } from "../../src/contract/lockfile.ts";
import { readReference } from "../../src/mirror/sources/image-reference.ts";
import { readImages } from "../../src/mirror/sources/images.ts";

const SHA = `sha256:${"a".repeat(64)}`;

const read = (text: string) =>
  Array.from(readImages("f", new TextEncoder().encode(text)), (entry) =>
    isItem(entry)
      ? `${entry.place} = ${entry.purl.qualifiers?.repository_url ?? ""}/${entry.purl.name}@${entry.purl.version}`
      : `${entry.place} (${entry.what} ${entry.reason})`,
  );

test.each([
  ["alpine", "", "alpine", "latest"],
  ["alpine:3.20", "", "alpine", "3.20"],
  ["acme/app:1.0", "", "acme/app", "1.0"],
  ["registry.example/team/sub/app:v1_2-rc.3", "registry.example", "team/sub/app", "v1_2-rc.3"],
  ["registry.example:5000/app", "registry.example:5000", "app", "latest"],
  ["localhost/app:1", "localhost", "app", "1"],
  ["host:5000/app:1", "host:5000", "app", "1"],
  ["127.0.0.1:5000/app:1", "127.0.0.1:5000", "app", "1"],
  ["[::1]:5000/app", "[::1]:5000", "app", "latest"],
  [`acme/app:1.0@${SHA}`, "", "acme/app", SHA],
])("%s", (text, host, name, version) => {
  const purl = readReference(text);
  expect([purl.qualifiers?.repository_url ?? "", purl.name, purl.version]).toEqual([host, name, version]);
});

test.each([
  "",
  "Acme/app",
  "app:",
  "app@sha256:abc",
  "app:1 2",
  "https://a.example/app",
  "a//b",
  "-app",
  `${"a/".repeat(5_000)}!`,
])("no reference: %p", (text) => {
  expect(() => readReference(text)).toThrow("is no reference of an image");
});

describe("files", () => {
  test("a list: one a line, comments", () => {
    expect(read("# ours\nalpine:3.20\n\r\n  acme/app:1 # pinned\r\n")).toEqual([
      "f: line 2 = /alpine@3.20",
      "f: line 4 = /acme/app@1",
    ]);
  });
  test("a compose file: services, defaults of variables, what is built here", () => {
    const text = `
services:
  web:
    image: registry.example/web:\${TAG:-1.2}
  db: &db
    image: "postgres:\${PG-16}"
  replica:
    <<: *db
  own:
    build: .
    image: own:dev
volumes: { data: {} }
`;
    expect(read(text)).toEqual([
      "f: services.web.image = registry.example/web@1.2",
      "f: services.db.image = /postgres@16",
      "f: services.replica.image = /postgres@16",
      "f: services.own (own is built here, and pulled from nowhere)",
    ]);
  });
  test("Kubernetes manifests: several documents, whatever wraps the containers", () => {
    const text = `
apiVersion: apps/v1
kind: Deployment
spec:
  template:
    spec:
      initContainers: [{ name: i, image: busybox }]
      containers:
        - { name: a, image: acme/a:1 }
        - { name: b, image: "registry.example/b@${SHA}" }
---
apiVersion: v1
kind: List
items:
  - apiVersion: batch/v1
    kind: CronJob
    spec: { jobTemplate: { spec: { template: { spec: { containers: [{ image: cron:2 }] } } } } }
---
apiVersion: v1
kind: ConfigMap
data: { image: nothing }
`;
    expect(read(text)).toEqual([
      "f: document 1: spec.template.spec.initContainers[0].image = /busybox@latest",
      "f: document 1: spec.template.spec.containers[0].image = /acme/a@1",
      `f: document 1: spec.template.spec.containers[1].image = registry.example/b@${SHA}`,
      "f: document 2: items[0].spec.jobTemplate.spec.template.spec.containers[0].image = /cron@2",
    ]);
  });
  test("JSON is YAML, too", () => {
    expect(read('{\n "kind": "Pod",\n "spec": { "containers": [{ "image": "a:1" }] } }')).toEqual([
      "f: spec.containers[0].image = /a@1",
    ]);
  });
  test("aliases that multiply are refused", () => {
    const levels = Array.from({ length: 40 }, (_, i) => `a${i + 1}: &a${i + 1} [*a${i}, *a${i}]`);
    const text = `kind: Pod\na0: &a0 { containers: [{ image: "a:1" }] }\n${levels.join("\n")}\n`;
    expect(() => read(text)).toThrow("Excessive aliasing");
  });
  test.each([
    ["alpine:3.20\nNo Image\n", 'f: line 2: "No Image" is no reference'],
    ["services: { a: { image: 'app:$TAG' } }\n", 'f: services.a.image: "app:$TAG" has a variable without a default'],
    ["kind: Pod\nspec: [", "f is no YAML: YAML Parse error: Unexpected token (line 2: unexpected end"],
    ["# none\n", "f names no image; expected references, one a line"],
  ])("what is wrong is told with its place: %p", (text, says) => {
    expect(() => read(text)).toThrow(says);
  });
});
