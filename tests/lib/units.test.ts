import { expect, test } from "bun:test";
import { formatSize } from "#src/lib/sizes.ts";
import { parseDuration, parseSize } from "#src/lib/units.ts";

const sizes: [string, number | undefined][] = [
  ["0", 0],
  ["1024", 1024],
  ["10GB", 10_000_000_000],
  ["512MiB", 536_870_912],
  ["1.5 kb", 1500],
  ["1TiB", 2 ** 40],
  ["10G", undefined],
  ["-1", undefined],
  ["1e9", undefined],
  ["GB", undefined],
  ["", undefined],
  ["99999999999999TB", undefined],
];
test.each(sizes)("size %s", (text, bytes) => expect(parseSize(text)).toBe(bytes));

const printed: [number, string][] = [
  [0, "0 B"],
  [999, "999 B"],
  [1_000, "1.0 KB"],
  [1_536, "1.5 KB"],
  [999_949, "999.9 KB"],
  [999_950, "1.0 MB"],
  [5_000_000_000, "5.0 GB"],
  [2_500_000_000_000, "2.5 TB"],
];
test.each(printed)("%d bytes are printed as the configuration reads them", (bytes, text) => {
  expect(formatSize(bytes)).toBe(text);
  expect(Math.abs(parseSize(text)! - bytes)).toBeLessThanOrEqual(bytes / 20);
});

const durations: [string, number | undefined][] = [
  ["0", 0],
  ["500ms", 500],
  ["15s", 15_000],
  ["30m", 1_800_000],
  ["48h", 172_800_000],
  ["3d", 259_200_000],
  ["1h30m", 5_400_000],
  ["1.5h", 5_400_000],
  ["0s", 0],
  ["30", undefined],
  ["-1s", undefined],
  ["1 h", undefined],
  ["1w", undefined],
  ["1.2.3s", undefined],
  ["", undefined],
];
test.each(durations)("duration %s", (text, milliseconds) => expect(parseDuration(text)).toBe(milliseconds));
