import { describe, expect, test } from "bun:test";
import { conforms } from "../conformance.ts";
import { mountOf, read } from "../support/plugin.ts";
import { debian } from "./debian.ts";
import { oci } from "./oci.ts";

// Sketches of what comes next: they keep the contract wide enough. What does not fit yet stands in them as HOLE.

const SHA = "ab".repeat(32);
const OTHER = "cd".repeat(32);
const IMAGE = {
  schemaVersion: 2,
  config: { digest: `sha256:${SHA}`, size: 2 },
  layers: [{ digest: `sha256:${OTHER}`, size: 3 }],
};

conforms(oci, {
  upstreams: { default: "https://registry.example/v2", "other.example": "https://other.example/v2" },
  name: "library/alpine",
  samples: [
    { path: "/library/alpine/tags/list", body: JSON.stringify({ name: "library/alpine", tags: ["3.20", "edge"] }) },
    { path: "/library/alpine/manifests/3.20", body: JSON.stringify(IMAGE) },
    {
      path: `/library/alpine/manifests/sha256:${SHA}`,
      body: JSON.stringify({ schemaVersion: 2, manifests: [{ digest: `sha256:${OTHER}`, size: 4 }] }),
    },
  ],
  cases: [
    { path: "/", kind: "answer" },
    { path: `/library/alpine/blobs/sha256:${SHA}`, kind: "artifact" },
    { path: `/other.example/acme/app/blobs/sha256:${SHA}`, kind: "artifact" },
    { path: "/other.example/acme/app/manifests/1", kind: "metadata" },
    { path: `/library/alpine/referrers/sha256:${SHA}`, kind: "metadata" },
    { path: "/library/alpine/blobs/uploads/", method: "POST", kind: "deny" },
  ],
});

conforms(debian, {
  upstreams: { default: "https://debian.example/debian" },
  name: "debian/nginx",
  samples: [
    {
      path: "/dists/bookworm/main/binary-amd64/Packages",
      mediaType: "text/plain",
      truncation: "line",
      body: `Package: nginx
Version: 1:1.18.0-6+deb11u3
Architecture: amd64
Depends: libc6 (>= 2.36), libssl3 | libssl1.1
Description: web server
 with a second line
Filename: pool/main/n/nginx/nginx_1.18.0-6+deb11u3_amd64.deb
Size: 1234
SHA256: ${SHA}
`,
    },
    {
      path: "/dists/bookworm/InRelease",
      mediaType: "text/plain",
      body: `-----BEGIN PGP SIGNED MESSAGE-----
Hash: SHA256

Suite: stable
Date: Sat, 10 Jan 2026 09:30:00 UTC
SHA256:
 ${SHA} 56600000 main/binary-amd64/Packages
 ${OTHER} 9700000 main/binary-amd64/Packages.xz
-----BEGIN PGP SIGNATURE-----
abcd
-----END PGP SIGNATURE-----
`,
    },
  ],
  cases: [
    { path: "/pool/main/n/nginx/nginx_1.18.0-6%2bdeb11u3_amd64.deb", kind: "artifact" },
    { path: `/dists/bookworm/main/binary-amd64/by-hash/SHA256/${SHA}`, kind: "metadata" },
    { path: "/dists/bookworm/main/i18n/Translation-en.xz", kind: "metadata" },
    { path: "/pool/main/n/nginx/", kind: "none" },
  ],
});

describe("what the contract has room for", () => {
  test("a suite leads to its indexes and has a date that only grows; a package states what it depends on", () => {
    const body = `Date: Sat, 10 Jan 2026 09:30:00 UTC\nSHA256:\n ${SHA} 12 main/binary-amd64/Packages\n ${SHA} 13 main/source/Sources\n`;
    const { route, doc } = read(mountOf(debian, {}), { path: "/dists/bookworm/InRelease", body });
    expect(route.parse?.(doc)).toEqual({
      follow: ["/dists/bookworm/main/binary-amd64/Packages"],
      revision: Date.UTC(2026, 0, 10, 9, 30),
    });
  });
});
