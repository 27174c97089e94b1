import { KeyObject, webcrypto } from 'node:crypto';
import { keyAlgorithm, loadX509, signingAlgorithm } from './x509.ts';

/** A new key and a request for a certificate for it, both PEM. The key is secret. */
export interface CertificateRequest {
  readonly key: string;
  readonly request: string;
}

/** The name in the request is left empty: the authority decides who the holder is. */
export const createRequest = async (): Promise<CertificateRequest> => {
  const { Pkcs10CertificateRequestGenerator } = await loadX509();
  const keys = await webcrypto.subtle.generateKey(keyAlgorithm, true, ['sign', 'verify']);
  const request = await Pkcs10CertificateRequestGenerator.create({ keys, signingAlgorithm });
  const key = KeyObject.from(keys.privateKey).export({ type: 'pkcs8', format: 'pem' });
  return { key: String(key), request: request.toString('pem') };
};

/** A new key, PEM (secret), and the DER of a request for a certificate for a host's name. */
export const createHostRequest = async (host: string): Promise<{ readonly key: string; readonly request: Buffer }> => {
  const { Pkcs10CertificateRequestGenerator, SubjectAlternativeNameExtension } = await loadX509();
  const keys = await webcrypto.subtle.generateKey(keyAlgorithm, true, ['sign', 'verify']);
  const extensions = [new SubjectAlternativeNameExtension([{ type: 'dns', value: host }])];
  const request = await Pkcs10CertificateRequestGenerator.create({ keys, signingAlgorithm, extensions });
  const key = KeyObject.from(keys.privateKey).export({ type: 'pkcs8', format: 'pem' });
  return { key: String(key), request: Buffer.from(request.rawData) };
};
