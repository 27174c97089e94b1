import { KeyObject, randomBytes, webcrypto } from 'node:crypto';
import { keyAlgorithm, loadX509, signingAlgorithm } from '../../rpc/certificates/x509.ts';

const day = 24 * 60 * 60 * 1000;
/** Certificates begin a little in the past, for clocks that are behind. */
export const backdateMs = 60 * 60 * 1000;
const rootLifeMs = 20 * 365 * day;

/** The cluster's certificate authority, PEM. The key is secret. */
export interface Authority {
  readonly certificate: string;
  readonly key: string;
}

export const serialNumber = (): string => `01${randomBytes(15).toString('hex')}`;

/** A new authority, self-signed, EC P-256, 20 years. `now` is in milliseconds since the epoch. */
export const createAuthority = async (clusterId: string, now: number): Promise<Authority> => {
  const x509 = await loadX509();
  const keys = await webcrypto.subtle.generateKey(keyAlgorithm, true, ['sign', 'verify']);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serialNumber(),
    name: [{ CN: ['tutti-ca'] }, { O: [clusterId] }],
    notBefore: new Date(now - backdateMs),
    notAfter: new Date(now + rootLifeMs),
    keys,
    signingAlgorithm,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  const key = KeyObject.from(keys.privateKey).export({ type: 'pkcs8', format: 'pem' });
  return { certificate: `${certificate.toString('pem')}\n`, key: String(key) };
};
