import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TestCluster } from '../testing/cluster.ts';
import type { NodeRequest, NodeResponse } from '../../rpc/transport.ts';
import { askEngines, readAnswerJson } from './ask.ts';

async function* bytes(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text);
}

const answer = (status: number, body: unknown): NodeResponse => ({ status, body: bytes(JSON.stringify(body)) });

/** Nodes by what they do. */
const startNodes = async (engines: Readonly<Record<string, (request: NodeRequest) => Promise<NodeResponse>>>) => {
  const cluster = await TestCluster.start({
    nodes: 0,
    requests: { request: async (nodeId, request) => await (engines[nodeId] ?? fail)(request) },
  });
  for (const name of Object.keys(engines)) await cluster.addNode(name);
  return cluster;
};
const fail = (_request: NodeRequest): Promise<NodeResponse> => Promise.resolve(answer(500, { message: 'no space' }));

test('what answers in time is there, what does not is named with its reason', async () => {
  await using cluster = await startNodes({
    b: () => Promise.resolve(answer(200, { from: 'b' })),
    a: () => Promise.resolve(answer(200, { from: 'a' })),
    hangs: () => new Promise(() => undefined),
    stalls: () =>
      Promise.resolve({
        status: 200,
        body: (async function* () {
          await new Promise(() => undefined);
          yield Buffer.alloc(0);
        })(),
      }),
    refuses: fail,
    gone: () => Promise.reject(new Error('never asked')),
  });
  cluster.setNodeState('gone', 'down');
  const asking = askEngines(cluster.manager, { path: '/x', method: 'GET' }, readAnswerJson, {
    clock: cluster.clock,
    signal: new AbortController().signal,
  });
  await cluster.settle();
  cluster.clock.advance(2_500);
  const { answers, missing } = await asking;
  assert.deepEqual(
    answers.map(({ nodeName, value }) => [nodeName, value]),
    [
      ['a', { from: 'a' }],
      ['b', { from: 'b' }],
    ],
  );
  assert.deepEqual(
    missing.map(({ nodeName }) => nodeName),
    ['gone', 'hangs', 'refuses', 'stalls'],
  );
  assert.match(missing[1]?.reason ?? '', /took longer than 2500 ms/);
  assert.equal(missing[2]?.reason, 'no space');
});

test('an abort ends the asking', async () => {
  await using cluster = await startNodes({ hangs: () => new Promise(() => undefined) });
  const stop = new AbortController();
  const asking = askEngines(cluster.manager, { path: '/x' }, readAnswerJson, {
    clock: cluster.clock,
    signal: stop.signal,
  });
  stop.abort(new DOMException('gone', 'AbortError'));
  await assert.rejects(asking, { name: 'AbortError' });
});
