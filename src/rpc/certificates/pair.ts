import { X509Certificate, createPrivateKey } from 'node:crypto';

const block = /-----BEGIN ([A-Z0-9 ]+)-----[\s\S]+?-----END \1-----/g;

/** Why a text is no certificate with its key; undefined where it is one. It never has the key in it. */
export const certificateFault = (pem: string): string | undefined => {
  const blocks = [...pem.matchAll(block)].map(([text, kind]) => ({ text, kind: kind ?? '' }));
  const certificate = blocks.find(({ kind }) => kind === 'CERTIFICATE');
  const key = blocks.find(({ kind }) => kind.endsWith('PRIVATE KEY'));
  if (certificate === undefined) return 'there is no certificate in it (PEM)';
  if (key === undefined) return 'there is no private key in it (PEM, without a password)';
  try {
    if (new X509Certificate(certificate.text).checkPrivateKey(createPrivateKey(key.text))) return undefined;
    return 'the private key is not that of the first certificate';
  } catch {
    return 'the certificate or the key cannot be read';
  }
};
