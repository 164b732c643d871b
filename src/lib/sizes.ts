/** Numbers as people read them. */

const UNITS = ["B", "KB", "MB", "GB", "TB", "PB"];

/** `1500` → `1.5 KB`: powers of 1000, as in the configuration (`parseSize`). */
export function formatSize(bytes: number): string {
  let [value, unit] = [bytes, 0];
  // What would be rounded to 1000.0 is 1.0 of the next unit.
  for (; value >= (unit === 0 ? 1_000 : 999.95) && unit < UNITS.length - 1; unit++) value /= 1_000;
  return `${unit === 0 ? value : value.toFixed(1)} ${UNITS[unit]}`;
}

/** `1 file`, `2 files`; a word with another plural is given both: `counted(2, "entry", "entries")`. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}
