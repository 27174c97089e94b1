import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { look } from './look.ts';
import type { Changing } from './look.ts';

/** Changes that begin while the given attempts read; what was done, in order. */
const looked = async (disturbed: readonly boolean[], fails = false): Promise<readonly string[]> => {
  const done: string[] = [];
  let stop = (): void => undefined;
  let reads = 0;
  const of: Changing<string> = {
    still: async () => void done.push('still'),
    disturbs: (call) => (stop = call),
    read: async (signal) => {
      done.push('read');
      await Promise.resolve();
      if (disturbed[reads++] === true) stop();
      signal.throwIfAborted();
      if (fails) throw new Error('no');
      return 'state';
    },
    accept: (state) => done.push(state ?? 'nothing'),
  };
  const clock = { sleep: async (ms: number) => void done.push(String(ms)) };
  await look(of, clock, new AbortController().signal);
  return done;
};

suite('a look at what may change meanwhile', () => {
  test('what was read while nothing changed is what there is', async () => {
    assert.deepEqual(await looked([]), ['still', 'read', 'state']);
  });

  test('a change puts an end to the reading, and it is read again later', async () => {
    assert.deepEqual(await looked([true, false]), ['still', 'read', '500', 'still', 'read', 'state']);
  });

  test('where changes come all the time it gives up, and says so', async () => {
    const attempt = (ms: number): string[] => ['still', 'read', String(ms)];
    assert.deepEqual(await looked([true, true, true]), [500, 1_000, 2_000].flatMap(attempt).concat('nothing'));
  });

  test('what cannot be read is not known', async () => {
    assert.deepEqual(await looked([], true), ['still', 'read', 'nothing']);
  });

  test('an end is an end', async () => {
    const of = {
      still: async () => undefined,
      disturbs: () => undefined,
      read: async () => assert.fail(),
      accept: () => assert.fail(),
    };
    const clock = { sleep: async () => undefined };
    await assert.rejects(look(of, clock, AbortSignal.abort(new Error('over'))), /over/);
  });
});
