/** How lockfile readers tell of what no registry has. */
import type { Aside } from "../../../src/contract/lockfile.ts";

/** Where something is that no registry has. */
export type Elsewhere = "git" | "folder" | "file" | "url" | "unknown";

const REASONS: Readonly<Record<Elsewhere, string>> = {
  git: "is from a repository of source code",
  folder: "is a folder",
  file: "is a local file",
  url: "is an archive outside of registries",
  unknown: "is from a place of a kind that is not known here",
};

export function elsewhere(what: string, kind: Elsewhere, address: string, place: string): Aside {
  const reason = what === address ? REASONS[kind] : `${REASONS[kind]}: ${withoutCredentials(address)}`;
  return { what: withoutCredentials(what), reason, place };
}

export function projectItself(what: string, place: string): Aside {
  return { what, reason: "is the project itself", place, isOwn: true };
}

export function workspaceMember(what: string, folder: string, place: string): Aside {
  return { what, reason: `is a member of the workspace${what === folder ? "" : `: ${folder}`}`, place, isOwn: true };
}

/** What a package brings along in its own archive. */
export function bundled(what: string, within: string, place: string): Aside {
  return { what, reason: `comes within the archive of ${within}`, place, isOwn: true };
}

/** `https://user:token@host/` → `https://host/`. */
export function withoutCredentials(address: string): string {
  return address.replace(/\/\/[^/@\s]*@/g, "//");
}

/** Foreign text for a message. */
export function clip(text: string): string {
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}
