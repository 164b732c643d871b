import { cargo } from "../../ecosystems/cargo.ts";
import { debian } from "../../ecosystems/debian.ts";
import { gem } from "../../ecosystems/gem.ts";
import { golang } from "../../ecosystems/golang.ts";
import { helm } from "../../ecosystems/helm.ts";
import { maven } from "../../ecosystems/maven.ts";
import { npm } from "../../ecosystems/npm.ts";
import { nuget } from "../../ecosystems/nuget.ts";
import { oci } from "../../ecosystems/oci.ts";
import { pypi } from "../../ecosystems/pypi.ts";
import type { Ecosystem } from "../../src/contract/ecosystem.ts";
import type { Conformance } from "../conformance.ts";

const fixture = (path: string) => Bun.file(`${import.meta.dir}/../fixtures/${path}`).text();

const HIVE = "/v3/registration5-gz-semver2";
const INDEX_ENTRY = '{\n      "mediaType": "application/vnd.oci.image.manifest.v1+json"';
const ODD_DESCRIPTORS = ["null,", "7,", "{},", '{ "digest": "sha256:odd" },', '{ "digest": "md5:00" },'];
const ODD_LEAVES = [
  "null,",
  "7,",
  "{},",
  '{ "catalogEntry": null },',
  '{ "catalogEntry": { "id": "Acme.Core" } },',
  '{ "catalogEntry": { "id": "Acme.Core", "version": "../x" } },',
  '{ "catalogEntry": { "id": "Acme.Core", "version": "9", "dependencyGroups": [null] } },',
];

/** What is no entry of any list of objects. */
const NO_OBJECTS = ["null,", "7,", '"x",', "[],", "{},"];

/** Each plugin with documents of its registry, and what requests mean. */
export const table: readonly [Ecosystem, Conformance][] = [
  [
    npm,
    {
      upstreams: { default: "https://npm.example" },
      name: "@acme/is",
      samples: [
        {
          path: "/@acme%2fis",
          body: await fixture("npm/acme-is.json"),
          odd: [
            {
              before: '"1.0.0": {',
              entries: [
                '"0.9.0": { "name": "@acme/is", "version": "0.9.0" },',
                '"0.9.0": { "dist": null },',
                '"0.9.0": { "dist": { "tarball": 7 } },',
                '"0.9.0": { "dist": { "tarball": "http://npm.example/a.tgz", "shasum": {} } },',
                '"0.9.0": null,',
                '"0.9.0": [],',
                '"../../x": { "dist": { "tarball": "http://npm.example/a.tgz" } },',
                '"": { "dist": { "tarball": "http://npm.example/a.tgz" } },',
              ],
            },
          ],
        },
      ],
      cases: [
        { path: "/-/package/@acme%2fis/dist-tags", kind: "derived" },
        { path: "/@acme%2fis/2.0.0", kind: "derived" },
        { path: "/%40acme%2Fis", kind: "metadata" },
        { path: "/-/v1/search", kind: "passthrough" },
        { path: "/-/npm/v1/security/advisories/bulk", method: "POST", kind: "passthrough" },
        { path: "/-/ping", kind: "answer" },
        { path: "/@acme%2fis", method: "PUT", kind: "none" },
      ],
    },
  ],
  [
    pypi,
    {
      upstreams: { default: "https://pypi.example", files: "https://files.example" },
      name: "Acme.Tool",
      samples: [
        {
          path: "/simple/acme-tool/",
          mediaType: "application/vnd.pypi.simple.v1+json",
          body: await fixture("pypi/acme-tool.json"),
          odd: [
            {
              before: '{\n   "filename": "Acme.Tool-1.0.tar.gz"',
              entries: [
                ...NO_OBJECTS,
                '{ "filename": "acme_tool-9-py3-none-any.whl" },',
                '{ "url": "https://files.example/acme_tool-9-py3-none-any.whl", "hashes": {} },',
                '{ "filename": "acme_tool-9.tar.gz", "url": "http://[", "hashes": null },',
                '{ "filename": "..", "url": "https://files.example/x.whl", "hashes": {} },',
                '{ "filename": "acme_tool-9.tar.gz", "url": "file:///etc/passwd" },',
              ],
            },
          ],
        },
        {
          path: "/simple/acme-tool/",
          mediaType: "text/html",
          unrelated: ["1.0"],
          body: await fixture("pypi/acme-tool.html"),
          odd: [
            {
              before: '<a href="https://files.example/packages/32',
              entries: [
                '<a href="http://[/acme_tool-9.tar.gz">acme_tool-9.tar.gz</a>\n',
                '<a href="javascript:alert(1)//acme_tool-9.tar.gz">acme_tool-9.tar.gz</a>\n',
                '<a href="../x/a%5C..%5Cb.zip">b.zip</a>\n',
              ],
            },
          ],
        },
        // Its `info` is that of the newest release, whether clients may see it or not.
        {
          path: "/pypi/acme-tool/json",
          unrelated: ["2.0"],
          body: await fixture("pypi/acme-tool.legacy.json"),
          odd: [
            {
              before: '{\n    "filename": "Acme.Tool-1.0.tar.gz"',
              entries: [...NO_OBJECTS, '{ "filename": "x-1.zip" },'],
            },
            { before: '"1.0": [', entries: ['"0.9": null,', '"0.9": { "filename": 7 },'] },
          ],
        },
        {
          path: "/packages/aa/bb/cc/acme_tool-2.0-py3-none-any.whl.metadata",
          mediaType: "text/plain",
          body: await fixture("pypi/acme-tool.metadata"),
          truncation: "none",
        },
      ],
      cases: [
        { path: "/simple/", kind: "metadata" },
        { path: "/simple/Acme.Tool", kind: "metadata" },
      ],
    },
  ],
  [
    cargo,
    {
      upstreams: { default: "https://index.example", download: "https://files.example/{crate}-{version}.crate" },
      name: "acme-core",
      samples: [
        {
          path: "/ac/me/acme-core",
          mediaType: "text/plain",
          body: await fixture("cargo/acme-core.txt"),
          truncation: "line",
          odd: [
            {
              before: '{"name": "acme-core","vers": "1.0.0"',
              entries: [
                '{"name":"acme-core","vers":"0.1.0","deps":[],"features":{},"yanked":false}\n',
                "no JSON\n",
                "null\n",
                '{"name":"acme-core","vers":"../x","deps":[],"cksum":"00"}\n',
                `{"name":"acme-core","vers":"0.1.0","deps":7,"cksum":"${"0".repeat(64)}"}\r\n`,
                '{"name":"acme-core","vers":"0.1.0","deps":[],"cksum":"no digest"}\n',
              ],
            },
          ],
        },
      ],
      cases: [
        { path: "/config.json", kind: "answer" },
        { path: "/api/v1/crates", kind: "passthrough" },
        {
          path: "/crates/acme-core/acme-core-1.0.0.crate",
          kind: "artifact",
          release: { name: "acme-core", version: "1.0.0" },
        },
      ],
    },
  ],
  [
    gem,
    {
      upstreams: { default: "https://gems.example" },
      name: "acme-tool",
      samples: [
        {
          path: "/info/acme-tool",
          mediaType: "text/plain",
          truncation: "line",
          body: await fixture("gem/info.txt"),
          odd: [
            {
              before: "3.0.0 acme-core",
              entries: ["nothing\n", "1.0.0 a:>= 0\n", " |checksum:ab\n", "../9 |ruby:>= 0\n"],
            },
          ],
        },
        { path: "/versions", mediaType: "text/plain", truncation: "line", body: await fixture("gem/versions.txt") },
        { path: "/names", mediaType: "text/plain", truncation: "line", body: "---\nacme-tool\nzeta\n" },
      ],
      cases: [
        { path: "/gems/acme-tool-3.0.0.gem", kind: "artifact", release: { name: "acme-tool", version: "3.0.0" } },
        { path: "/gems/acme-tool-3.0.0-java.gem", kind: "artifact", release: { name: "acme-tool", version: "3.0.0" } },
        {
          path: "/quick/Marshal.4.8/acme-tool-3.0.0.gemspec.rz",
          kind: "metadata",
          release: { name: "acme-tool", version: "3.0.0" },
        },
        { path: "/", kind: "answer" },
        { path: "/api/v1/dependencies", kind: "deny" },
        { path: "/api/v1/versions/acme-tool.json", kind: "passthrough" },
        { path: "/api/v1/gems", method: "POST", kind: "deny" },
      ],
    },
  ],
  [
    debian,
    {
      upstreams: { default: "https://debian.example/debian" },
      name: "hello",
      samples: [
        {
          path: "/dists/trixie/main/binary-amd64/Packages",
          mediaType: "text/plain",
          body: await fixture("debian/Packages"),
          truncation: "line",
          odd: [
            {
              before: "Package: libstdc++6",
              entries: [
                "Package: odd\nVersion: 1\n\n",
                "no field\n\n",
                "Package: odd\nVersion: 1\nFilename: pool/o/odd_1.deb\nSize: 1\n\n",
                `Package: odd\nVersion: 1\nFilename: ../../odd_1.deb\nSize: 1\nSHA256: ${"0".repeat(64)}\n\n`,
                "Package: odd\nVersion: 1\nFilename: pool/o/odd_1.deb\nSize: 1\nSHA256: none\n\n",
                `Package: ../odd\nVersion: 1\nFilename: pool/o/odd_1.deb\nSize: 1\nSHA256: ${"0".repeat(64)}\n\n`,
              ],
            },
          ],
        },
        {
          path: "/dists/trixie/main/source/Sources",
          mediaType: "text/plain",
          body: await fixture("debian/Sources"),
          truncation: "line",
          odd: [
            {
              before: "Package: hello",
              entries: [
                "Package: odd\nVersion: 1\n\n",
                `Package: odd\nVersion: 1\nDirectory: ../x\nChecksums-Sha256:\n ${"0".repeat(64)} 1 odd.dsc\n\n`,
              ],
            },
          ],
        },
        { path: "/dists/trixie/InRelease", mediaType: "text/plain", body: await fixture("debian/InRelease") },
      ],
      cases: [
        { path: "/pool/main/g/gcc-14/libstdc%2b%2b6_14.2.0-19_amd64.deb", kind: "artifact" },
        { path: "/flat/acme_1.0_amd64.deb", kind: "artifact" },
        { path: `/dists/trixie/main/binary-amd64/by-hash/SHA256/${"ab".repeat(32)}`, kind: "metadata" },
        { path: "/dists/trixie/main/binary-amd64/Release", kind: "metadata" },
        { path: "/dists/trixie/main/binary-amd64/Packages.diff/Index", kind: "metadata" },
        {
          path: "/dists/trixie/main/binary-amd64/Packages.diff/T-2025-09-06-2006.03-F-2025-09-05-0209.11.gz",
          kind: "artifact",
        },
        { path: "/dists/trixie/main/i18n/Translation-en.xz", kind: "metadata" },
        { path: "/dists/trixie/main/installer-amd64/20250803%2bdeb13u1/images/netboot/mini.iso", kind: "artifact" },
        { path: "/dists/trixie/main/installer-amd64/20250803/images/SHA256SUMS", kind: "metadata" },
        { path: "/dists/trixie/main/installer-amd64/current/images/netboot/mini.iso", kind: "metadata" },
        { path: "/Release.gpg", kind: "metadata" },
        { path: "/Packages.gz", kind: "metadata" },
        { path: "/pool/main/h/hello/", kind: "none" },
        { path: "/", kind: "none" },
      ],
    },
  ],
  [
    golang,
    {
      upstreams: { default: "https://go.example", "sumdb/sum.example": "https://sum.example" },
      name: "go.example/Acme/lib",
      samples: [
        {
          path: "/go.example/!acme/lib/@v/list",
          mediaType: "text/plain",
          body: await fixture("golang/list.txt"),
          truncation: "none",
          odd: [{ before: "v1.0.0\n", entries: ["master\n", "<br>\n", "v1/../../x\n"] }],
        },
        { path: "/go.example/!acme/lib/@v/v0.3.0.info", body: await fixture("golang/v0.3.0.info") },
        {
          path: "/go.example/!acme/lib/@v/v1.0.0.mod",
          mediaType: "text/plain",
          body: await fixture("golang/go.mod.txt"),
          truncation: "none",
        },
      ],
      cases: [
        { path: "/sumdb/sum.example/supported", kind: "answer" },
        { path: "/sumdb/sum.example/latest", kind: "metadata" },
        { path: "/sumdb/sum.example/tile/8/0/x001/234.p/7", kind: "metadata" },
        { path: "/sumdb/sum.example/lookup/go.example/!acme/lib@v1.0.0", kind: "metadata" },
        {
          path: "/go.example/%21acme/lib/@v/v1.0.0.zip",
          kind: "artifact",
          release: { name: "go.example/Acme/lib", version: "v1.0.0" },
        },
        { path: "/go.example/lib/@latest", kind: "metadata" },
      ],
    },
  ],
  [
    maven,
    {
      upstreams: { default: "https://maven.example/repo" },
      name: "org.acme/lib",
      samples: [
        {
          path: "/org/acme/lib/maven-metadata.xml",
          mediaType: "text/xml",
          body: await fixture("maven/maven-metadata.xml"),
          unrelated: ["1.0"],
          odd: [
            {
              before: "<version>1.9.0</version>",
              entries: [
                "<version/>",
                "<version>../x</version>",
                "<version><x>1</x></version>",
                "<version>a/./b</version>",
              ],
            },
          ],
        },
        {
          path: "/org/acme/lib/3.0-SNAPSHOT/maven-metadata.xml",
          mediaType: "text/xml",
          body: await fixture("maven/snapshot.xml"),
          odd: [
            {
              before: "<snapshotVersion>\n        <extension>pom",
              entries: [
                "<snapshotVersion/>",
                "<snapshotVersion><extension>jar</extension></snapshotVersion>",
                "<snapshotVersion><extension>jar</extension><value>../../3</value></snapshotVersion>",
                "<snapshotVersion><classifier>/../x</classifier><extension>jar</extension><value>3</value></snapshotVersion>",
              ],
            },
          ],
        },
        { path: "/org/acme/lib/1.9.0/lib-1.9.0.pom", mediaType: "text/xml", body: await fixture("maven/lib.pom") },
        { path: "/org/acme/lib/1.9.0/lib-1.9.0.module", body: await fixture("maven/lib.module") },
      ],
      cases: [
        { path: "/org/acme/lib/maven-metadata.xml.sha1", kind: "derived" },
        { path: "/org/acme/lib/1.9.0/lib-1.9.0.jar.sha1", kind: "metadata" },
        { path: "/org/acme/lib/1.0-SNAPSHOT/lib-1.0-SNAPSHOT.jar", kind: "metadata" },
        {
          path: "/org/acme/lib/1.9.0/lib-1.9.0.jar",
          kind: "artifact",
          release: { name: "org.acme/lib", version: "1.9.0" },
        },
      ],
    },
  ],
  [
    helm,
    {
      upstreams: { default: "https://charts.example", stable: "https://charts.example/stable" },
      name: "stable/web",
      samples: [
        {
          path: "/stable/index.yaml",
          mediaType: "text/yaml",
          truncation: "line",
          body: await fixture("helm/index.yaml"),
          odd: [
            {
              before: "  - apiVersion: v2\n    appVersion: 1.10\n",
              entries: [
                "  - nothing\n",
                "  - name: common\n",
                "  - name: common\n    version: ../../x\n    urls: [x.tgz]\n",
                "  - name: common\n    version: [1]\n    urls: [x.tgz]\n",
              ],
            },
            { before: "  web:\n", entries: ["  odd:\n  - urls: [x.tgz]\n", "  odd:\n    version: 1.0.0\n"] },
          ],
        },
      ],
      cases: [
        { path: "/stable/charts/web-1.0.0.tgz", kind: "artifact" },
        { path: "/stable/charts/web-1.0.0.tgz.prov", kind: "artifact" },
        {
          path: "/stable/-/web/2.0.0/web-2.0.0.tgz",
          kind: "artifact",
          release: { name: "stable/web", version: "2.0.0" },
        },
        { path: "/stable/README.md", kind: "none" },
        { path: "/index.yaml", kind: "none" },
      ],
    },
  ],
  [
    nuget,
    {
      upstreams: {
        default: "https://api.nuget.example/v3",
        flat: "https://api.nuget.example/v3-flatcontainer",
        registration: "https://api.nuget.example/v3/registration5-gz-semver2",
        registration_gz: "https://api.nuget.example/v3/registration5-gz-semver1",
        registration_plain: "https://api.nuget.example/v3/registration5-semver1",
        catalog: "https://api.nuget.example/v3/catalog0",
        vulnerabilities: "https://api.nuget.example/v3/vulnerabilities",
        search: "https://search-a.example/query",
        autocomplete: "https://search-a.example/autocomplete",
      },
      name: "Acme.Core",
      samples: [
        { path: "/v3/index.json", body: await fixture("nuget/service.json") },
        {
          path: "/v3-flatcontainer/acme.core/index.json",
          body: await fixture("nuget/list.json"),
          odd: [{ before: '"1.1.0-beta.2"', entries: ["null,", "7,", "{},", '"",', '"../x",'] }],
        },
        {
          path: `${HIVE}/acme.core/index.json`,
          body: await fixture("nuget/registration.json"),
          odd: [
            {
              before: '{\n          "@id": "https://api.nuget.example/v3/registration5-gz-semver2/acme.core/1.0.0',
              entries: ODD_LEAVES,
            },
          ],
        },
        {
          path: `${HIVE}/acme.core/index.json`,
          body: await fixture("nuget/registration-paged.json"),
          odd: [
            {
              before: '{\n      "@id": "https://api.nuget.example/v3/registration5-gz-semver2/acme.core/page/1.0.0',
              entries: NO_OBJECTS,
            },
          ],
        },
        // It is named after its bounds.
        {
          path: `${HIVE}/acme.core/page/1.1.0/2.0.0.json`,
          unrelated: ["1.1.0", "2.0.0"],
          body: await fixture("nuget/page.json"),
          odd: [
            {
              before: '{\n      "@id": "https://api.nuget.example/v3/registration5-gz-semver2/acme.core/1.1.0',
              entries: ODD_LEAVES,
            },
          ],
        },
        { path: `${HIVE}/acme.core/1.1.0.json`, body: await fixture("nuget/leaf.json") },
        {
          path: "/v3/catalog0/data/2026.01.03.10.11.12/acme.core.1.1.0.json",
          body: await fixture("nuget/catalog-leaf.json"),
        },
        {
          path: "/v3/catalog0/page0.json",
          body: await fixture("nuget/catalog-page.json"),
          odd: [
            {
              before: '{\n      "@id": "https://api.nuget.example/v3/catalog0/data/2026.01.03',
              entries: [
                ...NO_OBJECTS,
                '{ "@id": "https://api.nuget.example/x", "nuget:id": "A", "nuget:version": "../x" },',
              ],
            },
          ],
        },
        {
          path: "/v3/vulnerabilities/index.json",
          body: JSON.stringify([
            { "@name": "base", "@id": "https://api.nuget.example/v3/vulnerabilities/2026/base.json" },
          ]),
          odd: [{ before: '{"@name"', entries: NO_OBJECTS }],
        },
      ],
      cases: [
        {
          path: "/v3-flatcontainer/Acme.Core/1.0/Acme.Core.1.0.nupkg",
          kind: "artifact",
          release: { name: "acme.core", version: "1.0.0" },
        },
        {
          path: "/v3-flatcontainer/acme.core/1.0.0/acme.core.nuspec",
          kind: "artifact",
          release: { name: "acme.core", version: "1.0.0" },
        },
        { path: "/v3-flatcontainer/acme.core/1.0.0/icon", kind: "passthrough" },
        { path: "/v3-flatcontainer/acme.core/1.0.0/acme.core.1.0.0.nupkg.sha512", kind: "metadata" },
        { path: "/v3/vulnerabilities/2026.01.02/vulnerability.base.json", kind: "metadata" },
        { path: "/query", kind: "passthrough" },
        { path: "/autocomplete", kind: "passthrough" },
        { path: "/api/v2/package", method: "PUT", kind: "deny" },
      ],
    },
  ],
  [
    oci,
    {
      upstreams: { default: "https://registry.example", "other.example:5000": "https://other.example:5000" },
      name: "library/alpine",
      samples: [
        {
          path: "/library/alpine/tags/list",
          body: await fixture("oci/tags.json"),
          odd: [{ before: '"3.21"', entries: ["null,", "7,", '"",', '"a/b",', '".odd",'] }],
        },
        { path: "/library/alpine/manifests/3.20", body: await fixture("oci/index.json"), truncation: "none" },
        {
          path: `/library/alpine/manifests/sha256:${"e".repeat(64)}`,
          body: await fixture("oci/index.json"),
          odd: [{ before: INDEX_ENTRY, entries: ODD_DESCRIPTORS }],
        },
        { path: `/library/alpine/manifests/sha512:${"e".repeat(128)}`, body: await fixture("oci/manifest.json") },
        {
          path: `/upstream/other.example:5000/acme/app/manifests/sha256:${"e".repeat(64)}`,
          body: await fixture("oci/signature.json"),
        },
        {
          path: `/library/alpine/referrers/sha256:${"e".repeat(64)}`,
          body: await fixture("oci/referrers.json"),
          odd: [{ before: INDEX_ENTRY, entries: ODD_DESCRIPTORS }],
        },
      ],
      cases: [
        { path: "/", kind: "answer" },
        { path: "/_catalog", kind: "answer" },
        { path: `/alpine/blobs/sha256:${"a".repeat(64)}`, kind: "artifact" },
        { path: `/upstream/other.example:5000/app/blobs/sha256:${"a".repeat(64)}`, kind: "artifact" },
        {
          path: "/upstream/other.example:5000/acme/app/manifests/1",
          kind: "metadata",
          release: { name: "upstream/other.example:5000/acme/app", version: "1" },
        },
        { path: "/alpine/manifests/3.20", kind: "metadata", release: { name: "library/alpine", version: "3.20" } },
        { path: "/upstream/only/manifests/1", kind: "none" },
        { path: "/alpine/blobs/sha256:abc", kind: "none" },
        { path: "/library/alpine/blobs/uploads/", method: "POST", kind: "deny" },
      ],
    },
  ],
];
