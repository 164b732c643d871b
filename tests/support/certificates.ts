/** Certificates, and what is signed by them, as openssl makes both. */
import { createHash, sign } from "node:crypto";
import { join } from "node:path";
import { crc32, gzipSync } from "node:zlib";
import { Attribute, ContentInfo, SignedAndUnsignedAttributes, SignedData } from "pkijs";
import { hash } from "../../src/contract/digest.ts";
import { tar } from "./archives/tar.ts";
import { zip } from "./archives/zip.ts";
import { temporaryFolder } from "./temporary-folder.ts";

/** PEM. */
export interface Certified {
  certificate: string;
  key: string;
}

interface Wish {
  /** Self-signed where there is none. */
  issuer?: Certified;
  isAuthority?: boolean;
  /** As openssl names it. */
  usage?: string;
}

/** Valid for ten days. */
export async function certify(name: string, { issuer, isAuthority = false, usage }: Wish = {}): Promise<Certified> {
  await using folder = await temporaryFolder();
  const at = (file: string) => join(folder.path, file);
  const extensions = [`basicConstraints=critical,CA:${isAuthority ? "TRUE" : "FALSE"}`];
  if (usage) extensions.push(`extendedKeyUsage=${usage}`);
  await Bun.write(at("extensions"), extensions.join("\n"));
  const named = ["-newkey", "rsa:2048", "-nodes", "-keyout", at("key"), "-subj", `/CN=${name}`];
  await openssl(["req", "-new", ...named, "-out", at("request")]);
  if (issuer) {
    await Bun.write(at("issuer"), issuer.certificate);
    await Bun.write(at("issuer.key"), issuer.key);
  }
  const by = issuer ? ["-CA", at("issuer"), "-CAkey", at("issuer.key"), "-CAcreateserial"] : ["-signkey", at("key")];
  const lasting = ["-days", "10", "-extfile", at("extensions")];
  const certificate = await openssl(["x509", "-req", "-in", at("request"), ...by, ...lasting]);
  return { certificate: certificate.toString(), key: await Bun.file(at("key")).text() };
}

/** A zip with NuGet's package signature: over the hash of the archive as it is without. */
export async function signedZip(files: Readonly<Record<string, string>>, by: Certified, countersigned?: Certified) {
  const archive = zip(files);
  const base64 = Buffer.from(hash("sha256", archive), "hex").toString("base64");
  const properties = `Version:1\n\n2.16.840.1.101.3.4.2.1-Hash:${base64}\n\n`;
  const signed = await cms(Buffer.from(properties), by, ["-nodetach"]);
  return withMember(archive, ".signature.p7s", countersigned ? await countersign(signed, countersigned) : signed);
}

/** A gem whose members are signed. `tamper`: what is done to its members after that. */
export function signedGem(by: Certified, tamper = (members: Record<string, Uint8Array>) => members) {
  const chain = by.certificate.trim().replaceAll("\n", "\n  ");
  const members: Record<string, Uint8Array> = {
    "metadata.gz": gzipSync(`--- !ruby/object:Gem::Specification\nname: acme\ncert_chain:\n- |\n  ${chain}\n`),
    "data.tar.gz": gzipSync(tar({ "lib/acme.rb": "module Acme; end\n" })),
    "checksums.yaml.gz": gzipSync("---\nSHA256: {}\n"),
  };
  for (const [name, bytes] of Object.entries(members))
    members[`${name}.sig`] = sign("sha256", createHash("sha256").update(bytes).digest(), by.key);
  return tar(tamper(members));
}

async function cms(content: Uint8Array, { certificate, key }: Certified, flags: readonly string[]): Promise<Buffer> {
  await using folder = await temporaryFolder();
  const at = (file: string) => join(folder.path, file);
  await Promise.all([
    Bun.write(at("certificate"), certificate),
    Bun.write(at("key"), key),
    Bun.write(at("content"), content),
  ]);
  const who = ["-signer", at("certificate"), "-inkey", at("key"), "-md", "sha256"];
  return await openssl(["cms", "-sign", "-binary", "-outform", "DER", "-in", at("content"), ...flags, ...who]);
}

async function countersign(der: Buffer, by: Certified): Promise<Buffer> {
  const read = (bytes: Buffer) => new SignedData({ schema: ContentInfo.fromBER(new Uint8Array(bytes)).content });
  const signed = read(der);
  const [primary] = signed.signerInfos;
  const counter = read(await cms(new Uint8Array(primary!.signature.valueBlock.valueHexView), by, []));
  const type = "1.2.840.113549.1.9.6";
  const attributes = [new Attribute({ type, values: [counter.signerInfos[0]!.toSchema()] })];
  primary!.unsignedAttrs = new SignedAndUnsignedAttributes({ type: 1, attributes });
  signed.certificates = [...(signed.certificates ?? []), ...(counter.certificates ?? [])];
  const content = new ContentInfo({ contentType: ContentInfo.SIGNED_DATA, content: signed.toSchema(true) });
  return Buffer.from(content.toSchema().toBER());
}

/** A zip with one more member, which is not compressed. */
export function withMember(archive: Uint8Array, name: string, bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const zipped = Buffer.from(archive);
  const end = zipped.subarray(zipped.length - 22);
  const [size, offset] = [end.readUInt32LE(12), end.readUInt32LE(16)];
  const shared = Buffer.alloc(26);
  shared.writeUInt16LE(20, 0);
  for (const at of [14, 18]) shared.writeUInt32LE(bytes.length, at);
  shared.writeUInt32LE(crc32(bytes), 10);
  shared.writeUInt16LE(name.length, 22);
  const local = Buffer.concat([Buffer.from("PK\x03\x04"), shared, Buffer.from(name), bytes]);
  const entry = Buffer.concat([Buffer.from("PK\x01\x02\x14\x00"), shared, Buffer.alloc(14), Buffer.from(name)]);
  entry.writeUInt32LE(offset, 42);
  const last = Buffer.from(end);
  for (const at of [8, 10]) last.writeUInt16LE(end.readUInt16LE(at) + 1, at);
  last.writeUInt32LE(size + entry.length, 12);
  last.writeUInt32LE(offset + local.length, 16);
  return Buffer.concat([zipped.subarray(0, offset), local, zipped.subarray(offset, offset + size), entry, last]);
}

async function openssl(args: readonly string[]): Promise<Buffer> {
  const child = Bun.spawn(["openssl", ...args], { stdout: "pipe", stderr: "pipe" });
  const [out, said, code] = await Promise.all([child.stdout.bytes(), child.stderr.text(), child.exited]);
  if (code !== 0) throw new Error(`openssl ${args.join(" ")}: ${said}`);
  return Buffer.from(out);
}
