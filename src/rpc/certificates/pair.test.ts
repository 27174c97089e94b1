import 'reflect-metadata';
import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import * as x509 from '@peculiar/x509';
import { certificateFault } from './pair.ts';

const pairOf = async (modulusLength: number) => {
  const algorithm = {
    name: 'RSASSA-PKCS1-v1_5',
    hash: 'SHA-256',
    modulusLength,
    publicExponent: new Uint8Array([1, 0, 1]),
  };
  const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: 'CN=shop.example',
    keys,
    signingAlgorithm: algorithm,
  });
  const key = Buffer.from(await crypto.subtle.exportKey('pkcs8', keys.privateKey)).toString('base64');
  return {
    certificate: certificate.toString('pem'),
    key: `-----BEGIN PRIVATE KEY-----\n${key}\n-----END PRIVATE KEY-----`,
  };
};

test('a certificate with its key, in whatever order', async () => {
  const { certificate, key } = await pairOf(2048);
  assert.equal(certificateFault(`${certificate}\n${key}\n`), undefined);
  assert.equal(certificateFault(`${key}\n${certificate}\n${certificate}\n`), undefined);
});

test('what a proxy would refuse, and all routes with it, is refused before', async () => {
  const { certificate, key } = await pairOf(2048);
  const short = await pairOf(1024);
  const other = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  const chain = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----';
  assert.match(certificateFault(key) ?? '', /no certificate/);
  assert.match(certificateFault(certificate) ?? '', /no private key/);
  assert.match(certificateFault(`${certificate}\n${other}`) ?? '', /not that of the first certificate/);
  assert.match(certificateFault(`${chain}\n${key}`) ?? '', /cannot be read/);
  assert.match(certificateFault(`${certificate}\n${chain}\n${key}`) ?? '', /TLS does not take .*asn1/);
  assert.match(certificateFault(`${short.certificate}\n${short.key}`) ?? '', /TLS does not take .*ee key too small/);
});
