import { z } from "zod";
import type { Entry } from "../../src/contract/lockfile.ts";
import { BadRequest } from "../../src/lib/errors.ts";
import { clip, elsewhere, projectItself, workspaceMember } from "../shared/lockfiles/elsewhere.ts";
import { expectVersion, shaped } from "../shared/lockfiles/shape.ts";
import { readYaml } from "../shared/lockfiles/yaml.ts";
import { isVersion, kindOf, npmItem, splitDescriptor } from "./lockfile-entry.ts";

const head = z.looseObject({ __metadata: z.looseObject({ version: z.string() }) });
/** By what is asked for: `a@npm:^1.0.0, b@npm:a@^1.2.0`. */
const entries = z.record(
  z.string(),
  z.looseObject({
    /** What that is: `a@npm:1.2.3`, `a@workspace:packages/a`. */
    resolution: z.string(),
    dependencies: z.record(z.string(), z.string()).default({}),
  }),
);

/**
 * yarn.lock of Yarn 2 and later; its writer is berry's `Project.ts`. `checksum` is of the zip archive that Yarn makes of the
 * registry's file, so it says nothing of what a mirror is to hold.
 */
export const yarnBerry = {
  recognizes: (text: string): boolean => /^__metadata:/m.test(text),
  *read(text: string): Iterable<Entry> {
    const [tree] = readYaml(text);
    const { __metadata: metadata } = shaped(tree, head);
    expectVersion("__metadata.version", metadata.version, ["4", "5", "6", "7", "8", "9", "10"]);
    const { __metadata: _, ...rest } = tree as Record<string, unknown>;
    const all = Object.entries(shaped(rest, entries));
    // Not what they ask for, which a project may override, but their names are there.
    const names = new Set(all.flatMap(([key]) => key.split(",")).map((each) => splitDescriptor(each.trim())?.[0]));
    for (const [key, { resolution, dependencies }] of all) {
      const missing = Object.keys(dependencies).find((name) => !names.has(name));
      if (missing) throw new BadRequest(`${key}: its dependency ${missing} is not in the file, which must be cut off`);
      yield* entriesOf(resolution, key);
    }
  },
};

function* entriesOf(resolution: string, place: string): Iterable<Entry> {
  const [name, reference] = splitDescriptor(resolution) ?? [];
  if (!name || !reference)
    throw new BadRequest(`${place}: expected a resolution such as a@npm:1.0.0, found "${clip(resolution)}"`);
  // What Yarn knows beside follows two colons: `npm:1.0.0::__archiveUrl=…`.
  const [selector = "", bindings = ""] = reference.split("::", 2);
  const [, protocol, rest = ""] = /^([a-z]+):(.*)$/s.exec(selector) ?? [];
  const archive = new URLSearchParams(bindings).get("__archiveUrl");
  if (protocol === "npm")
    yield npmItem(name, rest, { from: archive === null ? undefined : { kind: "file", address: archive } }, place);
  else if (protocol === "workspace")
    yield rest === "." ? projectItself(name, place) : workspaceMember(name, rest, place);
  else if (protocol === "patch") {
    yield { what: name, reason: "is patched on this machine; what is patched is named as well", place, isOwn: true };
    yield* patched(rest, place);
  } else yield elsewhere(name, kindOf(selector) ?? "unknown", selector, place);
}

/** `once@npm%3A1.4.0#./once.patch`, where `npm:` may be missing. */
function* patched(selector: string, place: string): Iterable<Entry> {
  const [source = ""] = selector.replaceAll("%3A", ":").replaceAll("%40", "@").replaceAll("%2F", "/").split("#", 1);
  const [name, reference = ""] = splitDescriptor(source) ?? [];
  const version = reference.replace(/^npm:/, "");
  if (name && isVersion(version)) yield npmItem(name, version, {}, place);
}
