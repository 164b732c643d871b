import { expect, test } from "bun:test";
import { describeEstimate } from "#src/app/registry-estimate.ts";

test("files whose size nobody states are among the files, and said not to be among the bytes", () => {
  const found = { listed: 2, chosen: 1, sampled: 1, files: 6, bytes: 5_120, unknown: 4, failures: [] };
  expect(describeEstimate("npm", found)).toBe(
    "npm: 2 packages listed, 1 chosen; to fetch (all of them looked at): 6 files, 5.1 KB, without 4 of them whose size no index states",
  );
});
