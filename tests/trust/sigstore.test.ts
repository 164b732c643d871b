import { expect, test } from "bun:test";
import { keyringOf } from "../../src/trust/keyring.ts";
import { refuteSigstore } from "../../src/trust/sigstore.ts";
import { attestationsIn, BUILT, DIGEST, FILE, PROVENANCE, ROOT, rootFile, SIGNER } from "../support/attested.ts";
import { keyFile } from "../support/registry-keys.ts";

const { sigstore } = await keyringOf({ keys: [rootFile], require: [] });
const built = attestationsIn(BUILT.provenance, BUILT.file);
const FORGE = "https://github.com/trailofbits/pypi-attestations";

test.each([
  ["by an account", attestationsIn(PROVENANCE, FILE), DIGEST, []],
  ["by a workflow", built, BUILT.digest, []],
  ["by whom the operator expects, by repository", built, BUILT.digest, ["https://forge.example/other", FORGE]],
  ["by whom the operator expects, by owner", built, BUILT.digest, ["https://github.com/trailofbits/"]],
  ["by whom the operator expects, an account", attestationsIn(PROVENANCE, FILE), DIGEST, [SIGNER]],
  ["the name spelled otherwise", attestationsIn(PROVENANCE, FILE.replace("gcb_", "GCB.")), DIGEST, []],
])("%s", async (_, attestations, digest, signers) => {
  expect(await refuteSigstore(attestations, digest, sigstore, signers)).toBeUndefined();
});

const other = `sha256:${"0".repeat(64)}` as const;
const [first] = built;
const changed = (from: string, to: string) => attestationsIn(BUILT.provenance.replace(from, to), BUILT.file);

test.each([
  ["of another file", built, other, [], /^expected an attestation of sha256:0+, found one of sha256:9bb1/],
  [
    "under another name",
    attestationsIn(BUILT.provenance, "evil-1.0.tar.gz"),
    BUILT.digest,
    [],
    /found one of pypi_att/,
  ],
  ["by a digest that it does not state", built, "sha512:ab", [], /found one of sha512:\(none\)/],
  ["by another than the operator expects", built, BUILT.digest, ["https://github.com/trail"], /found https:\/\/github/],
  ["by another than the registry says", changed("release.yml", "evil.yml"), BUILT.digest, [], /evil\.yml, found https/],
  [
    "whose statement was changed",
    changed('"statement":"eyJf', '"statement":"eyJg'),
    BUILT.digest,
    [],
    /that it does not/,
  ],
  ["that is no bundle", [{ ...first!, bundle: {} }], BUILT.digest, [], /that it does not \(/],
  ["one of two that is wrong", [...built, { ...first!, bundle: {} }], BUILT.digest, [], /that it does not \(/],
])("what is attested %s is refused", async (_, attestations, digest, signers, reason) => {
  expect(await refuteSigstore(attestations, digest as typeof other, sigstore, signers)).toMatch(reason);
});

test("a root of others does not vouch for it, nor one whose authorities were not there yet", async () => {
  const root = JSON.parse(ROOT) as { certificateAuthorities: { validFor: { start: string } }[] };
  const [oldest, ...later] = root.certificateAuthorities;
  const late = later.map((each) => ({ ...each, validFor: { start: "2040-01-01T00:00:00Z" } }));
  for (const authorities of [[oldest], late]) {
    const keys = [keyFile(JSON.stringify({ ...root, certificateAuthorities: authorities }))];
    const keyring = await keyringOf({ keys, require: [] });
    expect(await refuteSigstore(built, BUILT.digest, keyring.sigstore, [])).toMatch(/found one that it does not/);
  }
});

test("a root that names no authorities is refused", () => {
  const empty = JSON.stringify({ certificateAuthorities: [], tlogs: [] });
  return expect(keyringOf({ keys: [keyFile(empty, "root.json")], require: [] })).rejects.toThrow(
    "root.json cannot be used as keys: expected a Sigstore trusted root",
  );
});
