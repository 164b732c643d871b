/** The plugin's own words: names, versions, the paths that it makes of a release. */
import fc from "fast-check";
import { documentAt } from "../cache/target.ts";
import { CONTRACT_REVISION, type Ecosystem, type Release, type VersionScheme } from "../contract/ecosystem.ts";
import { formatPurl, parsePurl, typesOf } from "../contract/purl.ts";
import { type Mount, meaningOf } from "../mounts/mounts.ts";
import { always, type Law, must, type Runs, same } from "./law.ts";
import { kindOf } from "./sample.ts";
import { NOTHING_STORED } from "./setting.ts";

/** `name`: a package of which the samples tell, as PURLs spell it; `version`: one that it has. */
export function* pluginLaws(mount: Mount, name: string, version: string, runs: Runs): Iterable<Law> {
  const { ecosystem } = mount;
  const release = { name: ecosystem.identity?.(name) ?? name, version };
  yield { name: "contract, addresses, words for people, errors", check: () => checkWords(ecosystem) };
  yield {
    name: "names have one spelling, in PURLs too",
    check: () => {
      same(ecosystem.identity?.(release.name) ?? release.name, release.name, `the spelling of ${release.name}`);
      const text = formatPurl(ecosystem, release);
      const purl = parsePurl(text);
      const { name: found, version: label } = meaningOf(mount, purl);
      must(typesOf(ecosystem).includes(purl.type), `${text} has a type that the plugin is not asked for by`);
      same({ name: found, version: label ?? "" }, release, `${text}, read again`);
    },
  };
  yield {
    name: "a spelling stays as it is, whatever the name",
    check: () => {
      const { identity = (text: string) => text } = ecosystem;
      always("identity", () =>
        fc.assert(
          fc.property(fc.string(), (text) => same(identity(identity(text)), identity(text), text)),
          runs,
        ),
      );
    },
  };
  yield {
    name: "the order of versions is total; neither it nor a range ever throws",
    check: () => checkVersions(ecosystem.versions, runs),
  };
  yield {
    name: "the index is documents that are read; files, dates and roots are paths of its own",
    check: () => checkIndex(mount, release),
  };
}

function checkWords(ecosystem: Ecosystem): void {
  same(ecosystem.contract, CONTRACT_REVISION, "contract");
  must(ecosystem.title !== "", "title is empty");
  must(URL.canParse(ecosystem.spec), `spec is no address: ${ecosystem.spec}`);
  for (const url of Object.values(ecosystem.upstreams).flat())
    must(
      /^https?:\/\/[^/]+(?:\/.+)?(?<!\/)$/.test(url),
      `upstreams: ${url} is no http(s) address without a slash at its end`,
    );
  const base = "https://proxy.example/m";
  must(ecosystem.setup(base).includes(base), `setup("${base}") does not name it`);
  JSON.stringify(ecosystem.problem?.(404, 'no "x"'));
  const digests = Object.values(ecosystem.digestHeaders ?? {});
  const named = digests.map((each) => (typeof each === "string" ? each : each.name));
  for (const header of [...(ecosystem.keepHeaders ?? []), ...named]) same(header, header.toLowerCase(), "a header");
}

function checkVersions({ compare, isStable, satisfies }: VersionScheme, runs: Runs): void {
  const usual = fc.stringMatching(/^v?\d{1,3}(\.\d{1,3}){0,3}([-.+]?[a-z]{1,5}\d?)?$/);
  const any = fc.oneof(fc.string(), usual);
  always("two versions", () =>
    fc.assert(
      fc.property(any, any, (a, b) => {
        same(compare(a, a), 0, "compare of one with itself");
        same(Math.sign(compare(a, b)), -Math.sign(compare(b, a)) + 0, "the sign of compare(a, b)");
        same(typeof isStable(a), "boolean", "isStable");
        same(typeof satisfies(a, b), "boolean", "satisfies");
      }),
      runs,
    ),
  );
  // Of strings that are no versions Maven's own order has circles.
  always("sorted versions", () =>
    fc.assert(
      fc.property(fc.array(usual, { minLength: 3, maxLength: 8 }), (some) => {
        const sorted = some.toSorted(compare);
        for (const [i, a] of sorted.entries())
          for (const b of sorted.slice(i)) must(compare(a, b) <= 0, `${a} sorts before ${b}, and is newer`);
      }),
      runs,
    ),
  );
}

async function checkIndex(mount: Mount, release: Release): Promise<void> {
  const { ecosystem, traits } = mount;
  const index = ecosystem.index(release, traits);
  must(index.length > 0, `index(${release.name}) names no path`);
  for (const path of index)
    same(typeof documentAt(mount, path)?.route.parse, "function", `${path} is in the index; its parse`);
  const files = ecosystem.files?.(release, traits) ?? [];
  const dated = ecosystem.datedBy?.(release);
  for (const path of [...files.map((file) => file.path), ...(dated ? [dated] : [])])
    must(
      ["artifact", "metadata"].includes(kindOf(mount, path)),
      `${path} is ${kindOf(mount, path)}; expected a file or document`,
    );
  for (const path of ecosystem.roots ?? []) same(kindOf(mount, path), "metadata", `the kind of the root ${path}`);
  same(await Array.fromAsync(ecosystem.seal?.(NOTHING_STORED) ?? []), [], "seal, where nothing is stored");
}
