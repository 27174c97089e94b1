import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SingleContainerSpec } from '../../model/single-container.ts';
import type { KnownContainer } from '../manager.ts';
import { successionOf } from './successor.ts';

const signal = new AbortController().signal;
const spec = (labels: unknown): SingleContainerSpec =>
  ({ hostPorts: ['tcp/80', 'udp/53'], request: { Labels: labels } }) as unknown as SingleContainerSpec;
const known = (more: Partial<KnownContainer> = {}): KnownContainer =>
  ({
    nodeId: 'node1',
    reachable: true,
    summary: { Ports: [{ PublicPort: 80, Type: 'tcp' }] },
    ...more,
  }) as unknown as KnownContainer;
const inventory = (found?: KnownContainer) => ({
  find: async (): Promise<KnownContainer> => await (found ?? Promise.reject(new Error('no such container'))),
});

test('a successor goes beside its predecessor, whose ports are no obstacle', async () => {
  const succession = await successionOf(spec({ 'com.docker.compose.replace': 'old' }), [], inventory(known()), signal);
  assert.deepEqual(succession?.spec.hostPorts, ['udp/53']);
  assert.deepEqual(
    succession.near.map(({ nodeIds }) => [...nodeIds]),
    [['node1']],
  );
});

test('no successor: no label, nobody of that name, a node that is lost', async () => {
  for (const [labels, found] of [
    [null, known()],
    [{}, known()],
    [{ 'com.docker.compose.replace': 'old' }, undefined],
    [{ 'com.docker.compose.replace': 'old' }, known({ reachable: false })],
  ] as const) {
    assert.equal(await successionOf(spec(labels), [], inventory(found), signal), undefined);
  }
});
