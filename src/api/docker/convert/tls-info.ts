import { X509Certificate } from 'node:crypto';
import type { Definitions } from '../../../platform/engine/types.generated.ts';

export type TlsInfo = NonNullable<Definitions['TLSInfo']>;

/** One element of DER (X.690): where its content begins and where it ends. */
const elementAt = (der: Buffer, at: number): { readonly content: number; readonly end: number } => {
  const first = der.readUInt8(at + 1);
  if (first < 0x80) return { content: at + 2, end: at + 2 + first };
  const bytes = first & 0x7f;
  const content = at + 2 + bytes;
  return { content, end: content + der.readUIntBE(at + 2, bytes) };
};

/** The subject of a certificate, as it is encoded: the sixth part of what is signed (RFC 5280, 4.1; version comes first). */
const subjectOf = (der: Buffer): Buffer => {
  const signed = elementAt(der, 0).content;
  let at = elementAt(der, signed).content;
  for (let skipped = 0; skipped < 5; skipped += 1) at = elementAt(der, at).end;
  return der.subarray(at, elementAt(der, at).end);
};

/** What is trusted, and the subject and key of the authority that issues, these two in base64 of DER. */
export const tlsInfoTo = (pem: string, trust = pem): TlsInfo => {
  if (pem === '') return { TrustRoot: pem };
  const certificate = new X509Certificate(pem);
  const key = certificate.publicKey.export({ type: 'spki', format: 'der' });
  return {
    TrustRoot: trust,
    CertIssuerSubject: subjectOf(certificate.raw).toString('base64'),
    CertIssuerPublicKey: key.toString('base64'),
  };
};
