import assert from 'node:assert/strict';
import { test } from 'node:test';
import { aPlaceNode } from './fixtures.ts';
import type { PlaceWish } from './fixtures.ts';
import { placeVolume } from './volume.ts';
import type { VolumeNode } from './volume.ts';

const aVolumeNode = (id: string, volumes: number, wish: PlaceWish = {}, driver?: string): VolumeNode => {
  const { node, status } = aPlaceNode(id, wish);
  const { description } = node;
  const plugins = driver === undefined ? [] : [{ type: 'Volume', name: driver }];
  if (description === undefined) return { node, status, volumes };
  return {
    node: { ...node, description: { ...description, engine: { ...description.engine, plugins } } },
    status,
    volumes,
  };
};

const nodes = [
  aVolumeNode('n1', 2, { labels: { storage: 'ssd' } }, 'nfs:latest'),
  aVolumeNode('n2', 1, { labels: { storage: 'ssd' } }),
  aVolumeNode('n3', 0, { labels: { storage: 'ssd' }, availability: 'pause' }),
  aVolumeNode('n4', 0),
];

const where = (driver: string, ...constraints: readonly string[]): string => {
  const labels = { 'com.docker.swarm.constraints': JSON.stringify(constraints) };
  const decision = placeVolume(nodes, { name: 'data', driver, labels });
  switch (decision.kind) {
    case 'later':
      return 'later';
    case 'placed':
      return decision.node.id;
    case 'refused':
      return decision.message;
    case 'invalid':
      return decision.reason;
  }
};

test('a local volume that asks for no node waits for its first container', () => {
  assert.equal(where('local'), 'later');
});

test('constraints and the driver choose the node, then the number of volumes', () => {
  assert.equal(where('local', 'storage==ssd'), 'n2');
  assert.equal(where('local', 'storage!=ssd'), 'n4');
  assert.equal(where('local', 'storage==~tape'), 'n4');
  assert.equal(where('nfs'), 'n1');
  assert.equal(where('nfs', 'storage!=ssd'), 'n4');
});

test('what fits nowhere, or cannot be read, is refused with the reason', () => {
  assert.match(where('local', 'storage==tape'), /^create data: Unable to find a node .* \[storage==tape\]$/);
  assert.match(where('local', 'storage'), /One of operator ==, != is expected/);
});
