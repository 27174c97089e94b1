import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { until } from '../../../test/support/until.ts';
import { systemClock } from '../../platform/clock.ts';
import { silentLog } from '../../platform/log.ts';
import type { Attachments } from '../attachments/ports.ts';
import type { ShortcutPorts } from './ports.ts';
import { shortcutOf, shortcutRules } from './rules.ts';
import { createShortcuts, removeShortcuts } from './shortcut.ts';

const noMore = { address6: '', mac: '' };
const front = { name: 'tutti-0-front0000', address: '10.128.0.10', gateway: '10.128.0.1', ...noMore };
const back = { name: 'tutti-1-back00000', address: '10.128.1.10', gateway: '10.128.1.1', ...noMore };
const container = (changes: Partial<Attachments> = {}): Attachments => ({
  pid: 7,
  dns: ['10.128.1.1', '10.128.0.1'],
  networks: [front, back],
  ...changes,
});

suite('a shortcut', () => {
  test('leads to the first resolver that the engine was told of and that is on a network', () => {
    assert.deepEqual(shortcutOf(container()), { gateway: '10.128.1.1', address: '10.128.1.10' });
    assert.deepEqual(shortcutOf(container({ networks: [front] })), { gateway: '10.128.0.1', address: '10.128.0.10' });
    const bridge = { name: 'bridge', address: '172.17.0.2', gateway: '172.17.0.1', ...noMore };
    assert.equal(shortcutOf(container({ networks: [front, bridge] }))?.gateway, '10.128.0.1');
    assert.match(shortcutRules({ gateway: '10.128.1.1', address: '' }), /dnat to 10\.128\.1\.1\n/);
  });

  test('leads a container that came to a network later to the resolver of that', () => {
    const bridge = { name: 'bridge', address: '172.17.0.2', gateway: '172.17.0.1', ...noMore };
    const late = container({ dns: [], networks: [bridge, back] });
    assert.deepEqual(shortcutOf(late), { gateway: '10.128.1.1', address: '10.128.1.10' });
    assert.deepEqual(shortcutOf({ ...late, dns: ['192.0.2.53'] }), shortcutOf(late), 'with resolvers of its own');
    assert.equal(shortcutOf(container({ dns: [], networks: [bridge] })), undefined);
    const internal = new Set([back.name]);
    assert.equal(shortcutOf(late, internal), undefined, 'names of outside would be refused');
    assert.equal(shortcutOf({ ...late, networks: [bridge, back, front] }, internal)?.gateway, front.gateway);
    assert.equal(shortcutOf({ ...late, networks: [back] }, internal)?.gateway, back.gateway);
  });

  test('is none where Docker knows other names, and where nothing runs', () => {
    const lan = { name: 'lan', address: '172.18.0.2', gateway: '172.18.0.1', ...noMore };
    for (const changes of [
      { networks: [front, lan] },
      { networks: [] },
      { networks: [{ name: 'host', address: '', gateway: '', ...noMore }] },
      { pid: 0 },
      { networks: [{ ...front, address: '1; reboot' }] },
    ])
      assert.equal(shortcutOf(container(changes)), undefined, JSON.stringify(changes));
  });
});

/** An engine whose containers are what the test says. */
function fakeEngine(containers: Map<string, Attachments>) {
  let tell: ((change: { container: string; network: string; has: boolean }) => void) | undefined;
  let streams = 0;
  const engine: ShortcutPorts['engine'] = {
    async *attachmentChanges({ signal, onOpen }) {
      streams += 1;
      let next = Promise.withResolvers<{ container: string; network: string; has: boolean } | undefined>();
      signal.addEventListener('abort', () => next.resolve(undefined));
      tell = (change) => next.resolve(change);
      onOpen();
      for (;;) {
        const change = await next.promise;
        if (change === undefined) return;
        next = Promise.withResolvers();
        yield change;
      }
    },
    listNetworks: async () => [],
    runningOn: async () =>
      await Promise.resolve(
        [...containers].map(([id, { networks }]) => ({ id, networks: networks.map(({ name }) => name) })),
      ),
    attachmentsOf: async (id) => await Promise.resolve(containers.get(id)),
  };
  return {
    engine,
    streams: () => streams,
    tell: (id: string, network: string) => tell?.({ container: id, network, has: true }),
  };
}

test('containers that run have one at once, others when they come, and none when it would be wrong', async () => {
  const containers = new Map([
    ['old', container()],
    ['other', container({ networks: [] })],
  ]);
  const { engine, tell } = fakeEngine(containers);
  const calls: string[] = [];
  await using _ = createShortcuts({
    engine,
    clock: { sleep: async (_ms, signal) => await systemClock.sleep(1, signal) },
    log: silentLog,
    exec: async (command, args, options) => {
      assert.equal(command, 'nice');
      calls.push(`${args[4]} ${args.at(-1)} ${/dnat to (\S+)/.exec(options?.input ?? '')?.[1] ?? 'removed'}`);
      return await Promise.resolve({ code: 0, stdout: '', stderr: '' });
    },
  });
  const becomes = async (...wanted: string[]): Promise<void> => {
    await until(
      'the calls',
      () => Promise.resolve(calls.length),
      (count) => count === wanted.length,
    );
    assert.deepEqual(calls, wanted);
  };
  await becomes('7 10.128.1.10 10.128.1.1');
  containers.set('new', container({ pid: 8, networks: [front] }));
  tell('new', front.name);
  await becomes('7 10.128.1.10 10.128.1.1', '8 10.128.0.10 10.128.0.1');
  calls.length = 0;
  // Started anew, it is in another namespace.
  containers.set('new', container({ pid: 9, networks: [front] }));
  tell('new', front.name);
  await becomes('9 10.128.0.10 10.128.0.1');
  containers.set('new', container({ pid: 9, networks: [front, { ...front, name: 'lan' }] }));
  tell('new', 'lan');
  await becomes('9 10.128.0.10 10.128.0.1', '9  removed');
  containers.set('new', container({ pid: 9, networks: [front] }));
  tell('new', 'lan');
  await becomes('9 10.128.0.10 10.128.0.1', '9  removed', '9 10.128.0.10 10.128.0.1');
});

test('one that came to a network later is looked at until it has one: it is told of before it runs', async () => {
  const containers = new Map([['late', container({ pid: 0, dns: [], networks: [front] })]]);
  const { engine } = fakeEngine(containers);
  const calls: string[] = [];
  let looks = 0;
  await using _ = createShortcuts({
    engine: {
      ...engine,
      attachmentsOf: async (id, options) => {
        looks += 1;
        if (looks === 3) containers.set(id, container({ pid: 7, dns: [], networks: [front] }));
        return await engine.attachmentsOf(id, options);
      },
    },
    clock: { sleep: async (_ms, signal) => await systemClock.sleep(1, signal) },
    log: silentLog,
    exec: async (_command, args) => {
      calls.push(`${args[1]} ${args[4]} ${args.at(-1)}`);
      return await Promise.resolve({ code: calls.length === 1 ? 3 : 0, stdout: '', stderr: '' });
    },
  });
  await until(
    'the calls',
    () => Promise.resolve(calls.length),
    (count) => count === 2,
  );
  assert.deepEqual(calls, ['0 7 10.128.0.10', '0 7 10.128.0.10']);
});

test('they are taken from the containers that stay', async () => {
  const containers = new Map([
    ['one', container()],
    ['other', container({ networks: [] })],
    ['stopped', container({ pid: 0 })],
  ]);
  const inputs: string[] = [];
  const exec = async (_command: string, args: readonly string[], options?: { readonly input?: string }) => {
    inputs.push(`${args[4]} ${options?.input?.includes('delete table ip tutti_names')}`);
    return await Promise.resolve({ code: 0, stdout: '', stderr: '' });
  };
  await removeShortcuts({ engine: fakeEngine(containers).engine, exec }, new AbortController().signal);
  assert.deepEqual(inputs, ['7 true']);
});
