/** Pins what a mirror comes to for the owner of its job. */
import type { Mount } from "../mounts/mounts.ts";
import type { Context } from "./context.ts";

type Parts = Pick<Context, "pins" | "commit">;
interface Row {
  path: string;
  pinned: boolean;
}

/** Whether a stored file or document is pinned for the owner that uses the mount; where nobody does, for anyone. */
export function isPinned({ pins }: Pick<Parts, "pins">, { name, owner }: Mount, { path, pinned }: Row): boolean {
  return owner === undefined ? pinned : pins.has(owner, name, path);
}

/** Pins a stored file or document for the owner that uses the mount, if any; whether it was not pinned for it before. */
export async function pinFor(parts: Parts, mount: Mount, row: Row): Promise<boolean> {
  // A pending pointer is pinned when it is published.
  if (mount.owner === undefined || row.path.startsWith("#") || isPinned(parts, mount, row)) return false;
  await parts.commit("pin", { owner: mount.owner, mount: mount.name, paths: [row.path] });
  return true;
}
