import type { Doc, Path } from "../ecosystem.ts";
import { pathOf } from "../mounts.ts";
import { documentAt, type Target } from "./locate.ts";

const decoder = new TextDecoder();

/** What a plugin sees of a document. `near` reads other held ones of the mount; it is synchronous, and they are small. */
export function makeDoc(
  target: Target,
  bytes: Uint8Array,
  source: { mediaType: string; url: string },
  near: (path: Path) => Doc | undefined,
): Doc {
  let text: string | undefined;
  const read = () => {
    text ??= decoder.decode(bytes);
    return text;
  };
  return {
    path: target.path,
    params: target.params,
    mediaType: (source.mediaType.split(";")[0] ?? "").trim().toLowerCase(),
    bytes: () => bytes,
    text: read,
    json: <T>() => JSON.parse(read()) as T,
    traits: target.mount.traits,
    pathOf: (url) => pathOf(target.mount, url, source.url),
    near: (path) => {
      const other = documentAt(target.mount, path);
      return other && near(other.path);
    },
  };
}
