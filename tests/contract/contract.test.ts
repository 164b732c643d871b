import { describe, expect, test } from "bun:test";
import { conforms } from "../conformance.ts";
import { mountOf, read } from "../support/plugin.ts";
import { debian } from "./debian.ts";

// Sketches of what comes next: they keep the contract wide enough. What does not fit yet stands in them as HOLE.

const SHA = "ab".repeat(32);
const OTHER = "cd".repeat(32);

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
