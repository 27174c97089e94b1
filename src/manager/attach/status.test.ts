import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { NodeId } from '../../model/ids.ts';
import { plainContainerSpec } from '../../model/single-container.ts';
import type { SingleContainer } from '../../model/single-container.ts';
import { silentLog } from '../../platform/log.ts';
import { emptyInventory } from '../engines/empty.ts';
import type { EngineEvent, KnownContainer } from '../manager.ts';
import { TestCluster } from '../testing/cluster.ts';
import { noteSeen } from './running.ts';
import { startContainerStatus } from './status.ts';

const row: SingleContainer = {
  id: 'row',
  version: 0,
  createdAt: 0,
  updatedAt: 0,
  nodeId: 'node1' as NodeId,
  engineId: 'engine1',
  spec: plainContainerSpec('web', 'app'),
};

const start = async () => {
  const cluster = await TestCluster.start({ nodes: 2 });
  await cluster.store.update((transaction) => transaction.create('container', row));
  let say: (event: EngineEvent) => void = () => undefined;
  const known: { listed: boolean; state: 'running' | 'exited' | undefined } = { listed: false, state: undefined };
  const container = (): KnownContainer => ({
    id: 'engine1',
    name: 'web',
    nodeId: 'node1',
    nodeName: 'node1',
    reachable: true,
    summary: { State: known.state ?? 'exited' },
  });
  const inventory = {
    ...emptyInventory,
    listed: () => known.listed,
    of: () => (known.state === undefined ? [] : [container()]),
    events: async function* (signal: AbortSignal) {
      while (!signal.aborted) {
        yield await new Promise<EngineEvent>((resolve, reject) => {
          say = resolve;
          signal.addEventListener('abort', () => reject(new Error('over')), { once: true });
        });
      }
    },
  };
  const { store, clock } = cluster;
  const loop = startContainerStatus({ store, inventory, clock, log: silentLog });
  await cluster.settle();
  return {
    cluster,
    known,
    tell: async (action: string, nodeId = 'node1') => {
      say({ nodeId, nodeName: nodeId, event: { Type: 'container', Action: action, Actor: { ID: 'engine1' } } });
      await cluster.settle();
    },
    container,
    running: () => store.view.get('containerStatus', 'row')?.running,
    [Symbol.asyncDispose]: async () => {
      loop[Symbol.dispose]();
      await cluster[Symbol.asyncDispose]();
    },
  };
};

test("a container runs from its engine's word of its start to that of its end, on its own node", async () => {
  await using lab = await start();
  assert.equal(lab.running(), undefined);
  await lab.tell('start');
  assert.equal(lab.running(), true);
  await lab.tell('die', 'node2');
  assert.equal(lab.running(), true);
  await lab.tell('die');
  assert.equal(lab.running(), false);
});

test('what the events missed is found by comparing, once the engine was listed', async () => {
  await using lab = await start();
  lab.known.state = 'exited';
  lab.cluster.clock.advance(1000);
  assert.equal(lab.running(), undefined);
  lab.known.listed = true;
  lab.cluster.clock.advance(1000);
  assert.equal(lab.running(), false);
  lab.known.state = 'running';
  lab.cluster.clock.advance(1000);
  assert.equal(lab.running(), true);
});

test('an event is newer than a list that was read before it', async () => {
  await using lab = await start();
  lab.known.listed = true;
  lab.known.state = 'exited';
  await lab.tell('start');
  lab.cluster.clock.advance(600);
  assert.equal(lab.running(), true);
});

test('of a container that is gone nothing is kept', async () => {
  await using lab = await start();
  await lab.tell('start');
  await lab.cluster.store.update((transaction) => transaction.delete('container', 'row'));
  await lab.cluster.settle();
  assert.equal(lab.running(), undefined);
});

test('an end by a signal that nobody asked the cluster for has its time, until somebody changes the container', async () => {
  await using status = await start();
  const { store, clock } = status.cluster;
  const endedAt = (): number | undefined => store.view.get('containerStatus', 'row')?.endedAt;
  await status.tell('start');
  await status.tell('die');
  assert.deepEqual([status.running(), endedAt()], [false, undefined], 'by itself');
  await status.tell('start');
  await status.tell('kill');
  await status.tell('die');
  assert.deepEqual([status.running(), endedAt()], [false, clock.now()]);
  noteSeen({ store, inventory: { ...emptyInventory, peek: () => status.container() }, clock }, 'engine1');
  assert.deepEqual([status.running(), endedAt()], [false, undefined]);
});
