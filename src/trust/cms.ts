/** Signed content by the Cryptographic Message Syntax (RFC 5652), with countersignatures and time stamps (RFC 3161). */
import { X509Certificate } from "node:crypto";
import type { SignedData, SignerInfo } from "pkijs";
import { CODE_SIGNING, nameOf, refuteSigner, type Signer, TIME_STAMPING } from "./certificates.ts";

export interface Cms {
  content: Uint8Array;
  /** The signer, and those who countersigned; the signatures of all hold. */
  signers: (Signer & { stamp?: Signer & { at: number } })[];
}

const COUNTERSIGNATURE = "1.2.840.113549.1.9.6";
const TIME_STAMP = "1.2.840.113549.1.9.16.2.14";
/** With another, a key can be made that fits a signature over something else. */
const EXPONENT = 65_537n;

/** Throws where it is none, or its first signature does not hold. */
export async function readCms(der: Uint8Array): Promise<Cms> {
  const pki = await import("pkijs");
  const signed = new pki.SignedData({ schema: pki.ContentInfo.fromBER(new Uint8Array(der)).content });
  const [primary] = signed.signerInfos;
  const content = signed.encapContentInfo.eContent?.getValue();
  if (!primary || !content) throw new Error("it has no signature, or no content");
  const signer = await signerOf(signed);
  const { publicExponent = EXPONENT } = signer.certificate.publicKey.asymmetricKeyDetails ?? {};
  if (publicExponent !== EXPONENT) throw new Error(`the key of ${nameOf(signer.certificate)} is a weak one`);
  const over = octetsOf(primary);
  const signers = [{ ...signer, ...(await stampOf(primary)) }];
  for (const value of attribute(primary, COUNTERSIGNATURE)) {
    const counter = new pki.SignerInfo({ schema: value });
    const encapContentInfo = new pki.EncapsulatedContentInfo({ eContentType: pki.id_ContentType_Data });
    const { certificates = [] } = signed;
    const around = new pki.SignedData({ version: 1, encapContentInfo, signerInfos: [counter], certificates });
    signers.push({ ...(await signerOf(around, over)), ...(await stampOf(counter)) });
  }
  return { content: new Uint8Array(content), signers };
}

/** What speaks against all who signed; `undefined` where one of them is trusted at the time that a trusted stamp states, or `at`. */
export function refuteCms({ signers }: Cms, keys: readonly X509Certificate[], at: number): string | undefined {
  const reasons = signers.map(({ stamp, ...signer }) => {
    if (!stamp) return refuteSigner(signer, keys, at, CODE_SIGNING);
    const unstamped = refuteSigner(stamp, keys, stamp.at, TIME_STAMPING);
    const reason = refuteSigner(signer, keys, unstamped ? at : stamp.at, CODE_SIGNING);
    return reason && unstamped ? `${reason} (of its time stamp: ${unstamped})` : reason;
  });
  return reasons.includes(undefined) ? undefined : reasons.join("; ");
}

/** Throws where the signature does not hold. */
async function signerOf(signed: SignedData, over?: ArrayBuffer): Promise<Signer> {
  const { signatureVerified, signerCertificate, message } = await signed
    .verify({ signer: 0, checkChain: false, extendedMode: true, ...(over && { data: over }) })
    .catch((error: unknown) => ({
      ...(error as { message: string }),
      signatureVerified: false,
      signerCertificate: null,
    }));
  if (!signatureVerified || !signerCertificate) throw new Error(`a signature in it does not hold ${message}`.trim());
  const pki = await import("pkijs");
  const read = (each: unknown) =>
    each instanceof pki.Certificate ? [new X509Certificate(Buffer.from(each.toSchema(true).toBER()))] : [];
  return { certificate: read(signerCertificate)[0]!, others: (signed.certificates ?? []).flatMap(read) };
}

/** Nothing where there is no time stamp, or none over this signature. */
async function stampOf(info: SignerInfo): Promise<{ stamp?: Signer & { at: number } }> {
  const [token] = attribute(info, TIME_STAMP);
  if (!token) return {};
  const pki = await import("pkijs");
  try {
    const stamp = new pki.SignedData({ schema: new pki.ContentInfo({ schema: token }).content });
    const signer = await signerOf(stamp, octetsOf(info));
    const { genTime } = pki.TSTInfo.fromBER(stamp.encapContentInfo.eContent!.getValue());
    return { stamp: { ...signer, at: genTime.getTime() } };
  } catch {
    return {};
  }
}

function attribute({ unsignedAttrs }: SignerInfo, type: string): unknown[] {
  return (unsignedAttrs?.attributes ?? [])
    .filter((each) => each.type === type)
    .flatMap(({ values }) => values as unknown[]);
}

function octetsOf({ signature }: SignerInfo): ArrayBuffer {
  return new Uint8Array(signature.valueBlock.valueHexView).buffer;
}
