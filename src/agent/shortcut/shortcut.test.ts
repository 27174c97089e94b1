import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { until } from '../../../test/support/until.ts';
import { systemClock } from '../../platform/clock.ts';
import { silentLog } from '../../platform/log.ts';
import type { Attachments } from '../attachments/ports.ts';
import { fakeAttachments } from '../attachments/testing/fake.ts';
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

const engine = { listNetworks: async () => await Promise.resolve([]) };

test('containers that run have one at once, others when they come, and none when it would be wrong', async () => {
  const attachments = fakeAttachments([
    ['old', container()],
    ['other', container({ networks: [] })],
  ]);
  const calls: string[] = [];
  await using _ = createShortcuts({
    attachments,
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
  attachments.tell({ kind: 'known' });
  await becomes('7 10.128.1.10 10.128.1.1');
  attachments.present('new', container({ pid: 8, networks: [front] }));
  await becomes('7 10.128.1.10 10.128.1.1', '8 10.128.0.10 10.128.0.1');
  calls.length = 0;
  // Started anew, it is in another namespace.
  attachments.present('new', container({ pid: 9, networks: [front] }));
  await becomes('9 10.128.0.10 10.128.0.1');
  attachments.present('new', container({ pid: 9, networks: [front, { ...front, name: 'lan' }] }));
  await becomes('9 10.128.0.10 10.128.0.1', '9  removed');
  attachments.present('new', container({ pid: 9, networks: [front] }));
  await becomes('9 10.128.0.10 10.128.0.1', '9  removed', '9 10.128.0.10 10.128.0.1');
});

test('one that came to a network later is tried again until it has one', async () => {
  const attachments = fakeAttachments([['late', container({ dns: [], networks: [front] })]]);
  const calls: string[] = [];
  await using _ = createShortcuts({
    attachments,
    engine,
    clock: { sleep: async (_ms, signal) => await systemClock.sleep(1, signal) },
    log: silentLog,
    exec: async (_command, args) => {
      calls.push(`${args[1]} ${args[4]} ${args.at(-1)}`);
      return await Promise.resolve({ code: calls.length === 1 ? 3 : 0, stdout: '', stderr: '' });
    },
  });
  attachments.tell({ kind: 'known' });
  await until(
    'the calls',
    () => Promise.resolve(calls.length),
    (count) => count === 2,
  );
  assert.deepEqual(calls, ['0 7 10.128.0.10', '0 7 10.128.0.10']);
});

test('of one that ends while it is given one nothing is remembered', async () => {
  const attachments = fakeAttachments([['one', container()]]);
  const asked: PromiseWithResolvers<void>[] = [];
  await using _ = createShortcuts({
    attachments,
    engine,
    clock: { sleep: async (_ms, signal) => await systemClock.sleep(1, signal) },
    log: silentLog,
    exec: async () => {
      const answer = Promise.withResolvers<void>();
      asked.push(answer);
      await answer.promise;
      return { code: 0, stdout: '', stderr: '' };
    },
  });
  const isAsked = async (times: number): Promise<void> =>
    void (await until(
      'the calls',
      () => asked.length,
      (count) => count === times,
    ));
  attachments.tell({ kind: 'known' });
  await isAsked(1);
  attachments.ended('one');
  asked[0]?.resolve();
  await setImmediate();
  // Another process has the number now, in another namespace.
  attachments.present('one', container());
  await isAsked(2);
  asked[1]?.resolve();
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
  const running = [...containers].map(([id, { networks }]) => ({ id, networks: networks.map(({ name }) => name) }));
  const asked = {
    runningOn: async () => await Promise.resolve(running),
    attachmentsOf: async (id: string) => await Promise.resolve(containers.get(id)),
  };
  await removeShortcuts({ engine: asked, exec }, new AbortController().signal);
  assert.deepEqual(inputs, ['7 true']);
});
