import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { type CargoFeatures, cargoRequirements } from "../../../ecosystems/cargo/features.ts";

async function fixture(name: string) {
  return cargoRequirements(
    (await Bun.file(`${import.meta.dir}/../../fixtures/cargo/${name}.txt`).json()) as CargoFeatures,
  );
}

/** What is wanted where some features are: `name+its features`, merged as cargo does. */
function wanted(requires: ReturnType<typeof cargoRequirements>, ...features: string[]): string[] {
  const asked = requires.filter(
    ({ optional, when }) => !optional && (!when || when.some((feature) => features.includes(feature))),
  );
  const merged = Map.groupBy(asked, ({ name }) => name);
  return Array.from(merged, ([name, each]) => [name, ...new Set(each.flatMap(({ asks = [] }) => asks))].join("+"));
}

describe("real crates", () => {
  test("serde_json", async () => {
    const requires = await fixture("serde_json");
    expect(wanted(requires, "default")).toEqual(["itoa+default", "memchr+std", "ryu+default", "serde+std"]);
    expect(wanted(requires)).toEqual(["itoa+default", "memchr", "ryu+default", "serde"]);
    expect(wanted(requires, "alloc")).toContain("serde+alloc");
    expect(wanted(requires, "preserve_order")).toEqual([
      "indexmap+default",
      "itoa+default",
      "memchr+std",
      "ryu+default",
      "serde+std",
    ]);
    expect(requires.filter(({ optional }) => optional)).toEqual([
      { name: "automod", range: "^1.0.11", asks: ["default"], optional: true },
    ]);
  });
  test("tokio", async () => {
    const requires = await fixture("tokio");
    expect(wanted(requires, "default")).toEqual(["backtrace+default", "pin-project-lite+default"]);
    const full = wanted(requires, "full");
    expect(full).toContain("mio+os-poll+os-ext+net");
    expect(full).toContain("socket2+all+default");
    expect(full).toContain("tokio-macros+default");
    expect(full.map((each) => each.replace(/\+.*/, ""))).toEqual([
      "backtrace",
      "bytes",
      "libc",
      "mio",
      "parking_lot",
      "pin-project-lite",
      "signal-hook-registry",
      "socket2",
      "tokio-macros",
      "windows-sys",
    ]);
    expect(requires.find(({ name }) => name === "libc")).toEqual({
      name: "libc",
      range: "^0.2.149",
      marker: "cfg(unix)",
      asks: ["default"],
      when: ["full", "libc", "net", "process", "signal"],
    });
  });
  test("clap", async () => {
    const requires = await fixture("clap");
    expect(wanted(requires, "default")).toEqual(["clap_builder+color+error-context+help+std+suggestions+usage"]);
    expect(wanted(requires, "derive")).toEqual(["clap_builder", "clap_derive+default"]);
    // `dep:clap_derive` leaves no feature of that name.
    expect(wanted(requires, "clap_derive")).toEqual(["clap_builder"]);
    // Cargo's lock file has what `clap_derive?/debug` may turn on.
    expect(wanted(requires, "debug")).toEqual(["clap_builder+debug", "clap_derive+default+debug"]);
  });
});

describe("syntax", () => {
  const dep = (name: string, more: object = {}) => ({ name, req: "1", default_features: false, ...more });
  const optional = (name: string) => dep(name, { optional: true });
  const cases: [string, CargoFeatures, string[], string[]][] = [
    ["an optional dependency is a feature", { deps: [optional("a")] }, ["a"], ["a"]],
    ["but not one that `dep:` names", { deps: [optional("a")], features: { x: ["dep:a"] } }, ["a"], []],
    [
      "or that is named elsewhere only",
      { deps: [optional("a"), optional("b")], features: { x: ["dep:a"] } },
      ["b"],
      ["b"],
    ],
    ["features lead to features", { deps: [optional("a")], features: { x: ["y"], y: ["z"], z: ["a"] } }, ["x"], ["a"]],
    ["in circles, too", { deps: [optional("a")], features: { x: ["y"], y: ["x", "a"] } }, ["x"], ["a"]],
    ["a part brings the whole", { deps: [optional("a")], features: { x: ["a/p"] } }, ["x"], ["a+p"]],
    [
      "and the feature of its name",
      { deps: [optional("a"), optional("b")], features: { x: ["a/p"], a: ["dep:a", "b"] } },
      ["x"],
      ["a+p", "b"],
    ],
    ["`?` is no `if` to the lock file", { deps: [optional("a")], features: { x: ["a?/p"] } }, ["x"], ["a+p"]],
    ["both maps count", { deps: [optional("a")], features: { x: ["y"] }, features2: { y: ["dep:a"] } }, ["x"], ["a"]],
    [
      "a renamed one is named as the crate calls it",
      { deps: [{ ...optional("ours"), package: "theirs" }], features: { x: ["ours/p"] } },
      ["x"],
      ["theirs+p"],
    ],
    ["build dependencies are wanted", { deps: [dep("cc", { kind: "build" })] }, [], ["cc"]],
    ["development ones are not", { deps: [dep("a", { kind: "dev" })], features: { x: ["a/p"] } }, ["x"], []],
    [
      "one name may stand for two targets",
      {
        deps: [dep("a", { target: "cfg(unix)" }), dep("a", { req: "2", target: "cfg(windows)" })],
        features: { x: ["a/p"] },
      },
      ["x"],
      ["a+p"],
    ],
    [
      "what is not there is passed over",
      { deps: [dep("a")], features: { x: ["nothing", "no/thing", "dep:none"] } },
      ["x"],
      ["a"],
    ],
    [
      "names of objects' own are names",
      { deps: [optional("constructor")], features: { toString: ["constructor"] } },
      ["toString"],
      ["constructor"],
    ],
    ["nothing at all", { deps: null, features: null, features2: null }, [], []],
  ];
  test.each(cases)("%s", (_, line, features, expected) => {
    expect(wanted(cargoRequirements(line), ...features)).toEqual(expected);
  });
});

const name = fc.constantFrom("a", "b", "c", "d", "default");
const value = fc.oneof(
  name,
  name.map((each) => `dep:${each}`),
  fc.tuple(name, fc.constantFrom("/", "?/"), name).map((parts) => parts.join("")),
);
const line = fc.record({
  deps: fc.array(fc.record({ name, req: fc.constant("1"), optional: fc.boolean() })),
  features: fc.dictionary(name, fc.array(value)),
});

test("a feature that names another brings all that the other brings", () => {
  fc.assert(
    fc.property(line, name, ({ deps, features }, other) => {
      const requires = cargoRequirements({ deps, features: { ...features, whole: [other] } });
      for (const { when } of requires) if (when?.includes(other)) expect(when).toContain("whole");
    }),
  );
});

test("features without measure are refused, soon", () => {
  const count = 4_000;
  const features = Object.fromEntries(Array.from({ length: count }, (_, i) => [`f${i}`, [`f${i + 1}`, `dep:d${i}`]]));
  const deps = Array.from({ length: count }, (_, i) => ({ name: `d${i}`, req: "1", optional: true }));
  const started = performance.now();
  expect(() => cargoRequirements({ deps, features })).toThrow("more than 1000000");
  expect(performance.now() - started).toBeLessThan(3_000);
});
