import { createPrivateKey, createPublicKey, webcrypto } from 'node:crypto';
import { isIP } from 'node:net';
import { TuttiError } from '../../model/errors.ts';
import type { Identity } from '../../rpc/certificates/credentials.ts';
import { clientUnit, serverUnit } from '../../rpc/certificates/credentials.ts';
import { keyAlgorithm, loadX509, signingAlgorithm } from '../../rpc/certificates/x509.ts';
import { backdateMs, serialNumber } from './authority.ts';
import type { Authority } from './authority.ts';

const day = 24 * 60 * 60 * 1000;
export const nodeLifeMs = 90 * day;

/** What a certificate says: who it is for, at which end of TLS, and for how long. */
interface Profile {
  readonly commonName: string;
  readonly unit: string;
  readonly clusterId: string;
  readonly uses: readonly ('server' | 'client')[];
  /** DNS names and IP addresses. */
  readonly names: readonly string[];
  readonly lifeMs: number;
}

const subtleKey = async (pem: string): Promise<webcrypto.CryptoKey> => {
  const bytes = createPrivateKey(pem).export({ type: 'pkcs8', format: 'der' });
  return await webcrypto.subtle.importKey('pkcs8', bytes, keyAlgorithm, false, ['sign']);
};

/** Only P-256: what a peer's TLS must be able to use, and nothing larger to verify. */
const isP256 = (spki: ArrayBuffer): boolean => {
  const key = createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' });
  return key.asymmetricKeyType === 'ec' && key.asymmetricKeyDetails?.namedCurve === 'prime256v1';
};

const issue = async (authority: Authority, request: string, profile: Profile, now: number): Promise<string> => {
  const x509 = await loadX509();
  const publicKey = await (async () => {
    const parsed = new x509.Pkcs10CertificateRequest(request);
    if (!isP256(parsed.publicKey.rawData)) throw new Error('the key is not EC P-256');
    if (!(await parsed.verify())) throw new Error('the signature is not by its own key');
    return parsed.publicKey;
  })().catch((cause: unknown) => {
    throw new TuttiError('invalid-argument', 'the certificate request is not valid', { cause });
  });
  const { serverAuth, clientAuth } = x509.ExtendedKeyUsage;
  const issuer = new x509.X509Certificate(authority.certificate);
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: serialNumber(),
    subject: [{ CN: [profile.commonName] }, { OU: [profile.unit] }, { O: [profile.clusterId] }],
    issuer: issuer.subject,
    notBefore: new Date(now - backdateMs),
    notAfter: new Date(now + profile.lifeMs),
    publicKey,
    signingKey: await subtleKey(authority.key),
    signingAlgorithm,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension(profile.uses.map((use) => (use === 'server' ? serverAuth : clientAuth))),
      new x509.SubjectAlternativeNameExtension(
        profile.names.map((value) => ({ type: isIP(value) === 0 ? 'dns' : 'ip', value })),
      ),
      await x509.AuthorityKeyIdentifierExtension.create(issuer, false),
    ],
  });
  return `${certificate.toString('pem')}\n`;
};

/**
 * A certificate for the holder of the request's key, valid 90 days where nothing else is said, for both ends of TLS. Who it is for comes from
 * `identity` alone. Managers answer to the TLS name `manager`, workers to `worker`. Throws `invalid-argument` when the
 * request cannot be read, has another kind of key, or its holder does not have the key.
 */
export const issueCertificate = async (
  authority: Authority,
  request: string,
  { nodeId, role, clusterId }: Identity,
  now: number,
  lifeMs = nodeLifeMs,
): Promise<string> =>
  await issue(
    authority,
    request,
    {
      commonName: nodeId,
      unit: role,
      clusterId,
      uses: ['server', 'client'],
      names: [role, nodeId],
      lifeMs,
    },
    now,
  );

/** For somebody who uses the API over TCP; no node takes it for one of a node. Throws as above. */
export const issueClientCertificate = async (
  authority: Authority,
  request: string,
  { clientId, clusterId, lifeMs }: { readonly clientId: string; readonly clusterId: string; readonly lifeMs: number },
  now: number,
): Promise<string> =>
  await issue(
    authority,
    request,
    { commonName: clientId, unit: clientUnit, clusterId, uses: ['client'], names: [clientId], lifeMs },
    now,
  );

/** For a manager's API over TCP: `names` are what clients reach it by. Throws as above. */
export const issueServerCertificate = async (
  authority: Authority,
  request: string,
  { clusterId, names }: { readonly clusterId: string; readonly names: readonly string[] },
  now: number,
): Promise<string> =>
  await issue(
    authority,
    request,
    { commonName: names[0] ?? 'localhost', unit: serverUnit, clusterId, uses: ['server'], names, lifeMs: nodeLifeMs },
    now,
  );
