import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { clusterSpec } from '../../model/cluster.ts';
import type { Assignment } from '../../model/assignment.ts';
import type { TuttiError } from '../../model/errors.ts';
import type { NodeDescription } from '../../model/node.ts';
import { assignmentKey } from '../../model/protocol.ts';
import type { AgentMessage, AssignmentsMessage, ManagerMessage } from '../../model/protocol.ts';
import { silentLog } from '../../platform/log.ts';
import { createMemoryNetwork } from '../../rpc/memory/network.ts';
import type { Channel } from '../../rpc/transport.ts';
import { createStore } from '../../store/create.ts';
import { memoryDisk, memoryDriver } from '../../store/drivers/memory.ts';
import { anEndpoint, aTask as anAssignedTask } from '../../../test/support/assignments.ts';
import { aNode, aStatus, aTask } from '../../store/fixtures.ts';
import type { Store } from '../../store/store.ts';
import { processClock, Timeline } from '../../../test/sim/time.ts';
import type { AssignmentDifference, Assignments } from '../assignments/assignments.ts';
import { createDispatcher } from './dispatcher.ts';

const description = (hostname: string): NodeDescription => ({
  hostname,
  platform: { os: 'linux', architecture: 'amd64' },
  resources: { nanoCpus: 1e9, memoryBytes: 1e9 },
  engine: { version: '28.0.0' },
  address: '10.0.0.1',
  agentVersion: '1',
});

const config = (id: string, data = ''): Assignment => ({ kind: 'config', id, name: id, data });

/** Assignments that the test puts in by hand. */
const createBook = () => {
  const sets = new Map<string, Map<string, Assignment>>();
  const listeners = new Set<() => void>();
  let pending = new Map<string, AssignmentDifference>();
  const assignments: Assignments = {
    full: (nodeId) => sets.get(nodeId) ?? new Map(),
    changes: () => {
      const changes = pending;
      pending = new Map();
      return changes;
    },
    onChange: (listener) => {
      listeners.add(listener);
      return { [Symbol.dispose]: () => void listeners.delete(listener) };
    },
    [Symbol.dispose]: () => undefined,
  };
  const put = (nodeId: string, ...items: readonly Assignment[]) => {
    const set = new Map(sets.get(nodeId));
    for (const item of items) set.set(assignmentKey(item), item);
    sets.set(nodeId, set);
    const before = pending.get(nodeId);
    pending.set(nodeId, { put: [...(before?.put ?? []), ...items], remove: before?.remove ?? [] });
    for (const listener of listeners) listener();
  };
  return { assignments, put };
};

const startManager = async () => {
  const timeline = new Timeline();
  const clock = processClock(timeline);
  const store: Store = await createStore({ driver: memoryDriver(memoryDisk()), clock });
  await store.update((transaction) => {
    transaction.create('cluster', {
      id: 'cluster',
      version: 0,
      createdAt: 0,
      updatedAt: 0,
      spec: clusterSpec.parse({}),
      caCertificate: '',
      caKey: '',
      joinTokens: { manager: '', worker: '' },
    });
    transaction.create('node', aNode('a'));
    transaction.create('node', aNode('b'));
  });
  const book = createBook();
  /** Addresses of machines that answer though their agents are away. */
  const up = new Set<string>();
  const network = createMemoryNetwork({ clock, delay: () => 1, connectTimeoutMs: 100 });
  const dispatcher = createDispatcher({
    store,
    assignments: book.assignments,
    clock,
    log: silentLog,
    managers: () => ['manager:2377'],
    answers: (address) => Promise.resolve(up.has(address)),
  });
  const listener = network.listen('manager:2377', dispatcher.service);
  dispatcher.attach(listener);
  const pass = async (ms: number) => void (await timeline.run(timeline.elapsed() + ms, () => undefined));

  const connect = async (nodeId: string) => {
    const messages: ManagerMessage[] = [];
    let ended: { readonly reason: TuttiError | undefined } | undefined;
    const handlers = {
      message: (message: ManagerMessage) => void messages.push(message),
      drain: () => undefined,
      closed: (reason: TuttiError | undefined) => {
        ended = { reason };
      },
    };
    const agent = network.agent({ nodeId, role: 'worker', clusterId: 'cluster', address: nodeId });
    const opening = agent.connect('manager:2377', handlers, new AbortController().signal);
    opening.catch(() => undefined);
    await pass(5);
    const channel: Channel<AgentMessage> = await opening;
    const told = () => messages.filter((message): message is AssignmentsMessage => message.kind === 'assignments');
    return { channel, messages, told, ended: () => ended };
  };
  const hello = async (nodeId: string, tasks: Extract<AgentMessage, { kind: 'hello' }>['tasks'] = []) => {
    const agent = await connect(nodeId);
    agent.channel.send({ kind: 'hello', protocol: 1, description: description(nodeId), tasks, sequence: 0 });
    await pass(5);
    return agent;
  };
  const state = (nodeId: string) => store.view.get('nodeStatus', nodeId)?.state;
  return { store, book, network, up, dispatcher, clock, connect, hello, pass, state };
};

/** Its beginning is over: nobody is waited for. */
const startSettled = async () => {
  const manager = await startManager();
  await manager.pass(2_000);
  return manager;
};

describe('a manager that has just begun', () => {
  test('tells the whole sets when it has heard every node, so that nothing is withdrawn that is ready', async () => {
    const manager = await startManager();
    manager.book.put('node-a', config('old'));
    const a = await manager.hello('node-a');
    manager.book.put('node-a', config('one'));
    await manager.pass(1_000);
    assert.deepEqual(
      a.messages.map(({ kind }) => kind).filter((kind) => kind !== 'heartbeat'),
      ['welcome'],
    );
    manager.book.put('node-a', config('two'));
    const b = await manager.hello('node-b');
    assert.equal(b.told().length, 1);
    assert.deepEqual(a.told()[0]?.put, [config('old'), config('one'), config('two')]);
    await manager.pass(100);
    assert.equal(a.told().length, 1);
  });

  test('waits two seconds for the last', async () => {
    const manager = await startManager();
    const a = await manager.hello('node-a');
    await manager.pass(1_900);
    assert.equal(a.told().length, 0);
    await manager.pass(200);
    assert.equal(a.told().length, 1);
  });
});

describe('a session', () => {
  test('begins with a welcome and the whole set', async () => {
    const manager = await startSettled();
    manager.book.put('node-a', config('one'), config('two'));
    const agent = await manager.hello('node-a');
    assert.equal(agent.messages[0]?.kind, 'welcome');
    assert.deepEqual(agent.told()[0], {
      kind: 'assignments',
      sequence: 1,
      complete: true,
      put: [config('one'), config('two')],
      remove: [],
    });
    assert.deepEqual(manager.store.view.get('node', 'node-a')?.description, description('node-a'));
    assert.equal(manager.state('node-a'), 'ready');
  });

  test('tells that the engine is away: the node is not ready, then down, then ready again', async () => {
    const manager = await startManager();
    const agent = await manager.hello('node-a');
    agent.channel.send({ kind: 'heartbeat', engineAwayMs: 10 });
    await manager.pass(100);
    assert.equal(manager.state('node-a'), 'disconnected');
    const away = manager.store.view.get('nodeStatus', 'node-a');
    assert.equal(away?.engineAway, true);
    assert.match(away?.message ?? '', /^its Docker Engine does not answer \(since \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ\)$/);
    agent.channel.send({ kind: 'heartbeat' });
    await manager.pass(100);
    assert.equal(manager.state('node-a'), 'ready');
    assert.equal(manager.store.view.get('nodeStatus', 'node-a')?.engineAway, undefined);
    agent.channel.send({ kind: 'heartbeat', engineAwayMs: 31_000 });
    await manager.pass(100);
    assert.equal(manager.state('node-a'), 'down');
    assert.match(manager.store.view.get('nodeStatus', 'node-a')?.message ?? '', /may still run \(since /);
  });

  test('a description that is known is not written again', async () => {
    const manager = await startManager();
    await manager.hello('node-a');
    const { revision } = manager.store.view;
    await manager.hello('node-a');
    assert.equal(manager.store.view.revision, revision);
  });

  test('goes on with differences, many changes in one message', async () => {
    const manager = await startSettled();
    const agent = await manager.hello('node-a');
    manager.book.put('node-a', config('one'));
    manager.book.put('node-a', config('two'));
    await manager.pass(10);
    const [, difference] = agent.told();
    assert.deepEqual(difference?.put, [config('one'), config('two')]);
    assert.equal(difference?.sequence, 2);
    assert.equal(agent.told().length, 2);
  });

  test('an agent that does not keep up is sent the whole set when it does, and nothing is held for it', async () => {
    const manager = await startSettled();
    const agent = await manager.hello('node-a');
    manager.network.cut('node-a');
    for (let round = 1; round <= 200; round += 1) {
      manager.book.put('node-a', config('one', String(round)));
      await manager.pass(4);
    }
    manager.network.heal('node-a');
    await manager.pass(700);
    assert.ok(agent.told().length < 100);
    assert.deepEqual(agent.told().at(-1)?.put, [config('one', '200')]);
    assert.equal(agent.told().at(-1)?.complete, true);
  });

  test('a newer one of the same node takes over', async () => {
    const manager = await startSettled();
    const older = await manager.hello('node-a');
    const newer = await manager.hello('node-a');
    await manager.pass(5);
    assert.notEqual(older.ended(), undefined);
    assert.equal(newer.ended(), undefined);
    assert.equal(manager.state('node-a'), 'ready');
    manager.book.put('node-a', config('one'));
    await manager.pass(10);
    assert.equal(newer.told().length, 2);
  });

  test('that does not begin with a hello, or says it twice, is closed', async () => {
    const manager = await startManager();
    const silent = await manager.connect('node-a');
    silent.channel.send({ kind: 'heartbeat' });
    await manager.pass(5);
    assert.notEqual(silent.ended(), undefined);
    const twice = await manager.hello('node-b');
    twice.channel.send({ kind: 'hello', protocol: 1, description: description('b'), tasks: [], sequence: 0 });
    await manager.pass(5);
    assert.notEqual(twice.ended(), undefined);
  });

  test('of a node that is removed ends, and it is not let in again', async () => {
    const manager = await startManager();
    const agent = await manager.hello('node-a');
    await manager.store.update((transaction) => transaction.delete('node', 'node-a'));
    await manager.pass(10);
    assert.notEqual(agent.ended(), undefined);
    assert.equal(manager.state('node-a'), undefined);
    await assert.rejects(manager.connect('node-a'), { code: 'permission-denied' });
  });
});

describe('observations', () => {
  test('become soft rows, from the node of the task only', async () => {
    const manager = await startManager();
    await manager.store.update((transaction) => transaction.create('task', aTask('t1', { nodeId: aNode('a').id })));
    const stranger = await manager.hello('node-b', [aStatus('t1', { state: 'failed' })]);
    assert.equal(manager.store.view.get('taskStatus', 't1'), undefined);
    const agent = await manager.hello('node-a', [aStatus('t1', { state: 'preparing', ready: false })]);
    assert.equal(manager.store.view.get('taskStatus', 't1')?.state, 'preparing');
    agent.channel.send({ kind: 'observations', tasks: [aStatus('t1')] });
    stranger.channel.send({ kind: 'observations', tasks: [aStatus('t1', { state: 'failed' })] });
    await manager.pass(5);
    assert.equal(manager.store.view.get('taskStatus', 't1')?.state, 'running');
    assert.equal(manager.store.view.get('taskStatus', 't1')?.nodeId, 'node-a');
  });
});

describe('what an agent does not know any more', () => {
  test('is forgotten with its hello, where no task row stands for it', async () => {
    const manager = await startManager();
    const nodeId = aNode('a').id;
    await manager.store.update((transaction) => transaction.create('task', aTask('t1', { nodeId })));
    manager.store.observe((soft) => {
      for (const id of ['t1', 't2', 't3']) soft.put('taskStatus', id, aStatus(id, { nodeId }));
      soft.put('taskStatus', 't4', aStatus('t4', { nodeId: aNode('b').id }));
    });
    await manager.hello('node-a', [aStatus('t3')]);
    const left = [...manager.store.view.list('taskStatus')].map(({ taskId }) => taskId).toSorted();
    assert.deepEqual(left, ['t1', 't3', 't4']);
  });
});

describe('which node is up', () => {
  const beat = async (
    manager: Awaited<ReturnType<typeof startManager>>,
    channel: Channel<AgentMessage>,
    ms: number,
  ) => {
    for (let passed = 0; passed < ms; passed += 1000) {
      channel.send({ kind: 'heartbeat' });
      await manager.pass(1000);
    }
  };

  test('one that beats is ready for ever, one that never came is down after the grace period', async () => {
    const manager = await startManager();
    const agent = await manager.hello('node-a');
    await manager.pass(100);
    assert.equal(manager.state('node-b'), 'unknown');
    await beat(manager, agent.channel, 5000);
    assert.equal(manager.state('node-b'), 'unknown');
    await beat(manager, agent.channel, 5000);
    assert.equal(manager.state('node-a'), 'ready');
    assert.equal(manager.state('node-b'), 'down');
    assert.equal(agent.messages.filter(({ kind }) => kind === 'heartbeat').length, 10);
  });

  test('after a restart of the manager a hiccup of five seconds costs nothing, and a dead node is down after eight', async () => {
    const manager = await startManager();
    const states = new Set<string | undefined>();
    manager.store.subscribe(({ changes }) => {
      for (const change of changes) {
        if (change.table === 'nodeStatus' && change.id === 'node-a') states.add(change.after?.state);
      }
    });
    // A pause between two attempts, five seconds of nothing, another pause, a slow connection.
    await manager.pass(7900);
    assert.equal(manager.state('node-b'), 'unknown');
    const agent = await manager.hello('node-a');
    await beat(manager, agent.channel, 1000);
    assert.equal(manager.state('node-b'), 'down');
    assert.deepEqual([...states], ['unknown', 'ready']);
  });

  test('one that is slow for a second stays, one that is silent for three is down, then its connection goes', async () => {
    const manager = await startManager();
    const agent = await manager.hello('node-a');
    await beat(manager, agent.channel, 2000);
    manager.network.cut('node-a');
    await manager.pass(1500);
    assert.equal(manager.state('node-a'), 'ready');
    manager.network.heal('node-a');
    await beat(manager, agent.channel, 2000);
    assert.equal(manager.state('node-a'), 'ready');
    manager.network.cut('node-a');
    // Its last word was a second ago.
    await manager.pass(1900);
    assert.equal(manager.state('node-a'), 'ready');
    await manager.pass(1200);
    assert.equal(manager.state('node-a'), 'down');
    manager.network.heal('node-a');
    await manager.hello('node-a');
    assert.equal(manager.state('node-a'), 'ready');
  });

  test('heartbeats further apart than the silence that is allowed: a node may miss two, also after they were set back', async () => {
    const manager = await startManager();
    const set = async (heartbeatMs: number) =>
      await manager.store.update((transaction) => {
        const [cluster] = transaction.list('cluster');
        assert.ok(cluster);
        transaction.update('cluster', { ...cluster, spec: { ...cluster.spec, heartbeatMs } });
      });
    await set(6000);
    const { channel, messages } = await manager.hello('node-a');
    const [welcome] = messages;
    assert.deepEqual(welcome?.kind === 'welcome' && [welcome.heartbeatMs, welcome.timeoutMs], [6000, 18_000]);
    await manager.pass(17_000);
    assert.equal(manager.state('node-a'), 'ready');
    channel.send({ kind: 'heartbeat' });
    await manager.pass(100);
    await set(1000);
    // It was told otherwise, and keeps to that until it connects again.
    await manager.pass(17_000);
    assert.equal(manager.state('node-a'), 'ready');
    await manager.pass(1500);
    assert.equal(manager.state('node-a'), 'down');
    await manager.hello('node-a');
    await manager.pass(3100);
    assert.equal(manager.state('node-a'), 'down');
  });

  test('a lost connection alone is no death', async () => {
    const manager = await startManager();
    await manager.hello('node-a');
    manager.network.crash('node-a', { silent: false });
    await manager.pass(100);
    assert.equal(manager.state('node-a'), 'disconnected');
    await manager.hello('node-a');
    assert.equal(manager.state('node-a'), 'ready');
  });

  test('an agent that was killed has fifteen seconds to come back while its machine answers', async () => {
    const manager = await startManager();
    const { up, network, pass, state, hello } = manager;
    await hello('node-a');
    up.add('node-a');
    network.crash('node-a', { silent: false });
    await pass(14_800);
    assert.equal(state('node-a'), 'disconnected');
    assert.match(manager.store.view.get('nodeStatus', 'node-a')?.message ?? '', /its machine answers/);
    await hello('node-a');
    assert.equal(state('node-a'), 'ready');
    network.crash('node-a', { silent: false });
    await pass(15_100);
    assert.equal(state('node-a'), 'down');
  });

  test('a machine that goes off a moment after its agent is down within two seconds of its last answer', async () => {
    const { up, network, pass, state, hello } = await startManager();
    await hello('node-a');
    up.add('node-a');
    network.crash('node-a', { silent: false });
    await pass(3_600);
    up.delete('node-a');
    assert.equal(state('node-a'), 'disconnected');
    await pass(2_000);
    assert.equal(state('node-a'), 'down');
  });

  test('one that stands still is not down while its machine answers, takes nothing new, and is ready with its next word', async () => {
    const { up, network, pass, state, hello } = await startManager();
    const agent = await hello('node-a');
    up.add('node-a');
    network.cut('node-a');
    await pass(2_900);
    assert.equal(state('node-a'), 'ready');
    await pass(4_000);
    assert.equal(state('node-a'), 'disconnected');
    network.heal('node-a');
    agent.channel.send({ kind: 'heartbeat' });
    await pass(10);
    assert.equal(state('node-a'), 'ready');
    assert.equal(agent.ended(), undefined);
  });

  test('one that took leave is not waited for longer', async () => {
    const { up, pass, state, hello } = await startManager();
    const { channel } = await hello('node-a');
    up.add('node-a');
    channel.close();
    await pass(2_900);
    assert.equal(state('node-a'), 'disconnected');
    await pass(200);
    assert.equal(state('node-a'), 'down');
  });
});

describe('a task that is to stop', () => {
  const leaving = aTask('t1', { nodeId: aNode('a').id, desiredState: 'shutdown' });
  const start = async () => {
    const manager = await startSettled();
    await manager.store.update((transaction) => transaction.create('task', leaving));
    const item = anAssignedTask({ id: 't1', desiredState: 'shutdown' });
    const withdrawn = ({ messages }: { readonly messages: readonly ManagerMessage[] }) =>
      messages.flatMap((message) => (message.kind === 'withdrawn' ? message.tasks : []));
    return { ...manager, item, withdrawn };
  };

  test('on a node that was away when the others were told: it is told when it has returned', async () => {
    const { book, hello, pass, item, withdrawn } = await start();
    book.put('node-a', item);
    const agent = await hello('node-a', [aStatus('t1')]);
    await pass(10);
    assert.deepEqual(withdrawn(agent), []);
    agent.channel.send({ kind: 'in-force', sequence: 1 });
    await pass(10);
    assert.deepEqual(withdrawn(agent), ['t1']);
  });

  test('a node whose agent is away is waited for until it is back and has done, or is given up', async () => {
    for (const comesBack of [true, false]) {
      const { book, hello, network, up, pass, state, item, withdrawn } = await start();
      const [a] = [await hello('node-a', [aStatus('t1')]), await hello('node-b')];
      up.add('node-b');
      network.crash('node-b', { silent: false });
      const endpoint = anEndpoint({ taskId: 't1', nodeId: 'node-a', ready: false });
      book.put('node-a', item, endpoint);
      book.put('node-b', endpoint);
      await pass(10);
      a.channel.send({ kind: 'in-force', sequence: 2 });
      for (let passed = 0; passed < 13_000; passed += 1_000) {
        await pass(1_000);
        a.channel.send({ kind: 'heartbeat' });
      }
      assert.deepEqual(withdrawn(a), []);
      if (comesBack) {
        const b = await hello('node-b');
        assert.deepEqual(withdrawn(a), []);
        b.channel.send({ kind: 'in-force', sequence: b.told().at(-1)?.sequence ?? 0 });
        await pass(10);
      } else {
        await pass(2_100);
        assert.equal(state('node-b'), 'down');
      }
      assert.deepEqual(withdrawn(a), ['t1']);
    }
  });

  test('a node that does not keep up is waited for', async () => {
    const { book, hello, network, pass, item, withdrawn } = await start();
    const [a, b] = [await hello('node-a', [aStatus('t1')]), await hello('node-b')];
    network.cut('node-b');
    for (let round = 0; b.told().length < 2 && round < 500; round += 1) {
      book.put('node-b', config('one', String(round)));
      await pass(4);
    }
    const endpoint = anEndpoint({ taskId: 't1', nodeId: 'node-a', ready: false });
    book.put('node-a', item, endpoint);
    book.put('node-b', endpoint);
    await pass(10);
    a.channel.send({ kind: 'in-force', sequence: 2 });
    await pass(10);
    assert.deepEqual(withdrawn(a), []);
    network.heal('node-b');
    await pass(1_100);
    b.channel.send({ kind: 'in-force', sequence: b.told().at(-1)?.sequence ?? 0 });
    await pass(10);
    assert.deepEqual(withdrawn(a), ['t1']);
  });
});
