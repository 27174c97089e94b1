import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRounds } from './rounds.ts';

test('who asks during the work is served by the next round, together', async () => {
  const works: PromiseWithResolvers<void>[] = [];
  const ask = createRounds(async () => {
    const work = Promise.withResolvers<void>();
    works.push(work);
    await work.promise;
  });
  const done: string[] = [];
  const asked = async (name: string): Promise<void> => {
    await ask();
    done.push(name);
  };
  const turn = async (): Promise<void> => await new Promise((resolve) => setImmediate(resolve));
  const all = [asked('a'), asked('b')];
  await turn();
  assert.equal(works.length, 1);
  all.push(asked('c'), asked('d'));
  works[0]?.resolve();
  await turn();
  assert.deepEqual([works.length, done], [2, ['a', 'b']]);
  const failing = asked('e');
  works[1]?.resolve();
  await turn();
  assert.deepEqual(done, ['a', 'b', 'c', 'd']);
  works[2]?.reject(new Error('no'));
  await assert.rejects(failing, /no/);
  all.push(asked('f'));
  await turn();
  works[3]?.resolve();
  await Promise.all(all);
  assert.equal(works.length, 4);
});
