import { expect, test } from "bun:test";
import { Pace } from "../../src/mirror/job/pace.ts";
import { noCounts, type Progress } from "../../src/mirror/job/progress.ts";

test("rate and time left are those of the last ten seconds", () => {
  const progress: Progress = { ...noCounts(), phase: "downloading", total: 100 };
  const pace = new Pace(progress);
  const start = performance.now();
  expect(pace.eta(start)).toBeUndefined();
  for (let second = 1; second <= 30; second++) {
    progress.completed += second <= 20 ? 1 : 2;
    progress.bytes += second <= 20 ? 1_000 : 5_000;
    pace.sample(start + second * 1_000);
  }
  expect(pace.rate(start + 30_000)).toBeWithin(4_500, 5_100);
  expect(pace.eta(start + 30_000)).toBeWithin(29, 34);
  progress.failed = 60;
  expect(pace.eta(start + 30_000)).toBe(0);
});
