import { expect, test } from "bun:test";
import { Upstream } from "../../src/upstream/client.ts";
import { redirect } from "../support/faults.ts";
import { text } from "../support/tree.ts";
import { startUpstream } from "../support/upstream.ts";

test("a credential is sent to its own host only, also through a redirect", async () => {
  const [own, other] = [await startUpstream(), await startUpstream()];
  for (const upstream of [own, other]) upstream.mount("", () => new Map([["/file", text("x")]]));
  own.fault(/file/, redirect(`${other.url}/file`));
  const client = new Upstream({
    timeout: 1_000,
    patience: 0,
    credentials: [{ scope: own.url, header: "authorization", value: "Bearer secret" }],
    allowPrivate: ["127.0.0.1"],
    userAgent: "test",
  });
  const response = await client.fetch({ name: "m", trusted: new Set([own.url]) }, `${own.url}/file`);
  expect(await response.text()).toBe("x");
  expect(own.requests[0]?.headers.authorization).toBe("Bearer secret");
  expect(other.requests[0]?.headers.authorization).toBeUndefined();
  await own.close();
  await other.close();
});
