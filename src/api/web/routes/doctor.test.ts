import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TestCluster } from '../../../manager/testing/cluster.ts';
import type { DoctorView } from '../../../model/doctor.ts';
import type { NodeRequests } from '../../../rpc/transport.ts';
import { doctorRoutes } from './doctor.ts';

const report = { at: 0, checks: [], peers: [], untried: 0, tasks: [], findings: [] };

test('a node that is removed while it is examined takes nothing away from what the others say', async () => {
  let before = async (_nodeId: string): Promise<void> => undefined;
  const requests: NodeRequests = {
    request: async (nodeId) => {
      await before(nodeId);
      return {
        status: 200,
        body: (async function* () {
          yield await Promise.resolve(Buffer.from(JSON.stringify(report)));
        })(),
      };
    },
  };
  await using cluster = await TestCluster.start({ nodes: 2, requests });
  const { manager, clock } = cluster;
  before = async (nodeId) => {
    if (nodeId === 'node1') await manager.commands.removeNode(nodeId, true);
  };
  const doctor = doctorRoutes({ manager, clock, version: '0' })[0]?.[2];
  const { signal } = new AbortController();
  const request = { method: 'GET', path: '/doctor', params: {}, headers: {}, query: new URLSearchParams(), signal };
  const reply = await doctor?.({ ...request, body: (async function* () {})() });
  assert.equal(manager.queries.nodeOf('node1'), undefined);
  assert.ok(reply?.kind === 'json');
  assert.deepEqual(
    (reply.body as DoctorView).nodes.map(({ name }) => name),
    ['node1', 'node2'],
  );
});
