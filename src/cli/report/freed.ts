import type { Freed } from "../../http/api/mirror-api.ts";
import { formatSize } from "../../lib/sizes.ts";

/** What became of the pins of an owner, in one line. */
export function describeFreed({ owner, pinned, files, bytes, shared }: Freed, isDry: boolean): string {
  const what = `${files} files and documents (${formatSize(bytes)})`;
  const rest = `of ${pinned} pinned, ${shared} stay because others pin them`;
  return isDry ? `${owner}: would remove ${what}; ${rest}` : `${owner} is forgotten: removed ${what}; ${rest}`;
}
