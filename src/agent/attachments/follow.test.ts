import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from '../../../test/support/until.ts';
import { TuttiError } from '../../model/errors.ts';
import { systemClock } from '../../platform/clock.ts';
import { silentLog } from '../../platform/log.ts';
import type { LogFields } from '../../platform/ports.ts';
import { followAttachments } from './follow.ts';
import type { AttachmentEngine, AttachmentEvent, Attachments } from './ports.ts';

const network = 'tutti-1-front0000';
const attached = (pid: number): Attachments => ({
  pid,
  dns: [],
  networks: [{ name: network, address: '10.128.1.10', gateway: '10.128.1.1', address6: '', mac: '' }],
});

/** An engine whose containers are what the test says, and which counts what it is asked. */
function fakeEngine(containers: Map<string, Attachments>) {
  let tell: (event: AttachmentEvent | undefined) => void = () => undefined;
  const asked: string[] = [];
  /** Answers are held back for these. */
  const held = new Map<string, Promise<void>>();
  let streams = 0;
  const engine: AttachmentEngine = {
    async *attachmentEvents({ signal, onOpen }) {
      streams += 1;
      const events: (AttachmentEvent | undefined)[] = [];
      let more = Promise.withResolvers<void>();
      tell = (event) => {
        events.push(event);
        more.resolve();
      };
      signal.addEventListener('abort', () => tell(undefined), { once: true });
      onOpen();
      for (;;) {
        await more.promise;
        more = Promise.withResolvers();
        for (const event of events.splice(0)) {
          if (event === undefined) return;
          yield event;
        }
      }
    },
    runningOn: async () => await Promise.resolve([...containers.keys()].map((id) => ({ id, networks: [network] }))),
    async attachmentsOf(id) {
      asked.push(id);
      await held.get(id);
      return await Promise.resolve(containers.get(id));
    },
  };
  const start = (id: string, pid: number): void => {
    containers.set(id, attached(pid));
    tell({ kind: 'joined', container: id, network });
    tell({ kind: 'started', container: id });
  };
  const end = (id: string): void => {
    containers.delete(id);
    tell({ kind: 'ended', container: id });
    tell({ kind: 'left', container: id, network });
  };
  const cut = (): void => tell(undefined);
  return { engine, asked, held, streams: () => streams, start, end, cut };
}

const clock = {
  ...systemClock,
  sleep: async (_ms: number, signal?: AbortSignal) => await systemClock.sleep(1, signal),
};

test('one stream and one inspection for each start, whoever subscribes', async () => {
  const { engine, asked, streams, start, end } = fakeEngine(new Map([['old', attached(5)]]));
  await using follower = followAttachments({ engine, clock, log: silentLog });
  const heard: string[] = [];
  const listen = (name: string) =>
    follower.subscribe((change) =>
      heard.push(`${name} ${change.kind}${change.kind === 'known' ? '' : ` ${change.container}`}`),
    );
  const hears = async (...wanted: string[]): Promise<void> => {
    await until(
      'changes',
      () => heard.length,
      (length) => length >= wanted.length,
    );
    assert.deepEqual(heard.splice(0), wanted);
  };
  follower.subscribe(() => {
    throw new Error('no');
  });
  listen('first');
  await hears('first known');
  const second = listen('second');
  await hears('second known');
  assert.deepEqual([...follower.containers.keys()], ['old']);
  start('new', 6);
  await hears('first present new', 'second present new');
  second[Symbol.dispose]();
  end('old');
  await hears('first ended old');
  assert.deepEqual(asked, ['old', 'new']);
  assert.equal(streams(), 1);
});

test('what starts before the containers are listed does not stand for all of them', async () => {
  const { engine, start } = fakeEngine(new Map([['old', attached(5)]]));
  const listing = Promise.withResolvers<void>();
  const runningOn: AttachmentEngine['runningOn'] = async (options) => {
    await listing.promise;
    return await engine.runningOn(options);
  };
  await using follower = followAttachments({ engine: { ...engine, runningOn }, clock, log: silentLog });
  const known: number[] = [];
  follower.subscribe(({ kind }) => kind === 'known' && known.push(follower.containers.size));
  const size = () => follower.containers.size;
  start('new', 6);
  await until('the new one', size, (seen) => seen === 1);
  await follower.settled();
  assert.deepEqual(known, []);
  listing.resolve();
  await until('both', size, (seen) => seen === 2);
  await follower.settled();
  assert.deepEqual(known, [2]);
});

test('a stream that broke is made up for, once', async () => {
  const containers = new Map([
    ['stays', attached(5)],
    ['goes', attached(6)],
  ]);
  const { engine, asked, streams, cut } = fakeEngine(containers);
  await using follower = followAttachments({ engine, clock, log: silentLog });
  const has = async (...wanted: string[]): Promise<void> => {
    const pids = () => [...follower.containers].map(([id, { pid }]) => `${id} ${pid}`).join();
    await until('containers', pids, (found) => found === wanted.join());
  };
  await has('stays 5', 'goes 6');
  containers.delete('goes');
  containers.set('stays', attached(8));
  containers.set('came', attached(9));
  asked.length = 0;
  cut();
  await has('stays 8', 'came 9');
  assert.deepEqual(asked, ['stays', 'came']);
  assert.equal(streams(), 2);
});

test('nobody waits for the inspection of another; what failed is asked for again', async () => {
  const { engine, held, asked, start } = fakeEngine(new Map());
  const slow = Promise.withResolvers<void>();
  held.set('slow', slow.promise);
  const broken = Promise.reject(new TuttiError('unavailable', 'away'));
  broken.catch(() => undefined);
  held.set('broken', broken);
  await using follower = followAttachments({ engine, clock, log: silentLog });
  const known = Promise.withResolvers<void>();
  follower.subscribe(() => known.resolve());
  await known.promise;
  const has = async (id: string): Promise<void> =>
    void (await until(
      id,
      () => follower.containers.has(id),
      (is) => is,
    ));
  start('slow', 5);
  start('broken', 6);
  start('quick', 7);
  await has('quick');
  assert.deepEqual([...follower.containers.keys()], ['quick']);
  slow.resolve();
  await has('slow');
  await assert.rejects(follower.settled(), /away/);
  held.delete('broken');
  await has('broken');
  await follower.settled();
  assert.equal(asked.filter((id) => id === 'slow').length, 1);
});

test('one that is never answered does not keep the others from being told of for longer than a minute', async () => {
  const { engine, held, start } = fakeEngine(new Map([['stuck', attached(5)]]));
  const stuck = Promise.withResolvers<void>();
  held.set('stuck', stuck.promise);
  const minutes: (() => void)[] = [];
  const warned: (LogFields | undefined)[] = [];
  const heard: string[] = [];
  const hears = async (...wanted: string[]): Promise<void> =>
    void (await until(
      'changes',
      () => heard.join(),
      (found) => found === wanted.join(),
    ));
  await using follower = followAttachments({
    engine,
    clock: {
      ...clock,
      after(ms, call) {
        if (ms === 60_000) minutes.push(call);
        return { cancel: () => undefined };
      },
    },
    log: { ...silentLog, warn: (_message, fields) => void warned.push(fields) },
  });
  follower.subscribe((change) => heard.push(change.kind === 'known' ? 'known' : `${change.kind} ${change.container}`));
  await until(
    'a minute to wait',
    () => minutes.length,
    (length) => length === 1,
  );
  for (const minute of minutes) minute();
  assert.deepEqual(heard, [], 'of none at all there is nothing to tell');
  start('new', 6);
  await hears('known');
  assert.deepEqual([...follower.containers.keys()], ['new']);
  assert.deepEqual(warned, [{ containers: 1, named: 'stuck' }]);
  start('newer', 7);
  await hears('known', 'present newer');
  stuck.resolve();
  await hears('known', 'present newer', 'present stuck');
});
