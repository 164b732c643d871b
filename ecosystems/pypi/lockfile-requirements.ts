import type { Entry, Lockfile, Origin } from "../../src/contract/lockfile.ts";
import { BadRequest } from "../../src/lib/errors.ts";
import { clip, type Elsewhere, elsewhere, withoutCredentials } from "../shared/lockfiles/elsewhere.ts";
import { isDistribution } from "./distribution.ts";
import { pythonItem } from "./lockfile-entry.ts";

const SHORT: Readonly<Record<string, string>> = {
  r: "requirement",
  c: "constraint",
  e: "editable",
  i: "index-url",
  f: "find-links",
  C: "config-settings",
  Z: "always-unzip",
};
const FLAGS = /^(?:no-index|pre|prefer-binary|require-hashes|always-unzip|process-dependency-links|(?:no-)?use-wheel)$/;
const OTHER_FILE = "names another file: pass that one too";
const REGISTRY = "names a further registry: which packages are from it cannot be told";
const OPTIONS = new Map([
  ["requirement", OTHER_FILE],
  ["constraint", OTHER_FILE],
  ["extra-index-url", REGISTRY],
  ["find-links", REGISTRY],
]);
/** What says how to install. */
const IGNORED =
  /^(?:index-url|no-binary|only-binary|trusted-host|use-feature|config-settings?|global-option|install-option|uploaded-prior-to)$/;

/** Characters of a requirement without its options. */
const LONGEST = 4_096;

/** https://pip.pypa.io/en/stable/reference/requirements-file-format/ */
export const requirementsTxt: Lockfile = {
  id: "requirements-txt",
  title: "requirements.txt",
  recognizes: (name, text) =>
    /\.txt$|^requirements[\w.-]*\.lock$/.test(name) &&
    (/require|constraint/i.test(name) || /^[A-Za-z\d][\w.-]*(?:\[[\w., \t-]*\])?[ \t]*===?[ \t]*[\w.!+-]+/m.test(text)),
  *read(text) {
    let isHashed = false;
    const all = Array.from(lines(text), ([line, place]) => {
      const at = line.search(/(?:^|\s)-/);
      return { line, place, at, options: at < 0 ? [] : [...optionsOf(line.slice(at), place)] };
    });
    // Wherever it stands, it holds for the whole file; the last one counts.
    const from = originOf(all.flatMap(({ options }) => options));
    for (const { line, place, at, options } of all) {
      const requirement = (at < 0 ? line : line.slice(0, at)).trim();
      const hashes = options.flatMap(([option, value]) => (option === "hash" ? [value] : []));
      if (requirement.length > LONGEST)
        throw new BadRequest(`${place}: a requirement of ${requirement.length} characters is longer than ${LONGEST}`);
      isHashed ||= hashes.length > 0;
      if (requirement) yield entryOf(requirement, hashes, place, from);
      else if (hashes.length > 0) throw new BadRequest(`${place}: --hash belongs to no requirement`);
      for (const [option, value] of options) {
        const reason = OPTIONS.get(option);
        if (reason) yield { what: `--${option} ${withoutCredentials(value)}`, reason, place };
        else if (option === "editable") yield elsewhere(value, kindOf(value), value, place);
      }
    }
    // People leave the last line without its end; the tools that write hashes do not, and what is cut within one is refused above.
    if (isHashed && !/(?:[\r\n]|--hash[= ]\S+)$/.test(text.slice(-LONGEST)))
      throw new BadRequest(
        `line ${text.split(/\r\n?|\n/).length}: the text ends within this line, so it must be cut off`,
      );
  },
};

/** pip looks in all of its registries alike. */
function originOf(options: readonly (readonly [option: string, value: string])[]): Origin | undefined {
  const address = options.findLast(([option]) => option === "index-url")?.[1];
  const further = options.flatMap(([option, value]) => (option === "extra-index-url" ? [value] : []));
  const main = options.some(([option]) => option === "no-index") ? [] : [address ?? "default"];
  if (further.length > 0 && main.length > 0) return { kind: "several", addresses: [...new Set([...main, ...further])] };
  return address === undefined ? undefined : { kind: "registry", address };
}

/** Without comments, and continued lines as one. */
function* lines(text: string): Generator<[line: string, place: string]> {
  let begun = "";
  let start = 0;
  for (const [index, raw] of text.split(/\r\n?|\n/).entries()) {
    const isComment = /^\s*#/.test(raw);
    if (raw.endsWith("\\") && !isComment) {
      start ||= index + 1;
      begun += raw.slice(0, -1);
      continue;
    }
    const line = `${begun}${isComment ? " " : ""}${raw}`.replace(/(?:^|\s)#.*/s, "").trim();
    if (line) yield [line, `line ${start || index + 1}`];
    begun = "";
    start = 0;
  }
  if (start) throw new BadRequest(`line ${start}: nothing follows the backslash at the end`);
}

/** `--hash=sha256:HEX`, `--hash sha256:HEX`, `-r file`, `-rfile`, `--pre`. */
function* optionsOf(text: string, place: string): Generator<[option: string, value: string]> {
  const words = Array.from(text.matchAll(/(?:[^\s"']|"[^"]*"|'[^']*'|["'])+/g), ([word]) => word.replace(/["']/g, ""));
  for (let word = words.shift(); word !== undefined; word = words.shift()) {
    const [, short = "", long = "", equals, rest = ""] = /^(?:-([A-Za-z])|--([\w-]+)(=)?)(.*)$/s.exec(word) ?? [];
    const option = long || SHORT[short] || "";
    if (FLAGS.test(option)) yield [option, ""];
    else if (option === "hash" || option === "editable" || OPTIONS.has(option) || IGNORED.test(option)) {
      const value = equals || rest ? rest.replace(/^=/, "") : words.shift();
      if (!value) throw new BadRequest(`${place}: --${option} states nothing`);
      yield [option, value];
    } else throw new BadRequest(`${place}: "${clip(withoutCredentials(word))}" is no option of a requirements file`);
  }
}

/** A name with its version (PEP 508), an address or a path. */
function entryOf(requirement: string, hashes: readonly string[], place: string, from: Origin | undefined): Entry {
  const { name, address } =
    /^(?<name>[\w.-]+)\s*(?:\[[^\]]*\]\s*)?@\s*(?<address>.+)$/s.exec(requirement)?.groups ?? {};
  if (name && address) return elsewhere(name, kindOf(address), address.split(" ;", 1)[0]!.trim(), place);
  const bare = requirement.split(";", 1)[0]!.trim();
  if (isElsewhere(bare)) return elsewhere(bare, kindOf(bare), bare, place);
  const [, project = "", range = ""] = /^([A-Za-z\d][\w.-]*)\s*(?:\[[^\]]*\])?(.*)$/s.exec(bare) ?? [];
  const clauses = range
    .trim()
    .replace(/^\((.*)\)$/, "$1")
    .split(",");
  const parsed = clauses.map((clause) => /^\s*([=~!<>]=|===|<|>)\s*([\w.!+*-]+)\s*$/.exec(clause));
  if (!/[A-Za-z\d]$/.test(project) || (range.trim() && parsed.includes(null)))
    throw new BadRequest(`${place}: "${clip(requirement)}" is no requirement; expected NAME==VERSION`);
  const pin = parsed.find((clause) => /^={2,3}$/.test(clause?.[1] ?? "") && !clause![2]!.includes("*"));
  if (pin) return pythonItem(project, pin[2]!, hashes, place, from);
  const stated = range.trim() ? ` (${clip(range.trim())})` : "";
  const reason = `states no single version${stated}: pin it, e.g. with pip-compile or uv pip compile`;
  return { what: project, reason, place };
}

function isElsewhere(text: string): boolean {
  return /^(?:[.~/\\]|[A-Za-z][\w+.-]*:)/.test(text) || /^[^@=<>![\]]*[/\\]/.test(text) || isArchive(text);
}

function isArchive(text: string): boolean {
  return isDistribution(text.endsWith("]") ? text.slice(0, text.lastIndexOf("[")) : text) && !/[=<>]/.test(text);
}

function kindOf(address: string): Elsewhere {
  if (/^(?:git|hg|svn|bzr)(?:\+|:)/.test(address)) return "git";
  if (/^(?!file:)[A-Za-z][\w+.-]+:/.test(address)) return "url";
  return isArchive(address) ? "file" : "folder";
}
