import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TuttiError } from '../../../model/errors.ts';
import type { NodeRequest, NodeResponse } from '../../../rpc/transport.ts';
import type { Reply } from '../../http/reply.ts';
import type { ApiRequest } from '../../http/request.ts';
import { createMachineApi } from './machine.ts';
import type { MachinePorts, Membership, NewCluster } from './ports.ts';

const asked = (method: string, target: string, body?: unknown): ApiRequest => {
  const [path = '', query] = target.split('?');
  const bytes = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
  return {
    method,
    path,
    params: {},
    query: new URLSearchParams(query),
    headers: bytes === undefined ? {} : { 'content-length': String(bytes.length) },
    body: (async function* () {
      if (bytes !== undefined) yield bytes;
    })(),
    signal: new AbortController().signal,
  };
};

const answered = (value: unknown, status = 200): NodeResponse => ({
  status,
  headers: { 'content-type': 'application/json', 'content-length': '999', swarm: 'inactive' },
  body: (async function* () {
    yield Buffer.from(JSON.stringify(value));
  })(),
});

const read = async (reply: Reply): Promise<unknown> => {
  if (reply.kind === 'json') return reply.body;
  if (reply.kind === 'text') return JSON.parse(reply.text);
  if (reply.kind !== 'stream') return undefined;
  let text = '';
  for await (const chunk of reply.chunks) text += Buffer.from(chunk).toString();
  return JSON.parse(text);
};

/** A machine whose engine and manager say who they are and what they were asked. */
const machine = (swarm = 'inactive') => {
  const seen: unknown[] = [];
  let member: Membership | undefined;
  const become = (role: Membership['role']): Membership =>
    (member = { role, nodeId: 'n', clusterId: 'c', address: '10.0.0.9', managers: ['10.0.0.1:2377'] });
  const say =
    (who: string) =>
    async ({ method, path, body }: NodeRequest): Promise<NodeResponse> => {
      seen.push(`${who} ${method} ${path}${body === undefined ? '' : ' +body'}`);
      if (path.endsWith('/info')) return answered({ who, Swarm: { LocalNodeState: swarm } });
      return answered({ who, Version: { Index: 3 }, Spec: {} });
    };
  const ports: MachinePorts = {
    membership: async () => member,
    engine: say('engine'),
    manager: say('manager'),
    init: async (options: NewCluster) => {
      seen.push(options);
      become('manager');
      return { nodeId: 'n' };
    },
    join: async ({ token }) => {
      if (token === 'bad') throw new TuttiError('unauthenticated', 'the join token is not valid');
      become('worker');
    },
    leave: async () => {
      member = undefined;
    },
  };
  return { answer: createMachineApi(ports), seen };
};

test('in no cluster everything goes to the engine as it came, and no body stays none', async () => {
  const { answer, seen } = machine();
  await answer(asked('POST', '/v1.41/containers/x/start'));
  await answer(asked('POST', '/v1.41/containers/create?name=x', { Image: 'x' }));
  await answer(asked('GET', '/swarm'));
  assert.deepEqual(seen, [
    'engine POST /v1.41/containers/x/start',
    'engine POST /v1.41/containers/create?name=x +body',
    'engine GET /swarm',
  ]);
});

test('init makes a cluster with what was asked, then the manager answers, until it leaves', async () => {
  const { answer, seen } = machine();
  const body = {
    ListenAddr: '0.0.0.0:2377',
    AdvertiseAddr: '10.0.0.9:2377',
    DefaultAddrPool: ['10.64.0.0/16'],
    SubnetSize: 24,
    Availability: 'drain',
    Spec: { Orchestration: { TaskHistoryRetentionLimit: 2 } },
  };
  assert.equal(await read(await answer(asked('POST', '/v1.41/swarm/init', body))), 'n');
  assert.deepEqual(seen.slice(1), [
    { address: '10.0.0.9', port: 2377, addressPools: ['10.64.0.0/16'], subnetPrefix: 24 },
    'manager GET /swarm',
    'manager POST /swarm/update?version=3 +body',
    'manager GET /nodes/n',
    'manager POST /nodes/n/update?version=3 +body',
  ]);
  assert.deepEqual(await read(await answer(asked('GET', '/containers/json'))), {
    who: 'manager',
    Version: { Index: 3 },
    Spec: {},
  });
  const unforced = await answer(asked('POST', '/swarm/leave'));
  assert.equal(unforced.kind === 'json' && unforced.status, 503);
  assert.equal((await answer(asked('POST', '/swarm/leave?force=1'))).kind, 'empty');
  assert.match(JSON.stringify(await read(await answer(asked('GET', '/x')))), /engine/);
});

test('a worker is its engine, without what managers do, and says that it is in a cluster', async () => {
  const { answer } = machine();
  const failed = await answer(asked('POST', '/swarm/join', { RemoteAddrs: ['10.0.0.1'], JoinToken: 'bad' }));
  assert.equal(failed.kind === 'json' && failed.status, 401);
  await answer(asked('POST', '/swarm/join', { RemoteAddrs: ['10.0.0.1'], JoinToken: 'good' }));
  const refused = await answer(asked('GET', '/v1.41/services'));
  assert.equal(refused.kind === 'json' && refused.status, 503);
  const info = (await read(await answer(asked('GET', '/v1.41/info')))) as { who: string; Swarm: object };
  assert.deepEqual(
    [info.who, Object.entries(info.Swarm).slice(0, 4)],
    [
      'engine',
      [
        ['NodeID', 'n'],
        ['NodeAddr', '10.0.0.9'],
        ['LocalNodeState', 'active'],
        ['ControlAvailable', false],
      ],
    ],
  );
  const ping = await answer(asked('GET', '/_ping'));
  assert.equal(ping.kind === 'stream' && ping.headers['swarm'], 'active/worker');
});

test('an engine that is in a swarm of its own keeps its swarm commands', async () => {
  const { answer, seen } = machine('active');
  await answer(asked('POST', '/swarm/init', {}));
  assert.deepEqual(seen, ['engine GET /info', 'engine POST /swarm/init +body']);
});

test('of two at once one is refused', async () => {
  const { answer } = machine();
  const replies = await Promise.all([1, 2].map(async () => await answer(asked('POST', '/swarm/init', {}))));
  const statuses = replies.map((reply) => reply.kind === 'json' && reply.status);
  assert.deepEqual(
    statuses.map(String).toSorted((left, right) => left.localeCompare(right)),
    ['200', '503'],
  );
});
