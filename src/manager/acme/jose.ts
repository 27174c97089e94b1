import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, sign } from 'node:crypto';

/** The parts of JOSE that ACME needs (RFC 7515, 7517, 7638), with ES256. */

export const base64url = (data: string | Buffer): string => Buffer.from(data).toString('base64url');

/** A new account key, PEM (PKCS #8). Secret. */
export const newAccountKey = (): string =>
  generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();

/** Members in the order in which a thumbprint has them. */
const publicJwk = (key: string): Readonly<Record<'crv' | 'kty' | 'x' | 'y', string>> => {
  const { crv = '', kty = '', x = '', y = '' } = createPublicKey(createPrivateKey(key)).export({ format: 'jwk' });
  return { crv, kty, x, y };
};

/** What a challenge's answer has after its token (RFC 8555, 8.1). */
export const thumbprint = (key: string): string =>
  createHash('sha256')
    .update(JSON.stringify(publicJwk(key)))
    .digest('base64url');

export interface Signed {
  readonly url: string;
  readonly nonce: string;
  /** Of the account; absent: it is told with the key itself. */
  readonly kid?: string | undefined;
  /** Undefined for a question without a body (POST-as-GET). */
  readonly payload: unknown;
}

/** The body of a request (RFC 8555, 6.2). */
export const signedBody = (key: string, { url, nonce, kid, payload }: Signed): string => {
  const header = { alg: 'ES256', ...(kid === undefined ? { jwk: publicJwk(key) } : { kid }), nonce, url };
  const text = `${base64url(JSON.stringify(header))}.${payload === undefined ? '' : base64url(JSON.stringify(payload))}`;
  const signature = sign('sha256', Buffer.from(text), { key: createPrivateKey(key), dsaEncoding: 'ieee-p1363' });
  const [protectedHeader = '', body = ''] = text.split('.');
  return JSON.stringify({ protected: protectedHeader, payload: body, signature: base64url(signature) });
};
