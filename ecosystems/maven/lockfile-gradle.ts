import type { Item, Lockfile } from "../../src/contract/lockfile.ts";
import { BadRequest } from "../../src/lib/errors.ts";
import { clip } from "../shared/lockfiles/elsewhere.ts";

/**
 * https://docs.gradle.org/current/userguide/dependency_locking.html: `group:artifact:version=configurations` lines and one
 * that begins with `empty=`; before Gradle 6.5 a file for each configuration, without these.
 */
export const gradleLockfile: Lockfile = {
  id: "gradle-lockfile",
  title: "gradle.lockfile",
  recognizes: (name, text) => name.endsWith(".lockfile") || text.startsWith("# This is a Gradle generated file"),
  isOfOthers: (text) =>
    /\S/.test(text) && !/^(?:# This is a Gradle|empty=|[\w.-]+:[\w.-]+:[^\s:=]+(?:=|$))/m.test(text),
  read(text) {
    const items: Item[] = [];
    let isEnded = false;
    let configured = "";
    for (const [index, raw] of text.split(/\r?\n/).entries()) {
      const line = raw.trim();
      const place = `line ${index + 1}`;
      if (!line || line.startsWith("#")) continue;
      if (line.startsWith("empty=")) {
        isEnded = true;
        continue;
      }
      const [, group, artifact, version, configurations] =
        /^([\w.-]+):([\w.-]+):([^\s:=/\\]+)(=\S*)?$/.exec(line) ?? [];
      if (!group || !artifact || !version)
        throw new BadRequest(`${place}: expected group:artifact:version=configurations, found "${clip(line)}"`);
      if (configurations) configured = place;
      items.push({ purl: { type: "maven", name: `${group}/${artifact}`, version }, place });
    }
    if (configured && !isEnded) throw new BadRequest(`${configured}: the file ends without the line "empty="`);
    return items;
  },
};
