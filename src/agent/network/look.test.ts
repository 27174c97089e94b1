import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { look } from './look.ts';

/** Changes that begin and end while the given attempts read. */
const changing = (disturbed: readonly boolean[], fails = false) => {
  let changes = 0;
  let reads = 0;
  let stills = 0;
  return {
    reads: () => reads,
    stills: () => stills,
    of: {
      read: async () => {
        reads += 1;
        const seen = `state ${changes}`;
        await Promise.resolve();
        if (disturbed[reads - 1] === true) changes += 2;
        if (fails) throw new Error('no');
        return seen;
      },
      changes: () => changes,
      still: async () => void (stills += 1),
    },
  };
};
const seen = async ({ of }: ReturnType<typeof changing>): Promise<string | undefined> => {
  const accepted: (string | undefined)[] = [];
  await look({ ...of, accept: (state) => accepted.push(state) }, signal);
  assert.equal(accepted.length, 1);
  return accepted[0];
};
const { signal } = new AbortController();

suite('a look at what may change meanwhile', () => {
  test('what was read while nothing changed is what there is', async () => {
    const one = changing([]);
    assert.equal(await seen(one), 'state 0');
    assert.deepEqual([one.reads(), one.stills()], [1, 1]);
  });

  test('what was read while something changed is read again', async () => {
    const one = changing([true, false]);
    assert.equal(await seen(one), 'state 2');
    assert.equal(one.reads(), 2);
  });

  test('where changes come all the time it gives up, and says so', async () => {
    const one = changing([true, true, true, true]);
    assert.equal(await seen(one), undefined);
    assert.deepEqual([one.reads(), one.stills()], [3, 3]);
  });

  test('what cannot be read is not known', async () => {
    assert.equal(await seen(changing([], true)), undefined);
  });

  test('an end is an end', async () => {
    const of = { ...changing([]).of, accept: assert.fail };
    await assert.rejects(look(of, AbortSignal.abort(new Error('over'))), /over/);
  });
});
