import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { test } from 'node:test';
import { TuttiError } from '../../model/errors.ts';
import { TestCluster } from '../testing/cluster.ts';
import type { AgentGateway, OpenLogOptions } from './gateway.ts';

const options = { follow: false, stdout: true, stderr: true, timestamps: false };
const text = (line: string) => ({ stream: 'stdout' as const, data: new TextEncoder().encode(line) });
const decode = (data: Uint8Array): string => new TextDecoder().decode(data);

test('the logs of a service are those of its tasks; a node that is gone ends its part only', async () => {
  const gateway: AgentGateway = {
    openLogs: async function* (nodeId) {
      if (nodeId === 'node2') throw new TuttiError('unavailable', 'node2 has no session');
      yield text(`one on ${nodeId}\n`);
      yield text(`two on ${nodeId}\n`);
    },
  };
  await using cluster = await TestCluster.start({ nodes: 3, gateway });
  await cluster.create('web', { mode: { kind: 'replicated', replicas: 3 } });
  await cluster.settle();
  const lines: string[] = [];
  for await (const { task, data } of cluster.manager.logs.service('web', options, new AbortController().signal)) {
    assert.equal(decode(data).trim().split(' ').at(-1), task.nodeId);
    lines.push(decode(data));
  }
  assert.deepEqual(new Set(lines), new Set(['one on node1\n', 'two on node1\n', 'one on node3\n', 'two on node3\n']));
});

test('following goes on with tasks that come later, and ends with the signal or the service', async () => {
  let open = 0;
  const gateway: AgentGateway = {
    openLogs: async function* (_node, taskId, _options, signal) {
      const state = cluster.store.view.get('taskStatus', taskId)?.state;
      if (state !== 'running') throw new TuttiError('not-found', `task ${taskId} has no container on this node`);
      open += 1;
      try {
        yield text(taskId);
        await new Promise((resolve) => signal.addEventListener('abort', resolve));
      } finally {
        open -= 1;
      }
    },
  };
  await using cluster = await TestCluster.start({ nodes: 1, gateway });
  await cluster.create('web');
  await cluster.settle();
  const stop = new AbortController();
  const lines = cluster.manager.logs.service('web', { ...options, follow: true }, stop.signal)[Symbol.asyncIterator]();
  const first = (await lines.next()).value as { task: { slot?: number } };
  assert.equal(first.task.slot, 1);
  const next = lines.next();
  await cluster.manager.commands.scaleService('web', 2);
  await cluster.settle();
  const second = (await next).value as { task: { slot?: number } };
  assert.equal(second.task.slot, 2);
  const last = lines.next();
  stop.abort();
  assert.equal((await last).done, true);
  assert.equal(open, 0);
});

test('after a cut following goes on where it stopped, with nothing twice and nothing missing', async () => {
  const time = (at: number) => `2026-11-22T00:00:00.00000000${at}Z`;
  const asked: OpenLogOptions[] = [];
  const listeners = new Set<number>();
  const gateway: AgentGateway = {
    openLogs: async function* (_node, _task, given, signal) {
      asked.push(given);
      listeners.add(getEventListeners(signal, 'abort').length);
      if (asked.length === 2) throw new TuttiError('unavailable', 'it has no session yet');
      yield { ...text('one'), time: time(1) };
      yield { ...text('two'), time: time(2) };
      if (asked.length === 1) throw new TuttiError('unavailable', 'the connection to the node was lost');
      yield { ...text('three'), time: time(3) };
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
    },
  };
  await using cluster = await TestCluster.start({ nodes: 1, gateway });
  await cluster.create('web');
  await cluster.settle();
  const stop = new AbortController();
  const lines = cluster.manager.logs.service('web', { ...options, follow: true, tail: 5 }, stop.signal);
  const seen: string[] = [];
  const reading = (async () => {
    for await (const { data } of lines) {
      seen.push(decode(data));
      if (seen.length === 3) stop.abort();
    }
  })();
  for (let turn = 0; turn < 100 && seen.length < 3; turn += 1) {
    await new Promise((resolve) => setImmediate(resolve));
    cluster.clock.advance(100);
  }
  await reading;
  assert.deepEqual(seen, ['one', 'two', 'three']);
  assert.equal(listeners.size, 1);
  assert.equal(asked[0]?.tail, 5);
  assert.deepEqual(asked[2], { ...options, follow: true, timed: true, since: Date.UTC(2026, 10, 22) });
});

const line = (data: string, at: number) => ({ ...text(data), time: `2026-11-22T00:00:00.00000000${at}Z` });
type Answer = (given: OpenLogOptions, asked: number) => Iterable<ReturnType<typeof line>>;

/** All that is given of a task that is followed, and what was asked for. */
const followed = async (
  answer: Answer,
  wished: Partial<OpenLogOptions> = {},
  prepare?: (c: TestCluster) => unknown,
) => {
  const asked: OpenLogOptions[] = [];
  const gateway: AgentGateway = {
    openLogs: async function* (_node, _task, given) {
      asked.push(given);
      yield* answer(given, asked.length);
    },
  };
  await using cluster = await TestCluster.start({ nodes: 1, gateway });
  await cluster.create('web');
  await cluster.settle();
  const id = cluster.tasks('web')[0]?.task.id ?? '';
  await prepare?.(cluster);
  const seen: string[] = [];
  const signal = AbortSignal.timeout(10_000);
  for await (const { data } of cluster.manager.logs.task(id, { ...options, ...wished, follow: true }, signal)) {
    seen.push(decode(data));
  }
  assert.ok(!signal.aborted, 'it ends by itself');
  return { asked, seen, began: cluster.clock.now() };
};

test('what comes after the last line that was followed is asked for once more, lines of one time included', async () => {
  const all = [line('one', 1), line('two', 2), line('same time', 2), line('last', 3)];
  for (const told of [0, 1, 2, 3, 4]) {
    const { asked, seen } = await followed(({ follow }) => (follow ? all.slice(0, told) : all));
    assert.deepEqual(seen, ['one', 'two', 'same time', 'last']);
    const since = told > 0 && { since: Date.UTC(2026, 10, 22) };
    const timed = { ...options, timed: true };
    assert.deepEqual(asked, [
      { ...timed, follow: true },
      { ...timed, ...since, follow: false },
    ]);
  }
});

test('a log that was told to its end did not fail because its container was gone when asked once more', async () => {
  for (const code of ['conflict', 'not-found', 'internal'] as const) {
    const { asked, seen } = await followed(function* ({ follow }) {
      if (!follow) throw new TuttiError(code, 'dead or marked for removal');
      yield line('one', 1);
    });
    assert.deepEqual(seen, ['one']);
    assert.equal(asked.length, 2);
  }
  await assert.rejects(
    followed(() => {
      throw new TuttiError('conflict', 'it cannot be followed');
    }),
    { code: 'conflict' },
  );
});

test('only an engine before 23.0 is asked once more, and only of a task that had not ended before', async () => {
  const engines = { '1.41': 2, '1.42': 1 };
  for (const [apiVersion, times] of Object.entries(engines)) {
    const { asked } = await followed(
      () => [line('one', 1)],
      {},
      (cluster) =>
        cluster.store.update((transaction) => {
          const node = cluster.store.view.get('node', 'node1');
          if (node?.description === undefined) throw new Error('the node has told nothing');
          const engine = { ...node.description.engine, apiVersion };
          transaction.update('node', { ...node, description: { ...node.description, engine } });
        }),
    );
    assert.equal(asked.length, times, apiVersion);
  }
  const { asked } = await followed(
    () => [line('one', 1)],
    {},
    ({ store }) =>
      store.observe((soft) => {
        const [task] = store.view.find('task', 'node', 'node1');
        const status = task && store.view.get('taskStatus', task.id);
        if (status !== undefined) soft.put('taskStatus', status.taskId, { ...status, state: 'complete' });
      }),
  );
  assert.equal(asked.length, 1);
});

test('where nothing was followed yet, all since the beginning is asked for, not the last lines', async () => {
  for (const [tail, since] of [
    [0, undefined],
    [2, 1],
  ] as const) {
    const all = [line('one', 1), line('two', 2), line('three', 3)];
    const { asked, seen, began } = await followed(({ follow }) => (follow ? [] : all), {
      tail,
      ...(since !== undefined && { since }),
    });
    assert.deepEqual(seen, ['one', 'two', 'three']);
    assert.equal(asked[0]?.tail, tail);
    assert.deepEqual(asked[1], { ...options, timed: true, follow: false, since: began });
  }
});

test('after a cut before the first line nothing is missing that was said since following began', async () => {
  const { asked, seen, began } = await followed(
    (_, turn) => {
      if (turn === 1) throw new TuttiError('unavailable', 'the connection to the node was lost');
      return [line('said meanwhile', 1)];
    },
    { tail: 0 },
    ({ clock }) => void setImmediate(() => clock.advance(500)),
  );
  assert.deepEqual(seen, ['said meanwhile']);
  assert.deepEqual(asked[1], { ...options, timed: true, follow: true, since: began - 500 });
});

test('nobody waits for a node that went away when all was told', async () => {
  let leave = (): void => undefined;
  const { asked, seen } = await followed(
    function* ({ follow }) {
      if (follow) return yield line('one', 1);
      leave();
      throw new TuttiError('unavailable', 'the connection to the node was lost');
    },
    {},
    ({ store, clock }) => {
      leave = () => {
        store.observe((soft) => {
          const status = store.view.get('nodeStatus', 'node1');
          if (status !== undefined) soft.put('nodeStatus', status.nodeId, { ...status, state: 'disconnected' });
        });
        setImmediate(() => clock.advance(500));
      };
    },
  );
  assert.deepEqual(seen, ['one']);
  assert.equal(asked.length, 2);
});
