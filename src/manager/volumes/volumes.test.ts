import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TuttiError } from '../../model/errors.ts';
import type { NodeId } from '../../model/ids.ts';
import { silentLog } from '../../platform/log.ts';
import { parseEnginePath } from '../../rpc/engine.ts';
import type { NodeRequests, NodeResponse } from '../../rpc/transport.ts';
import { aContainerSpec } from '../containers/testing/cluster.ts';
import { createBroadcast } from '../engines/broadcast.ts';
import type { EngineEvent } from '../manager.ts';
import { TestCluster } from '../testing/cluster.ts';
import { followVolumes } from './follow.ts';

const told = (nodeId: string, Action: 'create' | 'destroy', ID: string): EngineEvent => ({
  nodeId,
  nodeName: nodeId,
  event: { Type: 'volume', Action, Actor: { ID, Attributes: { driver: 'local' } }, time: 1, timeNano: 1e9 },
});

test('what engines make keeps a promise, what they remove is forgotten', async () => {
  await using cluster = await TestCluster.start({ nodes: 2 });
  const { volumes, engines, queries } = cluster.manager;
  const { publish, read } = createBroadcast<EngineEvent>(100);
  using _following = followVolumes(
    { inventory: { events: read }, log: silentLog, clock: cluster.clock, store: cluster.store, engines, queries },
    volumes,
  );
  const rows = () => volumes.rows().map(({ spec, nodeId }) => `${spec.name} ${nodeId ?? '-'}`);
  await volumes.record({ name: 'data', driver: 'local' });
  publish(told('node1', 'create', 'other'));
  publish(told('node2', 'create', 'data'));
  await cluster.settle();
  assert.deepEqual(rows(), ['data node2']);
  publish(told('node1', 'create', 'data'));
  publish(told('node1', 'destroy', 'data'));
  await cluster.settle();
  assert.deepEqual(rows(), ['data node2']);
  publish(told('node2', 'destroy', 'data'));
  await cluster.settle();
  assert.deepEqual(rows(), []);
});

interface Lab extends AsyncDisposable {
  readonly cluster: TestCluster;
  /** Volumes that the engines have: `node1 data`. */
  readonly there: Set<string>;
  /** Before the next requests that make a volume are done, each in its turn. */
  readonly next: (() => void | Promise<void>)[];
  /** Nodes that were asked for all their volumes. */
  readonly listed: string[];
}

const startLab = async (): Promise<Lab> => {
  const there = new Set<string>();
  const next: Lab['next'] = [];
  const listed: string[] = [];
  const request: NodeRequests['request'] = async (nodeId, { method, path, body }) => {
    const { pathname } = new URL(parseEnginePath(path) ?? '', 'http://engine');
    if (pathname === '/volumes/create') {
      await next.shift()?.();
      const chunks: Uint8Array[] = [];
      for await (const chunk of body ?? []) chunks.push(chunk);
      const { Name } = JSON.parse(Buffer.concat(chunks).toString()) as { readonly Name: string };
      there.add(`${nodeId} ${Name}`);
      return json(201, { Name });
    }
    const own = [...there].flatMap((one) => (one.startsWith(`${nodeId} `) ? [{ Name: one.split(' ')[1] }] : []));
    if (pathname === '/volumes') {
      listed.push(nodeId);
      return json(200, { Volumes: own });
    }
    const name = pathname.split('/')[2];
    if (method === 'GET' && own.some(({ Name }) => Name === name)) return json(200, { Name: name });
    return json(404, { message: `get ${name}: no such volume` });
  };
  const cluster = await TestCluster.start({ nodes: 3, requests: { request } });
  return { cluster, there, next, listed, [Symbol.asyncDispose]: async () => await cluster[Symbol.asyncDispose]() };
};

const json = (status: number, value: unknown): NodeResponse => ({
  status,
  body: (async function* () {
    yield await Promise.resolve(Buffer.from(JSON.stringify(value)));
  })(),
});

const signal = new AbortController().signal;
const rowsOf = ({ cluster }: Lab) =>
  cluster.manager.volumes.rows().map(({ spec, nodeId }) => `${spec.name} ${nodeId ?? '-'}`);
const lost = (): never => {
  throw new TuttiError('unavailable', 'the connection was lost');
};
const mount = async ({ cluster }: Lab, id: string, name: string, engineId?: string): Promise<void> => {
  const spec = aContainerSpec(id, { volumes: [{ name }] });
  const stored = { version: 0, createdAt: 0, updatedAt: 0 };
  const row = { ...stored, id, spec, nodeId: 'node1' as NodeId, ...(engineId !== undefined && { engineId }) };
  await cluster.store.update((transaction) => transaction.create('container', row));
};

test('a claim is taken back where the engine has no such volume, and stays where it may have or others rely on it', async () => {
  await using lab = await startLab();
  const { volumes } = lab.cluster.manager;
  const prepare = async (): Promise<void> => await volumes.prepare('node1', [{ name: 'data' }], signal);
  await volumes.record({ name: 'data', driver: 'local', labels: { a: 'b' } });
  await mount(lab, 'a', 'data');
  lab.next.push(lost);
  await assert.rejects(prepare(), /was lost/);
  assert.deepEqual(rowsOf(lab), ['data -']);
  // It was made, and nobody heard of it.
  lab.next.push(() => {
    lab.there.add('node1 data');
    lost();
  });
  await assert.rejects(prepare(), /was lost/);
  assert.deepEqual(rowsOf(lab), ['data node1']);
  // Another container came to it meanwhile.
  lab.there.clear();
  await volumes.forget('data', 'node1');
  await volumes.record({ name: 'data', driver: 'local', labels: { a: 'b' } });
  lab.next.push(async () => {
    await mount(lab, 'b', 'data', 'e1');
    lost();
  });
  await assert.rejects(prepare(), /was lost/);
  assert.deepEqual(rowsOf(lab), ['data node1']);
});

test('one that is promised and that an engine has all the same is there', async () => {
  await using lab = await startLab();
  const { volumes } = lab.cluster.manager;
  await volumes.record({ name: 'data', driver: 'local' });
  lab.there.add('node3 data');
  assert.deepEqual([...(await volumes.places(['data'], signal))], [['data', ['node3']]]);
});

test('what was missed of the engines is found by comparing; what is mounted or young stays', async () => {
  await using lab = await startLab();
  const { cluster } = lab;
  const { volumes } = cluster.manager;
  await volumes.record({ name: 'removed', driver: 'local' }, 'node1');
  await volumes.record({ name: 'wanted', driver: 'local' }, 'node1');
  await volumes.record({ name: 'made', driver: 'local' });
  await mount(lab, 'a', 'wanted');
  lab.there.add('node2 made');
  cluster.clock.advance(2_000);
  await cluster.settle();
  assert.deepEqual(rowsOf(lab).toSorted(), ['made node2', 'removed node1', 'wanted node1']);
  await volumes.absent('removed', 'node1');
  assert.equal(rowsOf(lab).length, 3);
  for (let minute = 0; minute < 2; minute += 1) {
    cluster.clock.advance(60_000);
    await cluster.settle();
  }
  assert.deepEqual(rowsOf(lab).toSorted(), ['made node2', 'wanted node1']);
});

test('a node that comes back is asked for its volumes, others are not', async () => {
  await using lab = await startLab();
  const { cluster, listed } = lab;
  const compared = async (ms: number): Promise<readonly string[]> => {
    cluster.clock.advance(ms);
    await cluster.settle();
    return listed.splice(0).toSorted();
  };
  await cluster.manager.volumes.record({ name: 'data', driver: 'local' }, 'node1');
  await cluster.manager.volumes.record({ name: 'data', driver: 'local' }, 'node2');
  assert.deepEqual(await compared(2_000), ['node1', 'node2']);
  cluster.setNodeState('node2', 'down');
  cluster.setNodeState('node3', 'down');
  cluster.setNodeState('node2', 'ready');
  cluster.setNodeState('node3', 'ready');
  assert.deepEqual(await compared(2_000), ['node2']);
  assert.deepEqual(await compared(60_000), ['node1', 'node2']);
});
