const SIZES: Readonly<Record<string, number>> = {
  "": 1,
  b: 1,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  tb: 1e12,
  kib: 2 ** 10,
  mib: 2 ** 20,
  gib: 2 ** 30,
  tib: 2 ** 40,
};

const DURATIONS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

export const SIZE = "a size: bytes, or a number with KB, MB, GB, TB (powers of 1000) or KiB, MiB, GiB, TiB (of 1024)";
export const DURATION = "a duration: 0, or a number with ms, s, m, h or d (500ms, 30s, 1h30m, 3d)";

/** Bytes: `10GB` → 10_000_000_000, `512MiB` → 536_870_912, `1024` → 1024. `undefined` where it is not a size. */
export function parseSize(text: string): number | undefined {
  const { number, unit } = /^(?<number>\d+(?:\.\d+)?) ?(?<unit>[a-z]*)$/i.exec(text)?.groups ?? {};
  const factor = SIZES[unit?.toLowerCase() ?? "none"];
  const bytes = factor === undefined ? Number.NaN : Math.round(Number(number) * factor);
  return Number.isSafeInteger(bytes) ? bytes : undefined;
}

/** Milliseconds: `3d` → 259_200_000, `1h30m` → 5_400_000, `0` → 0. `undefined` where it is not a duration. */
export function parseDuration(text: string): number | undefined {
  if (text === "0") return 0;
  if (!/^(?:\d+(?:\.\d+)?(?:ms|s|m|h|d))+$/.test(text)) return undefined;
  let total = 0;
  for (const [, number, unit] of text.matchAll(/([\d.]+)([a-z]+)/g)) total += Number(number) * DURATIONS[unit!]!;
  return Number.isSafeInteger(Math.round(total)) ? Math.round(total) : undefined;
}
