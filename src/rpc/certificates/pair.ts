import { X509Certificate, createPrivateKey } from 'node:crypto';
import { createSecureContext } from 'node:tls';

const block = /-----BEGIN ([A-Z0-9 ]+)-----[\s\S]+?-----END \1-----/g;

/** Why a text is no certificate with its key; undefined where it is one. It never has the key in it. */
export const certificateFault = (pem: string): string | undefined => {
  const blocks = [...pem.matchAll(block)].map(([text, kind]) => ({ text, kind: kind ?? '' }));
  const certificate = blocks.find(({ kind }) => kind === 'CERTIFICATE');
  const key = blocks.find(({ kind }) => kind.endsWith('PRIVATE KEY'));
  if (certificate === undefined) return 'there is no certificate in it (PEM)';
  if (key === undefined) return 'there is no private key in it (PEM, without a password)';
  try {
    if (!new X509Certificate(certificate.text).checkPrivateKey(createPrivateKey(key.text))) {
      return 'the private key is not that of the first certificate';
    }
  } catch {
    return 'the certificate or the key cannot be read';
  }
  return refusal(blocks.flatMap(({ text, kind }) => (kind === 'CERTIFICATE' ? text : [])).join('\n'), key.text);
};

/** Why TLS does not take them: a key that is too short, a chain that cannot be read. OpenSSL decides here as in a proxy. */
const refusal = (cert: string, key: string): string | undefined => {
  try {
    createSecureContext({ cert, key });
    return undefined;
  } catch (thrown) {
    const { code = '' } = thrown as NodeJS.ErrnoException;
    const why = code
      .replace(/^ERR_(OSSL|SSL)_/, '')
      .replaceAll('_', ' ')
      .toLowerCase();
    return `TLS does not take the certificate and its chain${why === '' ? '' : `: ${why}`}`;
  }
};
