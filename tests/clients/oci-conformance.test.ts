/** The reading part of the distribution specification's own conformance suite, against a mirror whose upstream is gone. */
import { expect, test } from "bun:test";
import { join } from "node:path";
import { outcome } from "../support/clients/client.ts";
import { conformance } from "../support/clients/oci.ts";
import { setOciStage } from "../support/oci-stage.ts";
import { digestAt } from "../support/registries/oci.ts";
import { TIMEOUT } from "../support/time-limits.ts";
import type { Entry } from "../support/tree.ts";

test.skipIf(conformance.unavailable() !== undefined)(
  "the conformance suite reads manifests, blobs, tags and referrers from an unplugged mirror",
  async () => {
    const { upstream, tree, dir, serve } = await setOciStage();
    const mirroring = await serve("store");
    expect(outcome(await mirroring.run(["mirror", "pkg:docker/app@1.0"]))).toBe("installed");
    await mirroring.stop();
    await upstream.down();
    const offline = await serve("store", true);
    const digests = (kind: string) =>
      Array.from(tree.keys()).flatMap(
        (path) => /(sha256:.+)$/.exec(path.split(`/v2/library/app/${kind}/`)[1] ?? "")?.[1] ?? [],
      );
    const root = digestAt(tree, "library/app:1.0");
    const { body } = tree.get(`/v2/library/app/referrers/${root}`) as Entry;
    expect(body).toContain("spdx");
    const results = join(dir("results"), "results");
    const run = await conformance.run({
      dir: dir("results"),
      host: new URL(offline.url).host,
      results,
      content: {
        TAGS: ["1.0", `${root.replace(":", "-")}.sig`],
        MANIFESTS: digests("manifests"),
        BLOBS: digests("blobs"),
        REFERRERS: [root],
      },
    });
    // Its exit code says nothing: of content that it did not make itself it cannot write its last report.
    expect(run.stdout).toContain("OCI Conformance Result: Pass");
    for (const part of [
      "Tag listing",
      "Blob get",
      "Manifest get by tag",
      "Manifest head by digest",
      "Referrers",
      "Ping",
    ])
      expect(run.stdout).toMatch(new RegExp(`${part}\\.+: +Pass`));
  },
  TIMEOUT,
);
