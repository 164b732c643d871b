/** X.509 certificates (RFC 5280) that an operator trusts: of signers themselves, or of authorities over them. */
import { X509Certificate } from "node:crypto";
import type { KeyReader } from "./key-reader.ts";

/** A certificate that signed, and those that came with it. */
export interface Signer {
  certificate: X509Certificate;
  others: readonly X509Certificate[];
}

/** What a certificate that an authority vouches for must be for, where it says what it is for (RFC 5280 4.2.1.12). */
export const CODE_SIGNING = "1.3.6.1.5.5.7.3.3";
export const TIME_STAMPING = "1.3.6.1.5.5.7.3.8";

const PEM = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;
/** Certificates in a chain. */
const LONGEST = 8;

/** PEM, or DER. */
export const certificates: KeyReader<X509Certificate> = {
  expected: "X.509 certificates (PEM or DER)",
  isOne: ({ bytes }) =>
    (bytes[0] === 0x30 && bytes[1] === 0x82) || new TextDecoder().decode(bytes).includes("-----BEGIN CERTIFICATE-----"),
  read: async ({ bytes }) =>
    bytes[0] === 0x30 ? [new X509Certificate(bytes)] : certificatesIn(new TextDecoder().decode(bytes)),
};

/** Those that stand in a text, however it is indented. */
export function certificatesIn(text: string): X509Certificate[] {
  return Array.from(text.matchAll(PEM), ([pem]) => new X509Certificate(pem.replace(/^[ \t]+/gm, "")));
}

/** What speaks against a signer at a moment (milliseconds since 1970); `undefined` where it is trusted then. */
export function refuteSigner(
  { certificate, others }: Signer,
  trusted: readonly X509Certificate[],
  at: number,
  usage: string,
): string | undefined {
  const isTrusted = (each: X509Certificate) => trusted.some((key) => key.fingerprint256 === each.fingerprint256);
  let current = certificate;
  for (let length = 1; length <= LONGEST; length++) {
    if (Date.parse(current.validFrom) > at || Date.parse(current.validTo) < at)
      return `${nameOf(current)} is valid from ${current.validFrom} to ${current.validTo}, and not on ${new Date(at).toISOString()}`;
    if (isTrusted(current)) return undefined;
    if (length === 1 && !(certificate.keyUsage ?? [usage]).includes(usage))
      return `${nameOf(certificate)} is not for this use`;
    const issuer = [...trusted, ...others].find((each) => each !== current && issued(each, current));
    if (!issuer) return `nobody who is trusted vouches for ${nameOf(current)}`;
    current = issuer;
  }
  return `the chain of ${nameOf(certificate)} is too long`;
}

function issued(issuer: X509Certificate, certificate: X509Certificate): boolean {
  return issuer.ca && certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);
}

/** `NuGet.org Repository (SHA-256 1234ABCD…)`. */
export function nameOf({ subject, fingerprint256 }: X509Certificate): string {
  const common = /^CN=(.+)$/m.exec(subject)?.[1] ?? subject.replaceAll("\n", ", ");
  return `${common} (SHA-256 ${fingerprint256.replaceAll(":", "").slice(0, 16)}…)`;
}
