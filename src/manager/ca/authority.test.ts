import assert from 'node:assert/strict';
import { generateKeyPairSync, X509Certificate } from 'node:crypto';
import { test } from 'node:test';
import { nodeId } from '../../model/ids.ts';
import { identityOfPem, renewalTime } from '../../rpc/certificates/credentials.ts';
import { createRequest } from '../../rpc/certificates/request.ts';
import { loadX509 } from '../../rpc/certificates/x509.ts';
import { createAuthority } from './authority.ts';
import { issueCertificate, nodeLifeMs } from './issue.ts';

const now = Date.UTC(2026, 5, 1);
const identity = { nodeId: nodeId.parse('node-a'), role: 'worker', clusterId: 'cluster' } as const;
const authority = await createAuthority('cluster', now);
const root = new X509Certificate(authority.certificate);

test('the authority signs itself and may sign nodes only', () => {
  assert.equal(root.ca, true);
  assert.equal(root.verify(root.publicKey), true);
});

test('a certificate names the node, its role and its cluster, and lasts ninety days', async () => {
  const { request } = await createRequest();
  const pem = await issueCertificate(authority, request, identity, now);
  const certificate = new X509Certificate(pem);
  assert.equal(certificate.verify(root.publicKey), true);
  assert.equal(certificate.checkIssued(root), true);
  assert.equal(certificate.ca, false);
  assert.deepEqual(identityOfPem(pem), identity);
  assert.equal(certificate.subjectAltName, 'DNS:worker, DNS:node-a');
  assert.equal(certificate.validToDate.getTime(), now + nodeLifeMs);
  assert.ok(certificate.validFromDate.getTime() < now);
  const renewal = renewalTime(pem);
  assert.ok(renewal > now + 0.6 * nodeLifeMs && renewal < now + 0.7 * nodeLifeMs);
});

test('what the request says of its holder counts for nothing', async () => {
  const { Pkcs10CertificateRequestGenerator } = await loadX509();
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
  const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const request = await Pkcs10CertificateRequestGenerator.create({
    name: 'CN=manager-1, OU=manager, O=other',
    keys,
    signingAlgorithm: algorithm,
  });
  const pem = await issueCertificate(authority, request.toString('pem'), identity, now);
  assert.deepEqual(identityOfPem(pem), identity);
});

test('garbage, a key of another kind and a foreign signature are refused', async () => {
  const { request } = await createRequest();
  const der = Buffer.from(request.replaceAll(/-----[^-]+-----|\s/g, ''), 'base64');
  der[der.length - 1] = (der.at(-1) ?? 0) ^ 1;
  const broken = `-----BEGIN CERTIFICATE REQUEST-----\n${der.toString('base64')}\n-----END CERTIFICATE REQUEST-----\n`;
  const { Pkcs10CertificateRequestGenerator } = await loadX509();
  const rsa = {
    name: 'RSASSA-PKCS1-v1_5',
    hash: 'SHA-256',
    modulusLength: 2048,
    publicExponent: new Uint8Array([1, 0, 1]),
  };
  const keys = await crypto.subtle.generateKey(rsa, true, ['sign', 'verify']);
  const large = await Pkcs10CertificateRequestGenerator.create({ keys, signingAlgorithm: rsa });
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const noRequest = String(publicKey.export({ type: 'spki', format: 'pem' }));
  for (const text of ['', 'garbage', broken, large.toString('pem'), noRequest]) {
    await assert.rejects(issueCertificate(authority, text, identity, now), { code: 'invalid-argument' });
  }
});
