import { describe, expect, test } from "bun:test";
import { debian } from "../../ecosystems/debian.ts";
import type { Facts, MetadataRoute, Path, Traits } from "../../src/contract/ecosystem.ts";
import { formatPurl, parsePurl } from "../../src/contract/purl.ts";
import { classify } from "../../src/mounts/match.ts";
import { makeMount, meaningOf } from "../../src/mounts/mounts.ts";
import { mountOf, read } from "../support/plugin.ts";

const fixture = (name: string) => Bun.file(`${import.meta.dir}/../fixtures/debian/${name}`).text();
const mount = mountOf(debian, { default: "https://debian.example/debian" });
const SUITE = "/dists/trixie";
const HEX = "ab".repeat(32);

function match(path: Path) {
  const found = classify(debian, "GET", path);
  if (typeof found === "number") throw new Error(`${path} has no route`);
  return found;
}

function parsed(path: Path, body: string, qualifiers?: Record<string, string>): Facts {
  const { route, doc } = read(mount, { path, body, mediaType: "text/plain" });
  return route.parse?.(doc, qualifiers && { name: "hello", qualifiers }) ?? {};
}

function traits(
  options: Partial<Record<"suites" | "components" | "architectures" | "extras", readonly string[]>>,
): Traits {
  return { upstreams: ["default"], options: { ...mount.traits.options, ...options } };
}

describe("paths", () => {
  test.each([
    ["/pool/main/g/gcc-14/libstdc%2b%2b6_14.2.0-19_amd64.deb", "/pool/main/g/gcc-14/libstdc++6_14.2.0-19_amd64.deb"],
    ["/pool/main/g/gcc-14/libstdc%2B%2B6_14.2.0-19_amd64.deb", "/pool/main/g/gcc-14/libstdc++6_14.2.0-19_amd64.deb"],
    ["/pool/main/f/fx/fx_1.0%7erc1_all.deb", "/pool/main/f/fx/fx_1.0~rc1_all.deb"],
    ["/pool/main/f/fx/fx_1%3a1.0_all.deb", "/pool/main/f/fx/fx_1:1.0_all.deb"],
    // A name that has the escape in it is another one.
    ["/pool/fx_1%253a1.0_all.deb", "/pool/fx_1%253a1.0_all.deb"],
  ])("%s is held as %s", (path, canonical) => {
    const { route, params } = match(path as Path);
    if (route.kind !== "artifact") throw new Error(route.kind);
    expect(route.canonical?.(params)).toBe(canonical as Path);
    // Some stores take a plus for a space.
    expect(route.to?.(params)).not.toContain("+");
    expect(route.needsDigest).toBe(true);
  });
  test("what has its digest for a name is verified by it", () => {
    const digests = { SHA512: HEX + HEX, SHA256: HEX, SHA1: HEX.slice(0, 40), MD5Sum: HEX.slice(0, 32) };
    for (const [field, hex] of Object.entries(digests)) {
      const { route, params } = match(`${SUITE}/main/binary-amd64/by-hash/${field}/${hex}`);
      const algorithm = field.replace("Sum", "").toLowerCase();
      expect((route as MetadataRoute).digest?.(params)).toBe(`${algorithm}:${hex}` as `sha256:${string}`);
    }
  });
  test("each document knows the release files that may list it", () => {
    const rootsOf = (path: Path) => {
      const { route, params } = match(path);
      return (route as MetadataRoute).generation?.(params).roots;
    };
    expect(rootsOf("/dists/stable/updates/main/binary-amd64/Packages.xz")).toEqual([
      "/dists/stable/InRelease",
      "/dists/stable/Release",
      "/dists/stable/updates/InRelease",
      "/dists/stable/updates/Release",
      "/dists/stable/updates/main/InRelease",
      "/dists/stable/updates/main/Release",
    ]);
    expect(rootsOf("/Packages.gz")).toEqual(["/InRelease", "/Release"]);
    expect(rootsOf("/deep/Release.gpg")).toEqual(["/deep/InRelease", "/deep/Release"]);
    expect(rootsOf(`${SUITE}/main/binary-amd64/Release`)?.[0]).toBe(`${SUITE}/InRelease`);
  });
  test("a file is looked for in what is held, then in the indexes of the configured suites", () => {
    const describing = (path: Path, options: Parameters<typeof traits>[0]) => {
      const { route, params } = match(path);
      return route.kind === "artifact" ? route.describedBy?.(params, path, traits(options)) : undefined;
    };
    expect(describing("/pool/contrib/f/fx/fx_1_arm64.deb", { suites: ["trixie"] })).toEqual([
      { below: "/" },
      ...[".xz", ".gz", ""].map((end): Path => `${SUITE}/contrib/binary-arm64/Packages${end}`),
    ]);
    expect(describing("/fx_1_all.deb", { suites: ["./"] })).toContain("/Packages.gz");
    expect(describing("/pool/main/f/fx/fx_1.dsc", { suites: ["trixie"] })).toContain(`${SUITE}/main/source/Sources.xz`);
    expect(describing("/pool/main/f/fx/fx_1_amd64.udeb", { suites: ["trixie"] })).toContain(
      `${SUITE}/main/debian-installer/binary-amd64/Packages.xz`,
    );
  });
});

const body = await fixture("InRelease");

describe("a release file", () => {
  test("names documents by digest, under each of its addresses", () => {
    const { documents = [], revision } = parsed(`${SUITE}/InRelease`, body);
    expect(revision).toBe(Date.UTC(2025, 8, 6, 9, 10, 18));
    const hex = "8c7a2b3f1d0f5c0b6f4f7d5f7d1c3b2a0f9e8d7c6b5a49382716051423324152";
    expect(Array.from(documents).find(({ path }) => path.endsWith("amd64/Packages.xz"))).toEqual({
      path: `${SUITE}/main/binary-amd64/Packages.xz`,
      digest: `sha256:${hex}`,
      size: 9_714_592,
      at: [
        `${SUITE}/main/binary-amd64/by-hash/SHA256/${hex}`,
        `${SUITE}/main/binary-amd64/by-hash/MD5Sum/4aef9e3b2bcfa290c7c4c57d96614792`,
      ],
    });
    expect(Array.from(documents, ({ path }) => path)).toContain(
      `${SUITE}/main/installer-amd64/20250803+deb13u1/images/SHA256SUMS`,
    );
  });
  test("leads to one form of each index, with the others, descriptions and signatures beside", () => {
    const { follow = [], beside = [] } = parsed(`${SUITE}/InRelease`, body);
    expect([...follow]).toEqual([`${SUITE}/main/binary-amd64/Packages.xz`]);
    expect([...beside]).toEqual([
      `${SUITE}/Release`,
      `${SUITE}/Release.gpg`,
      `${SUITE}/main/binary-amd64/Packages.gz`,
      `${SUITE}/main/binary-amd64/Packages`,
      `${SUITE}/main/i18n/Translation-en.xz`,
    ]);
  });
  test.each([
    [{ arch: "arm64" }, ["main/binary-arm64/Packages.xz"]],
    [{ arch: "all" }, ["main/binary-amd64/Packages.xz"]],
    [{ arch: "source" }, ["main/source/Sources.xz"]],
  ])("for %p to %p", (qualifiers, expected) => {
    const { follow = [] } = parsed(`${SUITE}/InRelease`, body, qualifiers);
    expect([...follow]).toEqual(expected.map((each): Path => `${SUITE}/${each}`));
  });
  test("to packages of all architectures, where they have an index of their own", () => {
    const other = body.replace("No-Support-for-Architecture-all: Packages\n", "");
    const { follow = [] } = parsed(`${SUITE}/InRelease`, other);
    expect([...follow]).toEqual(["amd64", "all"].map((arch): Path => `${SUITE}/main/binary-${arch}/Packages.xz`));
  });
});

test("patches and images are vouched for by the lists beside them", () => {
  const index = `SHA256-Current: ${HEX} 12\nSHA256-Download:\n ${HEX} 1032 T-2025.gz\n`;
  const folder = `${SUITE}/main/binary-amd64/Packages.diff`;
  const wanted = [{ path: `${folder}/T-2025.gz`, digest: `sha256:${HEX}` }];
  for (const path of [`${folder}/Index`, `${folder}/by-hash/SHA256/${HEX}`] as const)
    expect([path, [...(parsed(path, index).documents ?? [])]]).toEqual([path, wanted as never]);
  const images = `${SUITE}/main/installer-amd64/20250803+deb13u1/images`;
  expect([...(parsed(`${images}/SHA256SUMS`, `${HEX}  ./netboot/mini.iso\n`).documents ?? [])]).toEqual([
    { path: `${images}/netboot/mini.iso`, digest: `sha256:${HEX}` },
  ]);
});

describe("PURLs", () => {
  test.each([
    ["pkg:deb/debian/hello@2.10-5?arch=amd64&distro=trixie", "hello", "2.10-5"],
    ["pkg:deb/Debian/hello@1:2.10-5", "hello", "1:2.10-5"],
    ["pkg:deb/debian/hello@2.10-5?arch=amd64&epoch=1", "hello", "1:2.10-5"],
    ["pkg:deb/debian/hello@1:2.10-5?epoch=1", "hello", "1:2.10-5"],
    ["pkg:deb/debian/hello@2.10-5?epoch=0", "hello", "2.10-5"],
    ["pkg:deb/hello", "hello", undefined],
  ])("%s", (text, name, version) => {
    expect(debian.purl?.read(parsePurl(text), () => undefined)).toMatchObject({ name, ...(version && { version }) });
  });
  test("are of the distributions that the repository has", () => {
    const read = (options: Record<string, string[]>, text: string) =>
      meaningOf(makeMount("apt", debian, { ttl: 0, options }), parsePurl(text));
    for (const other of ["ubuntu", "kali"])
      expect(() => read({}, `pkg:deb/${other}/hello@1`)).toThrow(`no repository here has packages of ${other}`);
    expect(read({ namespaces: ["ubuntu"] }, "pkg:deb/ubuntu/hello@1")).toEqual({ name: "hello", version: "1" });
    const { ecosystem } = makeMount("apt", debian, { ttl: 0, options: { namespaces: ["ubuntu"] } });
    expect(formatPurl(ecosystem, { name: "hello", version: "1" })).toBe("pkg:deb/ubuntu/hello@1");
  });
  test("are written as Debian's", () => {
    const qualifiers = { arch: "amd64" };
    expect(formatPurl(debian, { name: "hello", version: "1:2.10-5", qualifiers })).toBe(
      "pkg:deb/debian/hello@1:2.10-5?arch=amd64",
    );
  });
  test.each([
    [undefined, ["/dists/trixie/InRelease", "/dists/trixie-updates/InRelease", "/InRelease", "/extra/InRelease"]],
    ["trixie", ["/dists/trixie/InRelease", "/dists/trixie-updates/InRelease"]],
    ["sid", ["/dists/sid/InRelease"]],
    ["debian-13", ["/dists/trixie/InRelease", "/dists/trixie-updates/InRelease", "/InRelease", "/extra/InRelease"]],
  ])("of the distribution %p are in %p", (distro, expected) => {
    const pkg = { name: "hello", ...(distro && { qualifiers: { distro } }) };
    const index = debian.index(pkg, traits({ suites: ["trixie", "trixie-updates", "./", "extra/"] }));
    expect(index.filter((path) => path.endsWith("InRelease"))).toEqual(expected as Path[]);
  });
});
