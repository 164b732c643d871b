/** Signatures that files carry: NuGet's package signatures, signed gems. */
import { describe, expect, test } from "bun:test";
import type { X509Certificate } from "node:crypto";
import { join } from "node:path";
import { certificatesIn } from "../../src/trust/certificates.ts";
import { readCms } from "../../src/trust/cms.ts";
import { keyringOf } from "../../src/trust/keyring.ts";
import { judgeTar } from "../../src/trust/signed-tar.ts";
import { judgeZip } from "../../src/trust/signed-zip.ts";
import { membersOf } from "../../src/trust/zip-members.ts";
import { zip } from "../support/archives/zip.ts";
import { type Certified, certify, signedGem, signedZip, withMember } from "../support/certificates.ts";
import { keyFile } from "../support/registry-keys.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const NOW = Date.now() + 86_400_000;
const LATE = NOW + 11 * 86_400_000;
const FILES = { "acme.nuspec": "<package/>", "lib/acme.dll": "acme" };

const authority = await certify("Authority", { isAuthority: true });
const [author, server, other, alone] = await Promise.all([
  certify("Author", { issuer: authority, usage: "codeSigning" }),
  certify("Server", { issuer: authority, usage: "serverAuth" }),
  certify("Other"),
  certify("Alone"),
]);
const keys = (...of: Certified[]) => of.flatMap(({ certificate }) => certificatesIn(certificate));
const blob = (bytes: Uint8Array) => new Blob([bytes]);

const packages = {
  author: await signedZip(FILES, author),
  server: await signedZip(FILES, server),
  alone: await signedZip(FILES, alone),
  countersigned: await signedZip(FILES, other, author),
  unsigned: zip(FILES),
};

describe("a zip with a signature inside", () => {
  const text = (bytes: Uint8Array) => Buffer.from(bytes).toString("latin1");
  const bytes = (latin1: string) => Buffer.from(latin1, "latin1");
  const changed = (from: string, to: string) => bytes(text(packages.author).replace(from, to));
  const twice = withMember(packages.author, ".signature.p7s", new Uint8Array(3));

  test.each([
    ["by an authority's subject", packages.author, keys(authority), NOW, undefined],
    ["by the very certificate", packages.alone, keys(other, alone), NOW, undefined],
    ["by who countersigned", packages.countersigned, keys(authority), NOW, undefined],
    ["by another", packages.author, keys(other), NOW, /^nobody who is trusted vouches for Author \(SHA-256 /],
    ["by a certificate for other things", packages.server, keys(authority), NOW, /Server .+ is not for this use/],
    ["by one that has expired", packages.author, keys(authority), LATE, /Author .+ is valid from .+, and not on/],
    ["of other files", changed("acme.nuspec", "evil.nuspec"), keys(authority), NOW, /expected the hash .+, found/],
    [
      "of fewer files",
      withMember(packages.author, "more", new Uint8Array(1)),
      keys(authority),
      NOW,
      /expected the hash/,
    ],
    [
      "of another signature",
      changed("Version:1", "Version:2"),
      keys(authority),
      NOW,
      /does not hold|no hash that is known/,
    ],
    ["twice", twice, keys(authority), NOW, /no \.signature\.p7s that is one/],
    ["that is none", withMember(zip(FILES), ".signature.p7s", new Uint8Array(9)), keys(authority), NOW, /./],
    ["of what is no zip", new Uint8Array(40), keys(authority), NOW, /it is no zip archive/],
  ])("%s", async (_, archive, trusted, at, reason) => {
    const verdict = await judgeZip(blob(archive), trusted, at);
    if (reason) expect(verdict).toEqual({ against: expect.stringMatching(reason) as string });
    else expect(verdict).toBe("signed");
  });

  test("none", async () => expect(await judgeZip(blob(packages.unsigned), keys(authority), NOW)).toBe("unsigned"));
});

test("what a gallery really signed is good as long as its authority and that of its time stamp are trusted", async () => {
  const packed = await Bun.file(`${import.meta.dir}/../fixtures/trust/repository-signed.nupkg.gz`).bytes();
  const file = blob(Bun.gunzipSync(packed));
  const { members } = await membersOf(file);
  const { start, size } = members.find(({ name }) => name === ".signature.p7s")!;
  const [signer] = (await readCms(await file.slice(start, start + size).bytes())).signers;
  const isRoot = (each: X509Certificate) => each.checkIssued(each);
  const roots = [signer!.others, signer!.stamp!.others].map((others) => others.filter(isRoot));
  expect(new Date(signer!.stamp!.at).toISOString()).toBe("2019-11-12T12:07:45.000Z");
  expect(await judgeZip(file, roots.flat(), NOW)).toBe("signed");
  expect(await judgeZip(file, [signer!.certificate, ...roots[1]!], NOW)).toBe("signed");
  expect(await judgeZip(file, roots[0]!, Date.parse("2020-01-01"))).toBe("signed");
  expect(await judgeZip(file, roots[0]!, NOW)).toEqual({
    against: expect.stringMatching(/is valid from .+ \(of its time stamp: nobody who is trusted vouches for/) as string,
  });
});

describe("a tar whose members are signed", () => {
  const without = (name: string) => (members: Record<string, Uint8Array>) =>
    Object.fromEntries(Object.entries(members).filter(([each]) => each !== name));
  const within = (name: string, bytes: string) => (members: Record<string, Uint8Array>) => ({
    ...members,
    [name]: Buffer.from(bytes),
  });

  test.each([
    ["by the very certificate", signedGem(alone), keys(alone), NOW, undefined],
    ["by an authority's subject", signedGem(author), keys(authority), NOW, undefined],
    ["by another", signedGem(alone), keys(other), NOW, /nobody who is trusted vouches for Alone/],
    ["by one that has expired", signedGem(alone), keys(alone), LATE, /Alone .+ is valid from .+, and not on/],
    [
      "with other bytes",
      signedGem(alone, within("data.tar.gz", "evil")),
      keys(alone),
      NOW,
      /of its data\.tar\.gz is not one/,
    ],
    [
      "with a member more",
      signedGem(alone, within("more", "evil")),
      keys(alone),
      NOW,
      /signature of its more, found none/,
    ],
    ["but one", signedGem(alone, without("data.tar.gz.sig")), keys(alone), NOW, /of its data\.tar\.gz, found none/],
    [
      "without a certificate",
      signedGem(alone, without("metadata.gz")),
      keys(alone),
      NOW,
      /the certificate of its signer/,
    ],
    ["in what is no tar", new Uint8Array(Buffer.alloc(600, 1)), keys(alone), NOW, /it is no tar archive/],
  ])("%s", async (_, archive, trusted, at, reason) => {
    const verdict = await judgeTar(blob(archive), trusted, at);
    if (reason) expect(verdict).toEqual({ against: expect.stringMatching(reason) as string });
    else expect(verdict).toBe("signed");
  });

  test("not at all, and two of a name", async () => {
    const unsigned = signedGem(alone, (members) => ({ "data.tar.gz": members["data.tar.gz"]! }));
    expect(await judgeTar(blob(unsigned), keys(alone), NOW)).toBe("unsigned");
    const signed = signedGem(alone);
    const doubled = Buffer.concat([unsigned.subarray(0, -1_024), signed]);
    expect(await judgeTar(blob(doubled), keys(alone), NOW)).toEqual({ against: "it has two members data.tar.gz" });
  });
});

test.skipIf(!Bun.which("gem"))("what gem itself signed", async () => {
  await using folder = await temporaryFolder();
  const write = (name: string, text: string) => Bun.write(join(folder.path, name), text);
  await Promise.all([write("cert.pem", alone.certificate), write("key.pem", alone.key), write("acme.rb", "")]);
  const fields = `s.name = "acme"; s.version = "1"; s.summary = "x"; s.authors = ["x"]; s.files = ["acme.rb"]`;
  const signed = `s.cert_chain = ["cert.pem"]; s.signing_key = "key.pem"`;
  await write("acme.gemspec", `Gem::Specification.new { |s| ${fields}; ${signed} }`);
  const built = Bun.spawn(["gem", "build", "--quiet", "acme.gemspec"], {
    cwd: folder.path,
    stdout: "ignore",
    stderr: "ignore",
  });
  expect(await built.exited).toBe(0);
  const gem = Bun.file(join(folder.path, "acme-1.gem"));
  expect(await judgeTar(gem, keys(alone), NOW)).toBe("signed");
  expect(await judgeTar(gem, keys(other), NOW)).toEqual({
    against: expect.stringContaining("vouches for Alone") as string,
  });
});

test("certificates are read as PEM and as DER, and what is none is refused", async () => {
  const [certificate] = keys(alone);
  const read = async (bytes: string | Uint8Array) =>
    (await keyringOf({ keys: [keyFile(bytes, "mine.pem")], require: [] })).x509.map(({ subject }) => subject);
  expect(await read(alone.certificate)).toEqual(["CN=Alone"]);
  expect(await read(certificate!.raw)).toEqual(["CN=Alone"]);
  const broken = alone.certificate.replace("MII", "AAA");
  expect(read(broken)).rejects.toThrow("mine.pem cannot be used as keys: expected X.509 certificates");
});
