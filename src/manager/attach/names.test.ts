import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TestCluster } from '../testing/cluster.ts';

test('a network that was removed is still called what it was, for a while', async () => {
  await using cluster = await TestCluster.start({ nodes: 1 });
  const { commands, networks } = cluster.manager;
  const { id } = await commands.createNetwork({ name: 'app', driver: 'overlay' });
  assert.equal(networks.nameOf(id), 'app');
  await commands.removeNetwork(id);
  assert.equal(networks.nameOf(id), 'app');
  assert.equal(networks.nameOf('nosuch'), undefined);
  for (let at = 0; at < 1_000; at += 1) {
    const made = await commands.createNetwork({ name: 'other', driver: 'overlay' });
    await commands.removeNetwork(made.id);
  }
  assert.equal(networks.nameOf(id), undefined);
});
