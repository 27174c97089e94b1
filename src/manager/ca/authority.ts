import { createPrivateKey, createPublicKey, KeyObject, randomBytes, webcrypto } from 'node:crypto';
import { TuttiError } from '../../model/errors.ts';
import { keyAlgorithm, loadX509, signingAlgorithm } from '../../rpc/certificates/x509.ts';
import type { Identity } from '../../rpc/certificates/credentials.ts';

const day = 24 * 60 * 60 * 1000;
/** Certificates begin a little in the past, for clocks that are behind. */
const backdateMs = 60 * 60 * 1000;
const rootLifeMs = 20 * 365 * day;
export const nodeLifeMs = 90 * day;

/** The cluster's certificate authority, PEM. The key is secret. */
export interface Authority {
  readonly certificate: string;
  readonly key: string;
}

const serialNumber = (): string => `01${randomBytes(15).toString('hex')}`;

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

const subtleKey = async (pem: string): Promise<webcrypto.CryptoKey> => {
  const bytes = createPrivateKey(pem).export({ type: 'pkcs8', format: 'der' });
  return await webcrypto.subtle.importKey('pkcs8', bytes, keyAlgorithm, false, ['sign']);
};

/** Only P-256: what a peer's TLS must be able to use, and nothing larger to verify. */
const isP256 = (spki: ArrayBuffer): boolean => {
  const key = createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' });
  return key.asymmetricKeyType === 'ec' && key.asymmetricKeyDetails?.namedCurve === 'prime256v1';
};

/**
 * A certificate for the holder of the request's key, valid 90 days, for both ends of TLS. Who it is for comes from
 * `identity` alone. Managers answer to the TLS name `manager`, workers to `worker`. Throws `invalid-argument` when the
 * request cannot be read, has another kind of key, or its holder does not have the key.
 */
export const issueCertificate = async (
  authority: Authority,
  request: string,
  identity: Identity,
  now: number,
): Promise<string> => {
  const x509 = await loadX509();
  const publicKey = await (async () => {
    const parsed = new x509.Pkcs10CertificateRequest(request);
    if (!isP256(parsed.publicKey.rawData)) throw new Error('the key is not EC P-256');
    if (!(await parsed.verify())) throw new Error('the signature is not by its own key');
    return parsed.publicKey;
  })().catch((cause: unknown) => {
    throw new TuttiError('invalid-argument', 'the certificate request is not valid', { cause });
  });
  const issuer = new x509.X509Certificate(authority.certificate);
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: serialNumber(),
    subject: [{ CN: [identity.nodeId] }, { OU: [identity.role] }, { O: [identity.clusterId] }],
    issuer: issuer.subject,
    notBefore: new Date(now - backdateMs),
    notAfter: new Date(now + nodeLifeMs),
    publicKey,
    signingKey: await subtleKey(authority.key),
    signingAlgorithm,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth, x509.ExtendedKeyUsage.clientAuth]),
      new x509.SubjectAlternativeNameExtension([
        { type: 'dns', value: identity.role },
        { type: 'dns', value: identity.nodeId },
      ]),
      await x509.AuthorityKeyIdentifierExtension.create(issuer, false),
    ],
  });
  return `${certificate.toString('pem')}\n`;
};
