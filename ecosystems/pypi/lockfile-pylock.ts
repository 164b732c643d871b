import { z } from "zod";
import type { Lockfile, Origin } from "../../src/contract/lockfile.ts";
import { baseName } from "../../src/lib/text-ends.ts";
import { elsewhere } from "../shared/lockfiles/elsewhere.ts";
import { expectVersion } from "../shared/lockfiles/shape.ts";
import { readToml } from "../shared/lockfiles/toml.ts";
import { releaseOf } from "./distribution.ts";
import { pythonItem } from "./lockfile-entry.ts";

const place = z.looseObject({ url: z.string().optional(), path: z.string().optional() });
const file = place.extend({ name: z.string().optional(), hashes: z.record(z.string(), z.string()) });
const schema = z.looseObject({
  "lock-version": z.string(),
  packages: z.array(
    z.looseObject({
      name: z.string(),
      version: z.string().optional(),
      index: z.string().optional(),
      vcs: place.optional(),
      directory: place.optional(),
      archive: place.optional(),
      sdist: file.optional(),
      wheels: z.array(file).default([]),
    }),
  ),
});
type File = z.output<typeof file>;

const STRENGTH = ["sha512", "sha256", "sha1", "md5"];

/** PEP 751, https://packaging.python.org/en/latest/specifications/pylock-toml/ */
export const pylock: Lockfile = {
  id: "pylock",
  title: "pylock.toml (1)",
  recognizes: (name, text) =>
    /^pylock(?:\.[^.]+)?\.toml$/.test(name) || (/^lock-version = /m.test(text) && /^created-by = /m.test(text)),
  *read(text) {
    const lock = readToml(text, schema);
    expectVersion("lock-version", lock["lock-version"], ["1"]);
    for (const [index, each] of lock.packages.entries()) {
      const at = `packages[${index}]`;
      const files = [...(each.sdist ? [each.sdist] : []), ...each.wheels];
      const version = each.version ?? releaseOf(nameOf(files[0])).version;
      const what = version ? `${each.name}@${version}` : each.name;
      const local = files.find(({ url, path }) => url === undefined && path !== undefined);
      if (each.vcs) yield elsewhere(what, "git", addressOf(each.vcs), at);
      else if (each.directory) yield elsewhere(what, "folder", addressOf(each.directory), at);
      else if (each.archive) yield elsewhere(what, each.archive.url ? "url" : "file", addressOf(each.archive), at);
      else if (local) yield elsewhere(what, "file", addressOf(local), at);
      else if (!version) yield { what, reason: "states neither a version nor files", place: at };
      else yield pythonItem(each.name, version, files.map(hashOf), at, originOf(each.index, files));
    }
  },
};

function originOf(index: string | undefined, files: readonly File[]): Origin | undefined {
  if (index !== undefined) return { kind: "registry", address: index };
  const address = files.find(({ url }) => url !== undefined)?.url;
  return address === undefined ? undefined : { kind: "file", address };
}

function addressOf({ url, path }: z.output<typeof place>): string {
  return url ?? path ?? "";
}

function nameOf(each: File | undefined): string {
  return each?.name ?? baseName(each ? addressOf(each) : "");
}

function hashOf({ hashes }: File): string | undefined {
  const algorithm = STRENGTH.find((each) => hashes[each] !== undefined);
  return algorithm && `${algorithm}:${hashes[algorithm]!}`;
}
