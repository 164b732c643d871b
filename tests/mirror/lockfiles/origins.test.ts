/** Where lockfiles say that packages are from: what chooses the mount that is asked for each. */
import { expect, test } from "bun:test";
import { isItem, type Origin } from "../../../src/contract/lockfile.ts";
import { readLockfile } from "../../../src/mirror/sources/lockfiles.ts";
import { FORMATS } from "../../support/lockfile-readings.ts";

const HEX = "ab".repeat(32);
const toml = (...lines: string[]) => `${lines.join("\n")}\n`;
const json = (value: object) => JSON.stringify(value);
const UI = "https://npm.acme.example/@acme/ui/-/ui-1.0.0.tgz";

const ROWS: [file: string, text: string, origins: Record<string, string>][] = [
  [
    "package-lock.json",
    json({
      lockfileVersion: 3,
      packages: {
        "node_modules/is": { version: "1.0.0", resolved: "https://registry.example/is/-/is-1.0.0.tgz" },
        "node_modules/@acme/ui": { version: "1.0.0", resolved: UI },
        // A scope is of one registry.
        "node_modules/@acme/icons": { version: "2.0.0" },
        "node_modules/bare": { version: "1.0.0" },
        "node_modules/alias": { version: "3.0.3", resolved: "https://registry.example/is.real/-/is.real-3.0.3.tgz" },
      },
    }),
    {
      is: "file https://registry.example/is/-/is-1.0.0.tgz",
      "@acme/ui": `file ${UI}`,
      "@acme/icons": `file ${UI}`,
      bare: "",
      "is.real": "file https://registry.example/is.real/-/is.real-3.0.3.tgz",
    },
  ],
  [
    "package-lock.json",
    json({ lockfileVersion: 1, dependencies: { "@acme/ui": { version: "1.0.0", resolved: UI } } }),
    { "@acme/ui": `file ${UI}` },
  ],
  [
    "yarn.lock",
    `# yarn lockfile v1\n\n\n"@acme/ui@^1.0.0":\n  version "1.0.0"\n  resolved "${UI}#${"ab".repeat(20)}"\n`,
    { "@acme/ui": `file ${UI}` },
  ],
  [
    "yarn.lock",
    `__metadata:\n  version: 8\n\n"@acme/ui@npm:^1.0.0":\n  version: 1.0.0\n  resolution: "@acme/ui@npm:1.0.0::__archiveUrl=${encodeURIComponent(UI)}"\n\n"is@npm:1":\n  version: 1.0.0\n  resolution: "is@npm:1.0.0"\n`,
    { "@acme/ui": `file ${UI}`, is: "" },
  ],
  [
    "bun.lock",
    json({
      lockfileVersion: 1,
      workspaces: { "": {} },
      packages: { "@acme/ui": ["@acme/ui@1.0.0", "https://npm.acme.example/", {}, ""], is: ["is@1.0.0", "", {}, ""] },
    }),
    { "@acme/ui": "file https://npm.acme.example/", is: "" },
  ],
  [
    "pnpm-lock.yaml",
    `lockfileVersion: '9.0'\nimporters:\n  .: {}\npackages:\n  '@acme/ui@1.0.0':\n    resolution: {integrity: sha512-${Buffer.alloc(64, 1).toString("base64")}, tarball: ${UI}}\n`,
    { "@acme/ui": `file ${UI}` },
  ],
  [
    "pnpm-lock.yaml",
    "lockfileVersion: 5.4\npackages:\n  npm.acme.example+4873/@acme/ui/1.0.0:\n    resolution: {}\n  /is/1.0.0:\n    resolution: {}\n",
    { "@acme/ui": "host npm.acme.example:4873", is: "" },
  ],
  [
    "poetry.lock",
    toml(
      '[[package]]\nname = "idna"\nversion = "2.8"\n',
      '[[package]]\nname = "acme"\nversion = "1.0"\n[package.source]\ntype = "legacy"\nurl = "https://pypi.acme.example/simple"\n',
      '[metadata]\nlock-version = "2.0"\ncontent-hash = "d"',
    ),
    { idna: "default", acme: "registry https://pypi.acme.example/simple" },
  ],
  [
    "poetry.lock",
    toml('[[package]]\nname = "idna"\nversion = "2.8"\n', '[metadata]\nlock-version = "2.0"\ncontent-hash = "d"'),
    { idna: "" },
  ],
  [
    "uv.lock",
    toml(
      "version = 1",
      'requires-python = ">=3.8"',
      '[[package]]\nname = "acme"\nversion = "1"\nsource = { registry = "https://pypi.acme.example/simple" }',
    ),
    { acme: "registry https://pypi.acme.example/simple" },
  ],
  [
    "pdm.lock",
    toml(
      '[metadata]\nlock_version = "4.5"',
      `[[package]]\nname = "acme"\nversion = "1"\nfiles = [{ url = "https://pypi.acme.example/acme-1.tar.gz", hash = "sha256:${HEX}" }]`,
    ),
    { acme: "file https://pypi.acme.example/acme-1.tar.gz" },
  ],
  [
    "Pipfile.lock",
    json({
      _meta: {
        "pipfile-spec": 6,
        sources: [
          { name: "main", url: "https://registry.example/simple" },
          { name: "acme", url: "https://pypi.acme.example/simple" },
        ],
      },
      default: { idna: { version: "==2.8" }, acme: { version: "==1", index: "acme" } },
    }),
    { idna: "registry https://registry.example/simple", acme: "registry https://pypi.acme.example/simple" },
  ],
  [
    "pylock.toml",
    toml(
      'lock-version = "1.0"',
      'created-by = "x"',
      '[[packages]]\nname = "acme"\nversion = "1"\nindex = "https://pypi.acme.example/simple"',
      `[[packages]]\nname = "idna"\nversion = "2.8"\nwheels = [{ url = "https://files.example/idna-2.8-py3-none-any.whl", hashes = { sha256 = "${HEX}" } }]`,
    ),
    {
      acme: "registry https://pypi.acme.example/simple",
      idna: "file https://files.example/idna-2.8-py3-none-any.whl",
    },
  ],
  [
    "requirements.txt",
    "acme==1\n--index-url https://pypi.acme.example/simple\nidna==2.8\n",
    { acme: "registry https://pypi.acme.example/simple", idna: "registry https://pypi.acme.example/simple" },
  ],
  // Of several registries in which pip and Bundler 1 look alike.
  [
    "requirements.txt",
    "acme==1\n--extra-index-url https://pypi.acme.example/simple\n",
    { acme: "several default https://pypi.acme.example/simple" },
  ],
  [
    "requirements.txt",
    "-i https://a.example/simple\nacme==1\n--extra-index-url=https://b.example/simple\n",
    { acme: "several https://a.example/simple https://b.example/simple" },
  ],
  [
    "requirements.txt",
    "-i https://a.example/simple\nacme==1\n--extra-index-url=https://a.example/simple\n",
    { acme: "several https://a.example/simple" },
  ],
  [
    "Gemfile.lock",
    "GEM\n  remote: https://gems.example/\n  remote: https://gems.acme.example/\n  specs:\n    acme (1.0)\n\nPLATFORMS\n  ruby\n\nDEPENDENCIES\n  acme\n",
    { acme: "several https://gems.example/ https://gems.acme.example/" },
  ],
  ["requirements.lock", "# generated by rye\n\n-e file:.\nidna==2.8\n    # via requests\n", { idna: "" }],
  ["requirements-dev.lock", "-e file:.\nidna==2.8\n", { idna: "" }],
  [
    "Cargo.lock",
    toml(
      "version = 4",
      '[[package]]\nname = "acme"\nversion = "1.0.0"\nsource = "sparse+https://crates.acme.example/index/"',
      '[[package]]\nname = "itoa"\nversion = "1.0.0"\nsource = "registry+https://git.example/index"',
    ),
    { acme: "registry https://crates.acme.example/index/", itoa: "registry https://git.example/index" },
  ],
  [
    "Gemfile.lock",
    "GEM\n  remote: https://gems.acme.example/private/\n  specs:\n    acme (1.0)\n\nGEM\n  remote: https://gems.example/\n  specs:\n    rake (13.0)\n\nPLATFORMS\n  ruby\n\nDEPENDENCIES\n  acme!\n",
    { acme: "registry https://gems.acme.example/private/", rake: "registry https://gems.example/" },
  ],
];

const placesOf = (from: Exclude<Origin, { kind: "default" }>) => ("address" in from ? [from.address] : from.addresses);

test.each(ROWS)("%s: the registry of each package is told, without a guess", (file, text, origins) => {
  const found = Array.from(readLockfile(file, new TextEncoder().encode(text), FORMATS))
    .filter(isItem)
    .map(({ purl, from }) => [
      purl.name,
      !from || from.kind === "default" ? (from?.kind ?? "") : `${from.kind} ${placesOf(from).join(" ")}`,
    ]);
  expect(Object.fromEntries(found) as Record<string, string>).toEqual(origins);
});
