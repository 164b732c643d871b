import { describe, expect, test } from "bun:test";
import { maven } from "../../ecosystems/maven.ts";
import { hash } from "../../src/contract/digest.ts";
import type { Doc, FileFacts, MetadataRoute, Path, Release, View } from "../../src/contract/ecosystem.ts";
import { classify } from "../../src/mounts/match.ts";

const fixture = (name: string) => Bun.file(`${import.meta.dir}/../fixtures/maven/${name}`).text();
const rewritten = (name: string) => Bun.file(`${import.meta.dir}/../rewrites/maven/${name}`).text();
const LIB = "/org/acme/lib";
const INDEX = `${LIB}/maven-metadata.xml` as const;
const POM = `${LIB}/1.9.0/lib-1.9.0.pom` as const;

const TRAITS = { upstreams: ["default"], options: {} };

function metadata(path: Path): { route: MetadataRoute; params: Record<string, string> } {
  const match = classify(maven, "GET", path);
  if (typeof match === "number" || match.route.kind !== "metadata") throw new Error(`${path} is no metadata`);
  return { route: match.route, params: match.params };
}

function doc(path: Path, body: string, others: Record<string, string> = {}): Doc {
  return {
    path,
    params: metadata(path).params,
    mediaType: "text/xml",
    bytes: () => new TextEncoder().encode(body),
    text: () => body,
    json: <T>() => JSON.parse(body) as T,
    traits: TRAITS,
    urlOf: () => undefined,
    pathOf: (url) => {
      const { host, pathname } = new URL(url, `https://maven.example${path}`);
      return host === "maven.example" ? (pathname as Path) : undefined;
    },
    header: () => undefined,
    stored: (other) => (others[other] === undefined ? undefined : doc(other, others[other], others)),
  };
}

function view(admits: View["admits"], offline = false): View {
  return {
    variant: "text/xml",
    offline,
    link: (path) => `https://proxy.example/maven${path}`,
    lines: [],
    admits,
  };
}

const parse = (source: Doc) => metadata(source.path).route.parse!(source);
const releasesOf = (source: Doc) => Array.from(parse(source).releases ?? []);
const filter = (source: Doc, seen: View) => metadata(source.path).route.rewrite!(source, seen) as string;
const acme = (version: string): Release => ({ name: "org.acme/lib", version });

/** A file that may be missing, with what lies beside it. */
const proven = (path: Path, isRequired = false): FileFacts[] => [
  { path, ...(!isRequired && { optional: true }) },
  { path: `${path}.sha1`, optional: true, beside: path },
  { path: `${path}.asc`, optional: true, beside: path },
];

describe("routes", () => {
  const cases: [path: string, kind: string, release?: Release, canonical?: Path][] = [
    ["/org/acme/lib/maven-metadata.xml", "metadata"],
    ["/org/acme/maven-metadata.xml", "metadata"],
    ["/acme/maven-metadata.xml", "metadata"],
    ["/org/acme/lib/maven-metadata.xml.sha1", "derived"],
    ["/org/acme/lib/maven-metadata.xml.sha512", "derived"],
    ["/org/acme/lib/maven-metadata.xml.asc", "deny"],
    ["/org/acme/lib/maven-metadata.xml.asc.sha1", "deny"],
    ["/org/acme/lib/1.9.0/lib-1.9.0.pom", "metadata", acme("1.9.0")],
    ["/org/acme/lib/1.9.0/lib-1.9.0.module", "metadata", acme("1.9.0")],
    ["/org/acme/lib/1.9.0/lib-1.9.0.jar", "artifact", acme("1.9.0")],
    ["/org/acme/lib/1.9.0/lib-1.9.0-sources.jar", "artifact", acme("1.9.0")],
    ["/org/acme/lib/1.9.0/lib-1.9.0.pom.asc", "artifact", acme("1.9.0")],
    ["/org/acme/lib/1.9.0/lib-1.9.0.jar.sha1", "metadata", acme("1.9.0")],
    ["/org/acme/lib/1.0%2B1/lib-1.0%2B1.jar", "artifact", acme("1.0+1"), `${LIB}/1.0+1/lib-1.0+1.jar`],
    ["/junit/junit/4.12/junit-4.12.jar", "artifact", { name: "junit/junit", version: "4.12" }],
    ["/org/acme/lib.core_2.13/1/lib.core_2.13-1.jar", "artifact", { name: "org.acme/lib.core_2.13", version: "1" }],
    ["/org/acme/lib/3.0-SNAPSHOT/maven-metadata.xml", "metadata", acme("3.0-SNAPSHOT")],
    ["/org/acme/lib/3.0-SNAPSHOT/maven-metadata.xml.sha1", "derived"],
    ["/org/acme/lib/3.0-SNAPSHOT/lib-3.0-20260102.030405-7.jar", "artifact", acme("3.0-SNAPSHOT")],
    ["/org/acme/lib/3.0-SNAPSHOT/lib-3.0-20260102.030405-7.jar.sha1", "metadata", acme("3.0-SNAPSHOT")],
    ["/org/acme/lib/3.0-SNAPSHOT/lib-3.0-SNAPSHOT.jar", "metadata", acme("3.0-SNAPSHOT")],
    ["/org/acme/lib/3.0-SNAPSHOT/lib-3.0-SNAPSHOT.jar.md5", "derived"],
    ["/archetype-catalog.xml", "metadata"],
    ["/archetype-catalog.xml.sha1", "derived"],
    ["/.meta/prefixes.txt", "deny"],
    ["/.index/nexus-maven-repository-index.gz", "deny"],
    ["/org/acme/lib/", "none"],
    ["/org/acme/lib/1.9.0/other-1.9.0.jar", "none"],
    ["/org.acme/lib/1.9.0/lib-1.9.0.jar", "none"],
  ];
  const rows = cases.map(([path, kind, release, canonical]) => ({ path, kind, release, canonical }));
  test.each(rows)("$path is $kind", ({ path, kind, release, canonical }) => {
    const match = classify(maven, "GET", path as Path);
    if (typeof match === "number") return expect(kind).toBe("none");
    const { route, params } = match;
    expect<string>(route.kind).toBe(kind);
    if (release) expect("release" in route && route.release?.(params)).toEqual(release);
    if ("canonical" in route) expect(route.canonical?.(params)).toBe(canonical ?? (path as Path));
  });

  test("no path stalls", () => {
    const started = performance.now();
    for (const unit of ["a/", "a-", "-1.", "a/a-a/", "-SNAPSHOT/", ".sha1", "maven-metadata.xml"])
      classify(maven, "GET", `/${unit.repeat(Math.floor(2_000 / unit.length))}`);
    expect(performance.now() - started).toBeLessThan(200);
  });

  test("a file is vouched for by its checksum, a checksum and a signature by nothing", () => {
    for (const [suffix, vouching] of [
      [".pom", [`${POM}.sha1`]],
      [".pom.sha1", []],
      [".pom.asc", []],
    ] as const) {
      const path = `${LIB}/1.9.0/lib-1.9.0${suffix}` as const;
      const match = classify(maven, "GET", path);
      if (typeof match === "number" || !("describedBy" in match.route)) throw new Error(path);
      expect<unknown>(match.route.describedBy?.(match.params, path, TRAITS)).toEqual(vouching);
    }
  });

  test("a changing document is summed as it is served", () => {
    const match = classify(maven, "GET", `${INDEX}.sha256`);
    if (typeof match === "number" || match.route.kind !== "derived") throw new Error("not derived");
    expect(match.route.of(match.params)).toBe(INDEX);
    const served = new TextEncoder().encode("<metadata/>");
    expect(match.route.derive(served, match.params)).toBe(hash("sha256", served));
  });
});

describe("facts", () => {
  test("an index lists versions", async () => {
    const versions = releasesOf(doc(INDEX, await fixture("maven-metadata.xml")));
    expect(versions).toEqual(["1.0", "1.9.0", "1.10.0", "1.10.0.1+build", "2.0.0-rc1"].map(acme));
  });
  test("an index leads to the files of its snapshots", () => {
    const body = "<metadata><versioning><versions><version>3.0-SNAPSHOT</version></versions></versioning></metadata>";
    expect(parse(doc(INDEX, body)).follow).toEqual([`${LIB}/3.0-SNAPSHOT/maven-metadata.xml`]);
  });
  test("a group's metadata lists plugins, no versions", async () => {
    expect(releasesOf(doc("/org/apache/maven/plugins/maven-metadata.xml", await fixture("plugins.xml")))).toEqual([]);
  });
  test("a snapshot's metadata names one generation of files", async () => {
    const path = `${LIB}/3.0-SNAPSHOT/maven-metadata.xml` as const;
    const [release] = releasesOf(doc(path, await fixture("snapshot.xml")));
    expect(release).toMatchObject(acme("3.0-SNAPSHOT"));
    expect(release!.files!.map((file) => file.path)).toEqual([
      `${LIB}/3.0-SNAPSHOT/lib-3.0-20260102.030405-7.pom`,
      `${LIB}/3.0-SNAPSHOT/lib-3.0-20260102.030405-7-sources.jar`,
    ]);
    for (const file of release!.files!) expect(classify(maven, "GET", file.path)).toBeObject();
  });

  test.each([
    [
      "a time and a build",
      "<timestamp>20260102.030405</timestamp><buildNumber>7</buildNumber>",
      "3.0-20260102.030405-7",
    ],
    ["a local copy", "<localCopy>true</localCopy>", "3.0-SNAPSHOT"],
    ["nothing", "", "3.0-SNAPSHOT"],
    ["no build", "<timestamp>20260102.030405</timestamp><buildNumber>0</buildNumber>", "3.0-SNAPSHOT"],
  ])("metadata of before Maven 3 names a version alone: by %s", (_, snapshot, version) => {
    const path = `${LIB}/3.0-SNAPSHOT/maven-metadata.xml` as const;
    const body = `<metadata><version>3.0-SNAPSHOT</version><versioning><snapshot>${snapshot}</snapshot><lastUpdated>1</lastUpdated></versioning></metadata>`;
    const [release, ...more] = releasesOf(doc(path, body));
    expect(more).toEqual([]);
    expect(release).toMatchObject(acme("3.0-SNAPSHOT"));
    expect(release!.files!.map((file) => file.path.replace(`${LIB}/3.0-SNAPSHOT/lib-${version}`, ""))).toEqual([
      ".pom",
      ".jar",
      ".module",
      "-sources.jar",
    ]);
    for (const file of release!.files!) {
      expect(file.optional).toBe(true);
      expect(classify(maven, "GET", file.path)).toBeObject();
    }
  });
  test("a time that is none is left out", () => {
    const body =
      "<metadata><versioning><snapshot><timestamp>../x</timestamp><buildNumber>7</buildNumber></snapshot></versioning></metadata>";
    expect(parse(doc(`${LIB}/3.0-SNAPSHOT/maven-metadata.xml`, body)).leftOut).toMatchObject([{ entry: "../x-7" }]);
  });
  test("a snapshot's POM says what lies beside it", () => {
    const path = `${LIB}/3.0-SNAPSHOT/lib-3.0-20260102.030405-7.pom` as const;
    const of = (packaging: string) =>
      releasesOf(
        doc(
          path,
          `<project><groupId>org.acme</groupId><artifactId>lib</artifactId><version>3.0-SNAPSHOT</version><packaging>${packaging}</packaging></project>`,
        ),
      )
        .flatMap(({ files = [] }) => files)
        .map((file) => file.path.slice(path.length - 4));
    expect(of("war")[0]).toBe(".war");
    expect(of("pom")).toEqual([]);
  });

  const HEX = "161ba27964a62f241533807a46b8711b13c1d94b";
  test.each([
    [HEX],
    [`${HEX}\n`],
    [`${HEX.toUpperCase()}  lib-1.9.0.jar\n`],
    [`${HEX} */home/release/target/lib-1.9.0.jar`],
    [`SHA1(lib-1.9.0.jar)= ${HEX}`],
  ])("a checksum is read from %j", (body) => {
    const path = `${LIB}/1.9.0/lib-1.9.0.jar`;
    expect(releasesOf(doc(`${path}.sha1` as Path, body))).toEqual([
      { ...acme("1.9.0"), files: [{ path, digest: `sha1:${HEX}` }] },
    ]);
  });
  test.each(["", "<html>404</html>", HEX.slice(1), `${HEX}00`])("%j is no checksum", (body) => {
    expect(() => releasesOf(doc(`${LIB}/1.9.0/lib-1.9.0.jar.sha1`, body))).toThrow("expected a sha1 in hex");
  });

  test("a POM alone names its parent and requires what it states", async () => {
    const facts = parse(doc(POM, await fixture("lib.pom")));
    expect(facts.follow).toEqual(["/org/acme/parent/7/parent-7.pom"]);
    expect(Array.from(facts.releases!)[0]!.requires).toEqual([
      { name: "org.acme/core", range: "1.9.0" },
      { name: "org.json/json-core", range: "2.17.0", optional: true },
      { name: "junit/junit", range: "[4.12,5)", optional: true },
    ]);
  });
  test("a POM near its parent and their bill of materials requires what they manage", async () => {
    const near: Record<string, string> = { "/org/acme/parent/7/parent-7.pom": await fixture("parent.pom") };
    const bom = "/org/managed/bom/3.1.4/bom-3.1.4.pom";
    expect(parse(doc(POM, await fixture("lib.pom"), near)).follow).toEqual(["/org/acme/parent/7/parent-7.pom", bom]);
    near[bom] = await fixture("bom.pom");
    const [release] = releasesOf(doc(POM, await fixture("lib.pom"), near));
    expect(release!.requires).toEqual([
      { name: "org.acme/core", range: "1.9.0" },
      { name: "org.json/json-core", range: "2.17.0", optional: true },
      { name: "org.managed/by-parent", range: "3.1", optional: true },
      { name: "org.managed/by-bom", range: "3.1.4" },
      { name: "junit/junit", range: "[4.12,5)", optional: true },
    ]);
    expect(release!.files).toEqual([
      ...proven(`${LIB}/1.9.0/lib-1.9.0.war`, true),
      ...proven(`${LIB}/1.9.0/lib-1.9.0.module`),
    ]);
  });
  test("a module that has moved requires its new place", () => {
    const body = `<project><groupId>org.acme</groupId><artifactId>lib</artifactId><version>1.9.0</version>
      <distributionManagement><relocation><groupId>org.new</groupId></relocation></distributionManagement></project>`;
    const [release] = releasesOf(doc(POM, body));
    expect([release!.requires, release!.files]).toEqual([[{ name: "org.new/lib", range: "1.9.0" }], []]);
  });
  test("types and classifiers choose files, scopes and optional ones are left to roots, what a builder's machine decides is not told", () => {
    const dependency = (artifact: string, more = "") =>
      `<dependency><groupId>g</groupId><artifactId>${artifact}</artifactId><version>1</version>${more}</dependency>`;
    const body = `<project><packaging>bundle</packaging><dependencies>
      ${dependency("plain", "<type>jar</type>")}
      ${dependency("tests", "<type>test-jar</type>")}
      ${dependency("native", "<classifier>linux-x86_64</classifier>")}
      ${dependency("dist", "<type>zip</type><classifier>bin</classifier>")}
      ${dependency("bom", "<type>pom</type>")}
      ${dependency("plugin", "<type>maven-plugin</type>")}
      ${dependency("builder", `<classifier>\${os.detected.classifier}</classifier>`)}
      ${dependency("test", "<scope>test</scope>")}
      ${dependency("provided", "<scope>provided</scope>")}
      ${dependency("runtime", "<scope>runtime</scope><optional>false</optional>")}
      ${dependency("optional", "<optional>true</optional>")}
      ${dependency("system", "<scope>system</scope>")}
      </dependencies></project>`;
    const [release] = releasesOf(doc(POM, body));
    const one = { range: "1" };
    expect<unknown>(release!.requires).toEqual([
      { name: "g/plain", ...one },
      { name: "g/tests", ...one, qualifiers: { type: "jar", classifier: "tests" } },
      { name: "g/native", ...one, qualifiers: { type: "jar", classifier: "linux-x86_64" } },
      { name: "g/dist", ...one, qualifiers: { type: "zip", classifier: "bin" } },
      { name: "g/bom", ...one, qualifiers: { type: "pom" } },
      { name: "g/plugin", ...one },
      { name: "g/builder", ...one },
      { name: "g/test", ...one, optional: true },
      { name: "g/provided", ...one, optional: true },
      { name: "g/runtime", ...one },
      { name: "g/optional", ...one, optional: true },
    ]);
    expect(release!.files).toEqual(proven(`${LIB}/1.9.0/lib-1.9.0.jar`, true));
  });
  test("each type and classifier of a module is managed by itself", () => {
    const lib = (more: string) => `<dependency><groupId>g</groupId><artifactId>a</artifactId>${more}</dependency>`;
    const body = `<project><dependencyManagement><dependencies>
      ${lib("<version>1</version>")}${lib("<version>2</version><classifier>linux</classifier>")}
      ${lib("<version>3</version><type>test-jar</type><scope>test</scope>")}</dependencies></dependencyManagement>
      <dependencies>${lib("")}${lib("<classifier>linux</classifier>")}${lib("<type>test-jar</type>")}</dependencies></project>`;
    expect(releasesOf(doc(POM, body))[0]!.requires?.map(({ range, optional }) => [range, optional])).toEqual([
      ["1", undefined],
      ["2", undefined],
      ["3", true],
    ]);
  });

  const slf4j = (artifact: string): Path => `/org/slf4j/${artifact}/2.0.17/${artifact}-2.0.17.pom`;
  test("slf4j-simple leads to its parent, that one to a bill of materials, which manages what they require", async () => {
    const near: Record<string, string> = {};
    const read = async () => {
      const facts = parse(doc(slf4j("slf4j-simple"), await fixture("slf4j-simple-2.0.17.pom"), near));
      return { follow: facts.follow, requires: Array.from(facts.releases!)[0]!.requires };
    };
    const tests = { name: "org.slf4j/slf4j-api", range: "2.0.17", optional: true };
    const testJar = { ...tests, qualifiers: { type: "jar", classifier: "tests" } };
    expect<unknown>(await read()).toEqual({ follow: [slf4j("slf4j-parent")], requires: [testJar] });
    near[slf4j("slf4j-parent")] = await fixture("slf4j-parent-2.0.17.pom");
    near[slf4j("slf4j-bom")] = await fixture("slf4j-bom-2.0.17.pom");
    expect<unknown>(await read()).toEqual({
      follow: [slf4j("slf4j-parent"), slf4j("slf4j-bom")],
      requires: [
        { name: "org.slf4j/slf4j-api", range: "2.0.17" },
        testJar,
        { name: "junit/junit", range: "4.13.1", optional: true },
      ],
    });
  });
  test("spring-boot-starter-web requires five modules, and has metadata for Gradle", async () => {
    const folder = "/org/springframework/boot/spring-boot-starter-web/3.4.1/spring-boot-starter-web-3.4.1";
    const facts = parse(doc(`${folder}.pom`, await fixture("spring-boot-starter-web-3.4.1.pom")));
    const [release] = Array.from(facts.releases!);
    expect(facts.follow).toEqual([]);
    expect(release!.files).toEqual([...proven(`${folder}.jar`, true), ...proven(`${folder}.module`)]);
    expect(release!.requires).toEqual([
      { name: "org.springframework.boot/spring-boot-starter", range: "3.4.1" },
      { name: "org.springframework.boot/spring-boot-starter-json", range: "3.4.1" },
      { name: "org.springframework.boot/spring-boot-starter-tomcat", range: "3.4.1" },
      { name: "org.springframework/spring-web", range: "6.2.1" },
      { name: "org.springframework/spring-webmvc", range: "6.2.1" },
    ]);
  });
  test("guava's module metadata points at another release for Android", async () => {
    const folder = "/com/google/guava/guava/33.4.0-jre/guava-33.4.0-jre";
    const [release] = releasesOf(doc(`${folder}.module`, await fixture("guava-33.4.0-jre.module")));
    expect(release!.files).toEqual(proven(`${folder}.jar`));
    expect(release!.requires).toEqual([
      { name: "com.google.guava/failureaccess", range: "1.0.2" },
      { name: "com.google.guava/listenablefuture", range: "9999.0-empty-to-avoid-conflict-with-guava" },
      { name: "com.google.guava/guava", range: "33.4.0-android", marker: "android" },
    ]);
  });

  test("Gradle's module metadata names files here and modules elsewhere", async () => {
    const [release] = releasesOf(doc(`${LIB}/1.9.0/lib-1.9.0.module`, await fixture("lib.module")));
    expect(release!.files).toEqual(proven(`${LIB}/1.9.0/lib-1.9.0.jar`));
    expect(release!.requires).toEqual([
      { name: "org.json/json-core", range: "2.17.0" },
      { name: "org.acme/platform", range: "[1,2)" },
      { name: "org.acme/platform", range: "1.4" },
      { name: "org.acme/lib-jvm", range: "1.9.0" },
    ]);
  });

  const truncated: [Path, string][] = [
    [INDEX, "maven-metadata.xml"],
    [`${LIB}/3.0-SNAPSHOT/maven-metadata.xml`, "snapshot.xml"],
    [POM, "lib.pom"],
    [`${LIB}/1.9.0/lib-1.9.0.module`, "lib.module"],
  ];
  test.each(truncated)("%s throws when it is cut off anywhere, or is a page", async (path, name) => {
    const body = (await fixture(name)).trim();
    for (let length = 0; length < body.length; length += 17)
      expect(() => parse(doc(path, body.slice(0, length)))).toThrow();
    expect(() => parse(doc(path, "<html><body><p>Sign in</p></body></html>"))).toThrow();
  });

  test("hostile XML and properties are harmless", () => {
    const entities = `<!DOCTYPE p [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>`;
    const doubling = Array.from({ length: 60 }, (_, n) => `<p${n}>\${p${n + 1}}\${p${n + 1}}</p${n}>`).join("");
    const body = `${entities}<project><properties><loop>\${loop}</loop>${doubling}</properties><dependencies>
      <dependency><groupId>&b;</groupId><artifactId>x</artifactId><version>\${loop}</version></dependency>
      <dependency><groupId>g</groupId><artifactId>x</artifactId><version>\${p0}</version></dependency>
      <dependency><groupId><x/></groupId></dependency></dependencies></project>`;
    expect(releasesOf(doc(POM, body))[0]!.requires).toEqual([]);
    const self = `<project><parent><groupId>org.acme</groupId><artifactId>lib</artifactId><version>1.9.0</version></parent></project>`;
    expect(() => parse(doc(POM, self, { [POM]: self }))).not.toThrow();
    expect(() => parse(doc(INDEX, "<metadata><__proto__>1</__proto__></metadata>"))).toThrow();
  });
});

describe("rewriting the index", () => {
  const golden: [string, View][] = [
    ["all.xml", view(() => true)],
    ["withheld.xml", view(({ version }) => version !== "2.0.0-rc1")],
    ["offline.xml", view(({ version }) => version === "1.0", true)],
    ["none.xml", view(() => false)],
  ];
  test.each(golden)("%s", async (name, seen) => {
    expect(filter(doc(INDEX, await fixture("maven-metadata.xml")), seen)).toBe(await rewritten(name));
  });
  test("offline, a release is held when its POM is, where that is all of it", async () => {
    const body = await fixture("maven-metadata.xml");
    const pomOf = (version: string): Path => `${LIB}/${version}/lib-${version}.pom`;
    const near = {
      [pomOf("1.0")]: "<project><packaging>pom</packaging></project>",
      [pomOf("1.9.0")]: "<project><packaging>jar</packaging></project>",
      [pomOf("2.0.0-rc1")]: "<project><distributionManagement><relocation/></distributionManagement></project>",
    };
    const held: View["admits"] = (_release, file) => file !== undefined && file in near;
    const shown = (offline: boolean) =>
      Array.from(filter(doc(INDEX, body, near), view(held, offline)).matchAll(/<version>(.*?)</g), ([, each]) => each);
    expect(shown(true)).toEqual(["1.0", "2.0.0-rc1"]);
    expect(shown(false)).toEqual([]);
  });
  test("a group's plugins stay", async () => {
    const body = await fixture("plugins.xml");
    expect(
      filter(
        doc("/org/apache/maven/plugins/maven-metadata.xml", body),
        view(() => false),
      ),
    ).toBe(body);
  });
  test.each(["<version><![CDATA[6.6]]></version>", '<version a="b">6.6</version>'])(
    "%s does not slip through",
    (spelling) => {
      const body = `<metadata><versioning><versions>${spelling}</versions></versioning></metadata>`;
      expect(() =>
        filter(
          doc(INDEX, body),
          view(() => false),
        ),
      ).toThrow("6.6");
    },
  );
});

describe("files of a release", () => {
  const suffixes = (release: Release, must: boolean) =>
    maven.files!(release, TRAITS)
      .filter(({ optional }) => Boolean(optional) !== must)
      .map(({ path }) => path.slice(`${LIB}/1.9.0/lib-1.9.0`.length))
      .filter((suffix) => !/\.(sha1|asc)$/.test(suffix));
  const qualified = (qualifiers: Record<string, string>) => suffixes({ ...acme("1.9.0"), qualifiers }, true);

  test("are its POM and what it may have", () => {
    expect(suffixes(acme("1.9.0"), true)).toEqual([".pom"]);
    expect(suffixes(acme("1.9.0"), false)).toEqual([".jar", ".module", "-sources.jar"]);
  });
  test("are those that qualifiers ask for", () => {
    expect(qualified({ type: "war" })).toEqual([".pom", ".war"]);
    expect(qualified({ type: "pom" })).toEqual([".pom"]);
    expect(qualified({ type: "test-jar" })).toEqual([".pom", "-tests.jar"]);
    expect(qualified({ classifier: "linux-x86_64" })).toEqual([".pom", "-linux-x86_64.jar"]);
    expect(qualified({ classifier: "it", type: "test-jar" })).toEqual([".pom", "-it.jar"]);
    expect(qualified({ classifier: "dist", type: "zip" })).toEqual([".pom", "-dist.zip"]);
  });
  test("sources are told from what is installed, unless they are asked for", () => {
    const sources = (release: Release) =>
      maven.files!(release, TRAITS).flatMap(({ path, isSource }) => (isSource ? path.slice(-12) : []));
    expect(sources(acme("1.9.0"))).toEqual(["-sources.jar"]);
    expect(sources({ ...acme("1.9.0"), qualifiers: { classifier: "sources" } })).toEqual([]);
  });
  test("proofs lie beside what they prove", () => {
    for (const { path, beside } of maven.files!(acme("1.9.0"), TRAITS))
      expect(beside as string | undefined).toBe(/^(.+)\.(?:sha1|asc)$/.exec(path)?.[1]);
  });
  test("each has a checksum and perhaps a signature, and all belong to it", () => {
    const files = maven.files!(acme("1.9.0"), TRAITS);
    for (const { path } of files) {
      const match = classify(maven, "GET", path);
      if (typeof match === "number" || !("release" in match.route)) throw new Error(`${path} is no file of a release`);
      expect(match.route.release?.(match.params)).toEqual(acme("1.9.0"));
      if (!/\.(sha1|asc)$/.test(path)) expect(files.map((file) => file.path)).toContain(`${path}.sha1`);
    }
  });
  test("of a timestamped snapshot lie in its folder; of a moving one its metadata tells", () => {
    expect(maven.files!(acme("3.0-20260102.030405-7"), TRAITS)[0]!.path).toBe(
      `${LIB}/3.0-SNAPSHOT/lib-3.0-20260102.030405-7.pom`,
    );
    expect(maven.files!(acme("3.0-SNAPSHOT"), TRAITS)).toEqual([]);
    expect(maven.datedBy!(acme("3.0-SNAPSHOT"))).toBe(`${LIB}/3.0-SNAPSHOT/maven-metadata.xml`);
    expect(maven.datedBy!(acme("1.9.0"))).toBe(POM);
  });
});
