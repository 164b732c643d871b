import type { Entry, Lockfile } from "../../src/contract/lockfile.ts";
import { BadRequest } from "../../src/lib/errors.ts";
import { clip } from "../shared/lockfiles/elsewhere.ts";

const SCOPE = "(?:compile|provided|runtime|test|system|import|compile-only|test-only|test-runtime)";
/** `group:artifact:type[:classifier]:version[:scope][:file]`, and what is said of it. */
const COORDINATES = new RegExp(
  String.raw`^(?<group>[\w.-]+):(?<artifact>[\w.-]+):(?<type>[\w.-]+)(?::(?<classifier>[^\s:/\\]+))??:(?<version>[^\s:/\\]+)` +
    String.raw`(?::(?<scope>${SCOPE}))?(?::(?:/|[A-Za-z]:[/\\]).*)?(?:\s+[(-].*)?$`,
);
const SAMPLE = new RegExp(
  String.raw`^(?:\[INFO\])?[ |+\\-]{0,200}[\w.-]{1,200}(?::[^\s:]{1,200}){3,4}:${SCOPE}\b`,
  "m",
);
const HEADER = /^The following [\w ]+:$/;
const BANNER = /^-+< ([\w.-]+:[\w.-]+) >-+$/;
const BRANCH = /^(?:[|│ ] {2})*(?:[+\\]-|[├└]─) /;
/** Types whose files end in `.jar`, after their classifier. */
const JARS = /^(?:jar|test-jar|maven-plugin|ejb|ejb-client|java-source|javadoc|bundle)$/;

/**
 * What `mvn dependency:list`, `dependency:tree` and `dependency:resolve-plugins` print, with or without `[INFO]`, or write
 * to `-DoutputFile`. https://maven.apache.org/plugins/maven-dependency-plugin/
 */
export const mavenList: Lockfile = {
  id: "maven-list",
  title: "what mvn dependency:list or dependency:tree prints",
  recognizes: (_, text) =>
    /^(?:\[INFO\] )?The following files have been resolved:/m.test(text) || SAMPLE.test(plain(text)),
  *read(text) {
    const shown = plain(text);
    const isLog = /^\[INFO\]/m.test(shown);
    if (/^\[INFO\] Scanning for projects/m.test(shown) && !/^\[INFO\] BUILD (?:SUCCESS|FAILURE)/m.test(shown))
      throw new BadRequest("this log has no BUILD SUCCESS, so it must be cut off");
    const lines = shown.split(/\r?\n/);
    const modules = new Set<string>();
    const found: { entry: Entry; module: string }[] = [];
    let isListed = false;
    for (const [index, raw] of lines.entries()) {
      const place = `line ${index + 1}`;
      const [prefix = "", level] = /^\[([A-Z]+)\] ?/.exec(raw) ?? [];
      const line = raw.slice(prefix.length).trimEnd();
      if (line === "BUILD FAILURE") throw new BadRequest(`${place}: the build failed, so the list may not be whole`);
      const isTree = BRANCH.test(line);
      const stated = line.replace(BRANCH, "").trimStart();
      const { group, artifact, version, scope } = COORDINATES.exec(stated.replace(/^\(/, ""))?.groups ?? {};
      const banner = BANNER.exec(line)?.[1];
      if (!line) isListed = false;
      else if (HEADER.test(line)) isListed = true;
      else if (banner) modules.add(banner);
      else if (group && artifact && version) {
        if (!scope && index === lines.length - 1)
          throw new BadRequest(`${place}: the text ends within this line, so it must be cut off`);
        const module = `${group}:${artifact}`;
        if (!scope && !isListed && !isTree) modules.add(module);
        found.push(...entriesOf(stated, place).map((entry) => ({ entry, module })));
      } else if (stated !== "none" && (isTree || !isLog || (isListed && level !== "WARNING")))
        throw new BadRequest(`${place}: expected group:artifact:type:version:scope, found "${clip(stated)}"`);
    }
    for (const { entry, module } of found)
      yield modules.has(module)
        ? { what: module, reason: "is a module of this build", place: entry.place, isOwn: true }
        : entry;
  },
};

/** A tree states in parentheses what it leaves out; of what lost to another version, Maven has read the POM. */
function entriesOf(stated: string, place: string): Entry[] {
  const isOmitted = stated.startsWith("(");
  if (isOmitted && !stated.includes("omitted for conflict")) return [];
  const { group, artifact, type, classifier, version, scope } = COORDINATES.exec(stated.replace(/^\(/, ""))!.groups!;
  const name = `${group}/${artifact}`;
  if (scope === "system")
    return [{ what: `${name}@${version}`, reason: "is a file of the machine (system scope)", place }];
  const isPlain = type === "jar" || (classifier && JARS.test(type!));
  const qualifiers = isOmitted
    ? { type: "pom" }
    : { ...(!isPlain && { type: type! }), ...(classifier && { classifier }) };
  return [
    {
      purl: { type: "maven", name, version: version!, ...(Object.keys(qualifiers).length > 0 && { qualifiers }) },
      place,
    },
  ];
}

/** Without colours. */
function plain(text: string): string {
  return text.replace(/\u001b\[[\d;]*[A-Za-z]/g, "");
}
