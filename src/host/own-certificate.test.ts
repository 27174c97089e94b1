import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { test } from 'node:test';
import { createAuthority } from '../manager/ca/authority.ts';
import { issueCertificate, nodeLifeMs } from '../manager/ca/issue.ts';
import { TestCluster } from '../manager/testing/cluster.ts';
import { nodeId } from '../model/ids.ts';
import { silentLog } from '../platform/log.ts';
import { identityOfPem } from '../rpc/certificates/credentials.ts';
import { createRequest } from '../rpc/certificates/request.ts';
import { nextOwnCredentials } from './own-certificate.ts';

test("a manager that was off for longer than its certificate lasts gives itself the next one, of its cluster's authority", async () => {
  await using cluster = await TestCluster.start({ nodes: 1 });
  const { store } = cluster;
  const start = cluster.clock.now();
  const authority = await createAuthority('cluster', start);
  await store.update((transaction) => {
    for (const row of transaction.list('cluster')) {
      transaction.update('cluster', { ...row, caCertificate: authority.certificate, caKey: authority.key });
    }
  });
  const id = nodeId.parse('node1');
  const { key, request } = await createRequest();
  const identity = { nodeId: id, role: 'manager', clusterId: 'cluster' } as const;
  const certificate = await issueCertificate(authority, request, identity, start);
  const current = { key, certificate, authority: authority.certificate };
  const at = (now: number) => ({ store, clock: { now: () => now }, log: silentLog });

  assert.equal(await nextOwnCredentials(at(start + nodeLifeMs / 2), id, current), undefined);
  const late = start + 2 * nodeLifeMs;
  const next = await nextOwnCredentials(at(late), id, current);
  assert.ok(next);
  const issued = new X509Certificate(next.certificate);
  assert.ok(issued.validFromDate.getTime() <= late && issued.validToDate.getTime() > late);
  assert.ok(issued.verify(new X509Certificate(authority.certificate).publicKey));
  assert.equal(identityOfPem(next.certificate).nodeId, id);
  assert.notEqual(next.key, key);
  assert.equal(await nextOwnCredentials(at(late), nodeId.parse('stranger'), current), undefined);
});
