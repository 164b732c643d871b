/**
 * Maven fetches its own plugins like any other artifact. Debian's packages of them, and of all that they need, together form
 * a Maven repository without checksum files: served as a tree, it makes a hermetic upstream for mvn.
 */
import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Content, Tree } from "../tree.ts";
import { text } from "../tree.ts";
import { hex } from "./package.ts";

/** What has to be installed; `scripts/clients` does. */
export const DEBIAN_PACKAGES: readonly string[] = ["maven", "libmaven-dependency-plugin-java", "junit4"];

const ROOT = "/usr/share/maven-repo";
const PLUGINS = "/org/apache/maven/plugins";
const CHECKSUM = /\.(sha1|md5)$/;

/** Files under /usr/share/maven-repo, and their checksums worked out as they are asked for. */
export const debianMaven: Tree = { get: (path) => checksum(path) ?? file(path) };

/** The version of a plugin that Debian has (`maven-dependency-plugin`), undefined where it is not installed. */
export function debianPlugin(artifact: string): string | undefined {
  const folder = join(ROOT, PLUGINS, artifact);
  if (!existsSync(folder)) return undefined;
  return readdirSync(folder).sort(Bun.semver.order).at(-1);
}

function file(path: string): Content | undefined {
  const name = join(ROOT, path);
  return statSync(name, { throwIfNoEntry: false })?.isFile() ? { body: Bun.file(name) } : undefined;
}

function checksum(path: string): Content | undefined {
  const algorithm = CHECKSUM.exec(path)?.[1] as "sha1" | "md5" | undefined;
  const subject = path.replace(CHECKSUM, "");
  if (!algorithm || !file(subject)) return undefined;
  return async () => text(hex(algorithm, await Bun.file(join(ROOT, subject)).bytes()));
}
