import assert from 'node:assert/strict';
import { createPublicKey, X509Certificate } from 'node:crypto';
import { test } from 'node:test';
import { authority } from '../../../../test/support/tls.ts';
import { tlsInfoTo } from './tls-info.ts';

test("the authority's subject and key are those of its certificate", () => {
  const { TrustRoot, CertIssuerSubject = '', CertIssuerPublicKey = '' } = tlsInfoTo(authority.certificate);
  assert.equal(TrustRoot, authority.certificate);
  const subject = Buffer.from(CertIssuerSubject, 'base64');
  assert.equal(subject.readUInt8(0), 0x30);
  assert.match(subject.toString('latin1'), /tutti-ca.*cluster/s);
  const key = createPublicKey({ key: Buffer.from(CertIssuerPublicKey, 'base64'), format: 'der', type: 'spki' });
  assert.ok(new X509Certificate(authority.certificate).verify(key));
  assert.deepEqual(tlsInfoTo(''), { TrustRoot: '' });
});
