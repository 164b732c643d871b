/** What upstream refuses, as clients of each ecosystem are told of it. */
import { expect, test } from "bun:test";
import { respondError } from "../../src/http/respond.ts";
import { UpstreamFailed } from "../../src/lib/errors.ts";
import { makeMount, severalRegistries } from "../../src/mounts/mounts.ts";
import { ecosystems } from "../../src/registry.generated.ts";
import { failing } from "../support/faults.ts";
import { serving } from "./serving.ts";

const SAYS = "r.example answered so for /a: in quarantine";

test.each(ecosystems.map((ecosystem) => [ecosystem.id, ecosystem] as const))(
  "%s: the status, the reason and the time to come back",
  async (id, ecosystem) => {
    const mount = makeMount(id, ecosystem, { ttl: 0 });
    for (const [status, retryAfter] of [
      [401, undefined],
      [403, undefined],
      [451, undefined],
      [429, 6_500],
    ] as const) {
      const error = new UpstreamFailed(SAYS, { status, retryable: status === 429, retryAfter });
      const response = respondError(new Request("http://proxy.example/m/a"), error, mount);
      expect([response.status, response.headers.get("retry-after")]).toEqual([status, retryAfter ? "7" : null]);
      expect(await response.text()).toContain("in quarantine");
    }
  },
);

test("of a document and of a file, before anything is held", async () => {
  for (const [path, asked] of [
    ["/index.json", "/index.json"],
    ["/raw/small", "/raw/small"],
  ] as const) {
    await using s = await serving();
    s.upstream.fault(path, failing(429, 30));
    const response = await fetch(`${s.url}${asked}`);
    expect([path, response.status, response.headers.get("retry-after")]).toEqual([path, 429, "30"]);
    expect(await response.text()).toContain("upstream fails on purpose with 429");
  }
});

test("lists of registries are named, lists of equals are not", () => {
  const [npm, golang] = ["npm", "golang"].map((id) => ecosystems.find((each) => each.id === id)!);
  const urls = ["https://in.example", "https://out.example"];
  const mounts = [
    makeMount("own", npm!, { upstreams: { default: urls }, ttl: 0 }),
    makeMount("npm", npm!, { upstreams: { default: "https://in.example" }, ttl: 0 }),
    makeMount("go", golang!, { ttl: 0 }),
  ];
  expect(severalRegistries(mounts)).toEqual([{ mount: "own", upstream: "default", registries: urls.join(" ") }]);
});
