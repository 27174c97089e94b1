/**
 * Run by crash.test.ts in a process of its own: writes to a SQLite store for ever and prints each revision once it is
 * acknowledged. `node crash.fixture.ts PATH`. Every transaction keeps the invariant that the test checks: the counter
 * on the two tasks `left` and `right` is the same, and there is a task `t<n>` for every transaction n.
 */
import { randomBytes } from 'node:crypto';
import { writeSync } from 'node:fs';
import { createStore } from '../create.ts';
import { aTask } from '../fixtures.ts';
import { sqliteDriver } from './sqlite.ts';

const [path = ''] = process.argv.slice(2);
const store = await createStore({ driver: sqliteDriver({ path }), clock: Date });
if (store.view.get('task', 'left') === undefined) {
  await store.update((tx) => {
    tx.create('task', aTask('left', { slot: 0 }));
    tx.create('task', aTask('right', { slot: 0 }));
  });
}

const write = async (): Promise<void> => {
  const { revision, value } = await store.update((tx) => {
    const left = tx.get('task', 'left');
    const right = tx.get('task', 'right');
    if (left?.slot === undefined || right === undefined) throw new Error('the store is empty');
    const count = left.slot + 1;
    tx.update('task', { ...left, slot: count });
    tx.create('task', aTask(`t${count}`, { serviceName: randomBytes(600).toString('hex') }));
    tx.update('task', { ...right, slot: count });
    return count;
  });
  writeSync(1, `${revision} ${value}\n`);
};

for (;;) await Promise.all([write(), write(), write()]);
