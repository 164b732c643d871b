/** The plugin's own words: names, versions, the paths that it makes of a release. */
import { expect, test } from "bun:test";
import fc from "fast-check";
import { documentAt } from "../../src/cache/locate.ts";
import { CONTRACT_REVISION } from "../../src/ecosystem.ts";
import { type Mount, meaningOf } from "../../src/mounts.ts";
import { formatPurl, parsePurl, typesOf } from "../../src/purl.ts";
import { kindOf } from "./sample.ts";

export function pluginLaws(mount: Mount, name: string, version: string): void {
  const { ecosystem } = mount;
  const release = { name: ecosystem.identity?.(name) ?? name, version };

  test("contract, addresses, words for people, errors", () => {
    expect(ecosystem.contract).toBe(CONTRACT_REVISION);
    expect(ecosystem.title).not.toBe("");
    expect(URL.canParse(ecosystem.spec)).toBe(true);
    for (const url of Object.values(ecosystem.upstreams).flat())
      expect(url).toMatch(/^https?:\/\/[^/]+(?:\/.+)?(?<!\/)$/);
    expect(ecosystem.setup("https://proxy.example/m")).toContain("https://proxy.example/m");
    expect(() => JSON.stringify(ecosystem.problem?.(404, 'no "x"'))).not.toThrow();
    for (const header of [
      ...(ecosystem.keepHeaders ?? []),
      ...Object.values(ecosystem.digestHeaders ?? {}).map((each) => (typeof each === "string" ? each : each.name)),
    ])
      expect(header).toBe(header.toLowerCase());
  });
  test("names have one spelling, in PURLs too", () => {
    expect(ecosystem.identity?.(release.name) ?? release.name).toBe(release.name);
    const purl = parsePurl(formatPurl(ecosystem, release));
    const { type } = purl;
    const { name, version: label } = meaningOf(mount, purl);
    expect(typesOf(ecosystem)).toContain(type);
    expect({ name, version: label ?? "" }).toEqual(release);
  });
  test("a spelling stays as it is, whatever the name", () => {
    const { identity = (text) => text } = ecosystem;
    fc.assert(fc.property(fc.string(), (text) => expect(identity(identity(text))).toBe(identity(text))));
  });
  test("the order of versions is total; neither it nor a range ever throws", () => {
    const usual = fc.stringMatching(/^v?\d{1,3}(\.\d{1,3}){0,3}([-.+]?[a-z]{1,5}\d?)?$/);
    const any = fc.oneof(fc.string(), usual);
    const { compare, isStable, satisfies } = ecosystem.versions;
    fc.assert(
      fc.property(any, any, (a, b) => {
        expect(compare(a, a)).toBe(0);
        expect(Math.sign(compare(a, b))).toBe(-Math.sign(compare(b, a)) + 0);
        expect(typeof isStable(a)).toBe("boolean");
        expect(typeof satisfies(a, b)).toBe("boolean");
      }),
    );
    // Of strings that are no versions Maven's own order has circles.
    fc.assert(
      fc.property(fc.array(usual, { minLength: 3, maxLength: 8 }), (some) => {
        const sorted = some.toSorted(compare);
        for (const [i, a] of sorted.entries())
          for (const b of sorted.slice(i)) expect(compare(a, b)).toBeLessThanOrEqual(0);
      }),
    );
  });
  test("the index is documents that are read; files, dates and roots are paths of its own", () => {
    const index = ecosystem.index(release, mount.traits);
    expect(index.length).toBeGreaterThan(0);
    for (const path of index) expect([path, typeof documentAt(mount, path)?.route.parse]).toEqual([path, "function"]);
    const files = ecosystem.files?.(release, mount.traits) ?? [];
    const dated = ecosystem.datedBy?.(release);
    for (const path of [...files.map((file) => file.path), ...(dated ? [dated] : [])])
      expect([path, ["artifact", "metadata"].includes(kindOf(mount, path))]).toEqual([path, true]);
    for (const path of ecosystem.roots ?? []) expect([path, kindOf(mount, path)]).toEqual([path, "metadata"]);
    expect([
      ...(ecosystem.seal?.(
        () => [],
        () => undefined,
      ) ?? []),
    ]).toEqual([]);
  });
}
