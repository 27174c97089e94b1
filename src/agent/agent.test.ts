import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Assignment } from '../model/assignment.ts';
import { TuttiError } from '../model/errors.ts';
import { taskId } from '../model/ids.ts';
import type { NodeDescription } from '../model/node.ts';
import type { AgentMessage, ManagerMessage } from '../model/protocol.ts';
import type { TaskObservation } from '../model/task.ts';
import { silentLog } from '../platform/log.ts';
import { createMemoryNetwork } from '../rpc/memory/network.ts';
import type { Channel } from '../rpc/transport.ts';
import { processClock, Timeline } from '../../test/sim/time.ts';
import { createAgent } from './agent.ts';
import { laidOver } from './kept.ts';
import type { AgentStore, Assignments } from './session/ports.ts';

const description: NodeDescription = {
  hostname: 'a',
  platform: { os: 'linux', architecture: 'amd64' },
  resources: { nanoCpus: 1e9, memoryBytes: 1e9 },
  engine: { version: '28.0.0' },
  address: '10.0.0.1',
  agentVersion: '1',
};
const config = (id: string): Assignment => ({ kind: 'config', id, name: id, data: '' });
const seen = (id: string): TaskObservation => ({
  taskId: taskId.parse(id),
  state: 'running',
  timestamp: 0,
  message: '',
  ready: true,
  containers: [],
});
const addresses = ['one:2377', 'two:2377'];
const settings = { kind: 'welcome', protocol: 1, nodeId: 'a', heartbeatMs: 1000, timeoutMs: 3000 } as const;

interface StartOptions {
  readonly stored?: Assignments;
  /** The engine does not answer; this is what it said before. */
  readonly engineHangs?: boolean;
  readonly engineAway?: { readonly known: NodeDescription | undefined };
}

/** An agent, and managers that answer as the test tells them. */
const start = async (options: StartOptions = {}) => {
  const timeline = new Timeline();
  const clock = processClock(timeline);
  const network = createMemoryNetwork({ clock, delay: () => 1, connectTimeoutMs: 100 });
  const pass = async (ms: number) => void (await timeline.run(timeline.elapsed() + ms, () => undefined));
  const sessions: {
    readonly address: string;
    readonly channel: Channel<ManagerMessage>;
    readonly heard: AgentMessage[];
  }[] = [];
  const conduct = {
    beats: true,
    refuses: false,
    engineAway: options.engineAway !== undefined,
    engineHangs: options.engineHangs === true,
  };
  const listen = (address: string) =>
    network.listen(address, {
      refusal: () => (conduct.refuses ? new TuttiError('permission-denied', 'removed') : undefined),
      session: (_peer, channel) => {
        const heard: AgentMessage[] = [];
        sessions.push({ address, channel, heard });
        const message = (said: AgentMessage) => {
          heard.push(said);
          if (said.kind === 'hello') channel.send({ ...settings, managers: addresses });
          if (said.kind === 'heartbeat' && conduct.beats) channel.send({ kind: 'heartbeat' });
        };
        return { message, drain: () => undefined, closed: () => undefined };
      },
    });
  const listing = Promise.withResolvers<void>();
  const known: number[] = [];
  const applied: Assignments[] = [];
  const withdrawn: string[] = [];
  const observers = new Set<(observation: TaskObservation) => void>();
  const disk = { kept: options.stored };
  const store: AgentStore = {
    load: () => Promise.resolve(disk.kept && { sequence: 4, assignments: disk.kept }),
    save: (_sequence, kept) => {
      disk.kept = laidOver(disk.kept ?? new Map(), kept);
      return Promise.resolve();
    },
  };
  const nothing = { [Symbol.asyncDispose]: () => Promise.resolve() };
  const agent = createAgent({
    clock,
    random: { number: () => 0.5 },
    log: silentLog,
    transport: network.agent({ nodeId: 'a', role: 'worker', clusterId: 'cluster', address: '10.0.0.1' }),
    store,
    worker: {
      ...nothing,
      apply: (assignments) => void applied.push(assignments),
      observations: () => [seen('t1')],
      subscribe: (listener) => {
        observers.add(listener);
        return { [Symbol.dispose]: () => void observers.delete(listener) };
      },
      logs: async function* (id) {
        await Promise.resolve();
        if (id !== 't1') throw new TuttiError('not-found', 'no such task');
        yield { stream: 'stdout' as const, data: Buffer.from('hello\n') };
      },
      withdrawn: (taskIds) => void withdrawn.push(...taskIds),
      engineAwayMs: () => (conduct.engineAway ? 1 : undefined),
      listed: () => listing.promise,
    },
    network: {
      ...nothing,
      apply: () => undefined,
      observe: () => undefined,
      named: () => Promise.resolve(),
      settled: () => Promise.resolve(),
      ensure: (ids) => Promise.resolve(new Map(ids.map((id) => [id, { dockerNetwork: `net-${id}`, dns: [] }]))),
    },
    describe: async (signal) => {
      if (conduct.engineHangs) await clock.sleep(15_000, signal);
      if (conduct.engineAway) throw new TuttiError('unavailable', 'no engine');
      return await Promise.resolve(description);
    },
    descriptions: {
      load: () => Promise.resolve(options.engineAway?.known),
      save: () => Promise.resolve(),
    },
    managers: ['one:2377'],
    known: () => void known.push(timeline.elapsed()),
  });
  const observe = (id: string) => {
    for (const listener of observers) listener(seen(id));
  };
  const last = () => {
    const session = sessions.at(-1);
    assert.ok(session);
    return session;
  };
  const keys = () => [...(applied.at(-1)?.keys() ?? [])];
  return {
    agent,
    network,
    pass,
    listen,
    sessions,
    last,
    conduct,
    applied,
    withdrawn,
    keys,
    disk,
    observe,
    listing,
    known,
  };
};

const put = (sequence: number, complete: boolean, ...items: readonly Assignment[]) =>
  ({ kind: 'assignments', sequence, complete, put: [...items], remove: [] }) as const;

describe('the agent', () => {
  test('connects without its engine when it is known what that said, and says that it is away', async () => {
    const known = { ...description, hostname: 'before' };
    const node = await start({ engineAway: { known } });
    node.listen('one:2377');
    await node.pass(500);
    const [hello, beat] = node.last().heard;
    assert.deepEqual(hello?.kind === 'hello' && hello.description, known);
    assert.deepEqual(beat, { kind: 'heartbeat', engineAwayMs: 1 });
    node.conduct.engineAway = false;
    await node.pass(10_000);
    assert.deepEqual(node.last().heard.at(-1), { kind: 'heartbeat' });
    assert.ok(node.last().heard.some((said) => said.kind === 'description' && said.description.hostname === 'a'));
  });

  test('connects in time though its engine hangs, when it is known what that said', async () => {
    const known = { ...description, hostname: 'before' };
    const node = await start({ engineAway: { known }, engineHangs: true });
    node.listen('one:2377');
    await node.pass(1500);
    const [hello] = node.last().heard;
    assert.deepEqual(hello?.kind === 'hello' && hello.description, known);
  });

  test('waits for an engine that has never answered', async () => {
    const node = await start({ engineAway: { known: undefined } });
    node.listen('one:2377');
    await node.pass(5000);
    assert.equal(node.sessions.length, 0);
  });

  test('says hello with everything that it knows, then applies what it is told, and keeps it', async () => {
    const node = await start();
    node.listen('one:2377');
    await node.pass(500);
    assert.deepEqual(node.last().heard[0], {
      kind: 'hello',
      protocol: 1,
      description,
      tasks: [seen('t1')],
      sequence: 0,
    });
    node.last().channel.send(put(1, true, config('a')));
    node.last().channel.send(put(2, false, config('b')));
    await node.pass(200);
    assert.deepEqual(node.keys(), ['config:a', 'config:b']);
    assert.deepEqual([...(node.disk.kept?.keys() ?? [])], ['config:a', 'config:b']);
    assert.deepEqual(node.last().heard.at(-1), { kind: 'applied', sequence: 2 });
    assert.deepEqual(
      node.last().heard.filter(({ kind }) => kind === 'in-force'),
      [1, 2].map((sequence) => ({ kind: 'in-force', sequence })),
    );
    node.last().channel.send({ kind: 'withdrawn', tasks: [seen('t1').taskId] });
    await node.pass(100);
    assert.deepEqual(node.withdrawn, ['t1']);
  });

  test('knows enough when the engine was listed and a manager has told the set for two seconds, or after ten', async () => {
    const node = await start({ stored: new Map([['config:a', config('a')]]) });
    node.listen('one:2377');
    node.listing.resolve();
    await node.pass(500);
    assert.deepEqual(node.known, []);
    node.last().channel.send(put(1, true, config('a')));
    await node.pass(1_900);
    assert.deepEqual(node.known, []);
    await node.pass(200);
    assert.equal(node.known.length, 1);
    const alone = await start({ stored: new Map([['config:a', config('a')]]) });
    alone.listing.resolve();
    await alone.pass(9_000);
    assert.deepEqual(alone.known, []);
    await alone.pass(2_000);
    assert.equal(alone.known.length, 1);
  });

  test('begins with what it has on disk, with no manager', async () => {
    const node = await start({ stored: new Map([['config:a', config('a')]]) });
    await node.pass(5000);
    assert.deepEqual(node.keys(), ['config:a']);
    node.listen('one:2377');
    await node.pass(2000);
    const [hello] = node.last().heard;
    assert.equal(hello?.kind === 'hello' && hello.sequence, 4);
    assert.equal(node.applied.length, 1);
  });

  test('asks anew where a message is missing', async () => {
    const node = await start();
    node.listen('one:2377');
    await node.pass(500);
    node.last().channel.send(put(1, true, config('a')));
    node.last().channel.send(put(3, false, config('b')));
    await node.pass(1000);
    assert.equal(node.sessions.length, 2);
    assert.deepEqual(node.keys(), ['config:a']);
  });

  test('tells what it sees together', async () => {
    const node = await start();
    node.listen('one:2377');
    await node.pass(500);
    node.observe('t2');
    node.observe('t3');
    await node.pass(50);
    assert.deepEqual(node.last().heard.at(-1), { kind: 'observations', tasks: [seen('t2'), seen('t3')] });
  });

  test('leaves a manager that is silent, and finds the other one', async () => {
    const node = await start();
    node.listen('one:2377');
    await node.pass(10_000);
    assert.equal(node.sessions.length, 1);
    node.conduct.beats = false;
    await node.pass(5000);
    assert.ok(node.sessions.length > 1);
    node.conduct.beats = true;
    node.network.crashManager('one:2377', { silent: true });
    node.listen('two:2377');
    await node.pass(10_000);
    assert.equal(node.last().address, 'two:2377');
  });

  test('stops its tasks when the cluster keeps saying that it was removed, and not before', async () => {
    const node = await start({ stored: new Map([['config:a', config('a')]]) });
    node.conduct.refuses = true;
    node.listen('one:2377');
    await node.pass(9000);
    assert.deepEqual(node.keys(), ['config:a']);
    await node.pass(5000);
    assert.deepEqual(node.keys(), []);
    const times = node.applied.length;
    await node.pass(60_000);
    assert.equal(node.applied.length, times);
  });

  test('answers requests for logs', async () => {
    const node = await start();
    const listener = node.listen('one:2377');
    await node.pass(500);
    const options = { follow: false, stdout: true, stderr: true, timestamps: false };
    const path = (id: string) => `/logs/${id}?${encodeURIComponent(JSON.stringify(options))}`;
    const ask = async (id: string) => {
      const response = listener.request('a', { path: path(id) }, AbortSignal.timeout(30_000));
      response.catch(() => undefined);
      await node.pass(50);
      let bytes = 0;
      for await (const chunk of (await response).body) bytes += chunk.length;
      return bytes;
    };
    assert.equal(await ask('t1'), 11);
    await assert.rejects(ask('t9'), { code: 'not-found' });
  });

  test('goes when it is disposed', async () => {
    const node = await start();
    node.listen('one:2377');
    await node.pass(500);
    const gone = node.agent[Symbol.asyncDispose]();
    await node.pass(5000);
    await gone;
  });
});
