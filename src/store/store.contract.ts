import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createStore } from './create.ts';
import type { DriverHarness } from './driver.contract.ts';
import { aNode, aService, aStatus, aTask, within } from './fixtures.ts';
import { hasCode } from './has-code.ts';
import type { Node } from '../model/node.ts';
import type { Commit, Store } from './store.ts';

const openStore = async (harness: DriverHarness, historyRows?: number): Promise<Store> =>
  createStore({
    driver: await harness.open(),
    clock: { now: () => 7 },
    ...(historyRows === undefined ? {} : { historyRows }),
  });

/** What the store must do over every driver. */
export const storeContract = (name: string, make: () => DriverHarness | Promise<DriverHarness>): void => {
  describe(`store contract: ${name}`, () => {
    it('gives each transaction a revision and stamps rows with it', async () => {
      await using harness = await make();
      await using store = await openStore(harness);
      const first = await store.update((tx) => tx.create('task', aTask('t1')));
      const second = await store.update((tx) => tx.create('task', aTask('t2')));
      assert.deepEqual([first.revision, second.revision, store.view.revision], [1, 2, 2]);
      assert.deepEqual(store.view.get('task', 't2'), aTask('t2', { version: 2, updatedAt: 7 }));
      const read = await store.update((tx) => tx.count('task'));
      assert.deepEqual(read, { value: 2, revision: 2 });
    });

    it('keeps everything over a restart, indexes and the checkpoint of soft rows too', async () => {
      await using harness = await make();
      {
        await using store = await openStore(harness);
        await store.update((tx) => {
          tx.create('service', aService('Web', { stack: 'app' }));
          tx.create('task', aTask('t1', { nodeId: 'node-a' as never }));
          tx.create('task', aTask('t2'));
        });
        await store.update((tx) => tx.delete('task', 't2'));
        store.observe((tx) => tx.put('taskStatus', 't1', aStatus('t1')));
        store.observe((tx) => tx.put('taskStatus', 't2', aStatus('t2')));
        await store.checkpoint();
      }
      await using store = await openStore(harness);
      assert.equal(store.view.revision, 2);
      assert.deepEqual(store.view.find('service', 'name', 'web')[0]?.spec.name, 'Web');
      assert.equal(store.view.countOf('service', 'stack', 'app'), 1);
      assert.equal(store.view.countOf('task', 'node', 'node-a'), 1);
      assert.deepEqual(store.view.get('taskStatus', 't1'), aStatus('t1'));
      assert.equal(store.view.get('taskStatus', 't2'), undefined);
    });

    it('refuses a write against a version that is not the stored one', async () => {
      await using harness = await make();
      await using store = await openStore(harness);
      await store.update((tx) => tx.create('task', aTask('t1')));
      await store.update((tx) => tx.update('task', aTask('t1', { slot: 2 }), 1));
      await assert.rejects(
        store.update((tx) => tx.update('task', aTask('t1', { slot: 3 }), 1)),
        hasCode('version-mismatch', /update out of sequence: task t1 .*version 2, not 1/),
      );
      await assert.rejects(
        store.update((tx) => tx.delete('task', 't1', 1)),
        hasCode('version-mismatch'),
      );
      assert.equal(store.view.get('task', 't1')?.slot, 2);
    });

    it('lets a client change the specification that it has read, whatever else was written since', async () => {
      await using harness = await make();
      {
        await using store = await openStore(harness);
        await store.update((tx) => tx.create('node', aNode('n1')));
      }
      // Read back from the disk, the rows are other objects.
      await using store = await openStore(harness);
      const { id } = aNode('n1');
      const at = (): Node => {
        const node = store.view.get('node', id);
        assert.ok(node !== undefined);
        return node;
      };
      const relabel = async (label: string, specReadAt: number): Promise<unknown> =>
        store.update((tx) => tx.update('node', { ...at(), spec: { ...at().spec, labels: { label } } }, { specReadAt }));
      const read = at().version;
      for (const mac of ['02:00', '02:01'])
        await store.update((tx) => tx.update('node', { ...at(), overlay: { address: '100.127.0.1', mac } }));
      await assert.rejects(relabel('of tomorrow', at().version + 1), hasCode('version-mismatch'));
      await relabel('first', read);
      await assert.rejects(relabel('second', read), hasCode('version-mismatch', /update out of sequence: node n1/));
      await assert.rejects(relabel('second', read + 2), hasCode('version-mismatch'));
      await relabel('second', at().version);
      assert.deepEqual(at().spec.labels, { label: 'second' });
    });

    it('refuses what is not there and what is there already', async () => {
      await using harness = await make();
      await using store = await openStore(harness);
      await store.update((tx) => tx.create('task', aTask('t1')));
      await assert.rejects(
        store.update((tx) => tx.update('task', aTask('t9'))),
        hasCode('not-found', /task t9/),
      );
      await assert.rejects(
        store.update((tx) => tx.delete('task', 't9')),
        hasCode('not-found'),
      );
      await assert.rejects(
        store.update((tx) => tx.create('task', aTask('t1'))),
        hasCode('already-exists'),
      );
    });

    it('keeps names unique without case, except those of nodes', async () => {
      await using harness = await make();
      await using store = await openStore(harness);
      const twin = aService('WEB', { id: 'other' as never });
      await store.update((tx) => tx.create('service', aService('web')));
      await assert.rejects(
        store.update((tx) => tx.create('service', twin)),
        hasCode('already-exists', /service web already exists/),
      );
      await store.update((tx) => {
        tx.create('service', aService('api'));
        assert.throws(
          () => tx.update('service', { ...aService('api'), spec: aService('web').spec }),
          hasCode('already-exists'),
        );
        tx.delete('service', 'service-web');
        tx.create('service', twin);
      });
      assert.equal(store.view.find('service', 'name', 'Web')[0]?.id, 'other');
      await store.update((tx) => {
        tx.create('node', aNode('same'));
        tx.create('node', aNode('same', { id: 'second' as never }));
      });
      assert.equal(store.view.countOf('node', 'name', 'same'), 2);
    });

    it('writes all of a transaction or none', async () => {
      await using harness = await make();
      await using store = await openStore(harness);
      await store.update((tx) => tx.create('task', aTask('t1')));
      const failed = store.update((tx) => {
        tx.create('task', aTask('t2'));
        tx.update('task', aTask('t1', { slot: 9 }));
        throw new Error('no');
      });
      await assert.rejects(failed, /no/);
      assert.deepEqual([store.view.count('task'), store.view.get('task', 't1')?.slot, store.view.revision], [1, 1, 1]);
    });

    it('shows a transaction its own writes, through indexes and counts, and nobody else before they are durable', async () => {
      await using harness = await make();
      await using store = await openStore(harness);
      await store.update((tx) => {
        tx.create('task', aTask('t1', { nodeId: 'a' as never }));
        tx.create('task', aTask('t2', { nodeId: 'a' as never }));
      });
      await store.update((tx) => {
        tx.update('task', aTask('t1', { nodeId: 'b' as never }));
        tx.create('task', aTask('t3', { nodeId: 'a' as never }));
        const ids = (node: string) => tx.find('task', 'node', node).map(({ id }) => id);
        assert.deepEqual([ids('a').sort(), ids('b')], [['t2', 't3'], ['t1']]);
        tx.delete('task', 't2');
        assert.deepEqual([ids('a'), tx.countOf('task', 'node', 'a'), tx.countOf('task', 'node', 'b')], [['t3'], 1, 1]);
        assert.deepEqual([tx.count('task'), [...tx.list('task')].length, tx.get('task', 't2')], [2, 2, undefined]);
        assert.equal(store.view.countOf('task', 'node', 'a'), 2);
      });
      assert.deepEqual(
        store.view.find('task', 'node', 'a').map(({ id }) => id),
        ['t3'],
      );
    });

    it('runs concurrent updates in order, each on what those before it wrote; a throwing one is left out alone', async () => {
      await using harness = await make();
      await using store = await openStore(harness);
      await store.update((tx) => tx.create('task', aTask('t1', { slot: 0 })));
      const bump = (by: number) =>
        store.update((tx) => {
          const task = tx.get('task', 't1');
          assert.ok(task !== undefined);
          tx.update('task', { ...task, slot: (task.slot ?? 0) + by }, task.version);
          if (by === 100) throw new Error('left out');
          return task.slot;
        });
      const results = await Promise.allSettled([bump(1), bump(100), bump(2), bump(3)]);
      assert.deepEqual(
        results.map((result) => (result.status === 'fulfilled' ? result.value : 'failed')),
        [{ value: 0, revision: 2 }, 'failed', { value: 1, revision: 3 }, { value: 3, revision: 4 }],
      );
      assert.equal(store.view.get('task', 't1')?.slot, 6);
    });

    it('takes back a throwing transaction that wrote over an earlier one of its group', async () => {
      await using harness = await make();
      await using store = await openStore(harness);
      await Promise.allSettled([
        store.update((tx) => tx.create('service', aService('web'))),
        store.update((tx) => {
          tx.delete('service', 'service-web');
          throw new Error('left out');
        }),
        store.update((tx) => {
          assert.equal(tx.countOf('service', 'name', 'web'), 1);
          tx.create('task', aTask('t1'));
        }),
      ]);
      assert.equal(store.view.find('service', 'name', 'web').length, 1);
      assert.equal(store.view.count('task'), 1);
    });

    it('tells listeners each row once per transaction, with what it was', async () => {
      await using harness = await make();
      await using store = await openStore(harness);
      const seen: Commit[] = [];
      using _ = store.subscribe((commit) => seen.push(commit));
      await store.update((tx) => {
        tx.create('task', aTask('t1'));
        tx.update('task', aTask('t1', { slot: 4 }));
        tx.create('task', aTask('t2'));
        tx.delete('task', 't2');
      });
      store.observe((tx) => tx.put('taskStatus', 't1', aStatus('t1')));
      await store.update((tx) => tx.count('task'));
      assert.deepEqual(
        seen.map(({ revision, durable, changes }) => [revision, durable, changes.length]),
        [
          [1, true, 1],
          [1, false, 1],
        ],
      );
      const change = seen[0]?.changes[0];
      assert.ok(change?.table === 'task');
      assert.deepEqual([change.before, change.after?.slot], [undefined, 4]);
    });

    it('applies soft writes at once, all or none', async () => {
      await using harness = await make();
      await using store = await openStore(harness);
      store.observe((tx) => tx.put('taskStatus', 't1', aStatus('t1', { nodeId: 'a' as never })));
      assert.throws(() =>
        store.observe((tx) => {
          tx.put('taskStatus', 't2', aStatus('t2'));
          tx.drop('taskStatus', 't1');
          assert.equal(tx.count('taskStatus'), 1);
          throw new Error('no');
        }),
      );
      assert.equal(store.view.countOf('taskStatus', 'node', 'a'), 1);
      store.observe((tx) => tx.drop('taskStatus', 't1'));
      assert.equal(store.view.count('taskStatus'), 0);
    });

    it('counts the changes of each table, durable and soft ones, and of no other', async () => {
      await using harness = await make();
      await using store = await openStore(harness);
      const { view } = store;
      const before = [view.generation('task'), view.generation('taskStatus'), view.generation('node')];
      await store.update((tx) => tx.create('task', aTask('t1')));
      const durable = view.generation('task');
      assert.ok(durable > (before[0] ?? 0));
      store.observe((tx) => tx.put('taskStatus', 't1', aStatus('t1')));
      assert.ok(view.generation('taskStatus') > (before[1] ?? 0));
      await assert.rejects(store.update((tx) => tx.create('task', aTask('t1'))));
      assert.deepEqual([view.generation('task'), view.generation('node')], [durable, before[2]]);
    });

    it('gives watchers every durable commit after a revision, in order', async () => {
      await using harness = await make();
      await using store = await openStore(harness);
      for (const id of ['t1', 't2', 't3']) await store.update((tx) => tx.create('task', aTask(id)));
      const stop = new AbortController();
      const late = collect(store.watch({ from: 1, signal: stop.signal }), 4);
      const live = collect(store.watch({ signal: stop.signal }), 2);
      store.observe((tx) => tx.put('taskStatus', 't1', aStatus('t1')));
      await Promise.all(['t4', 't5'].map((id) => store.update((tx) => tx.create('task', aTask(id)))));
      assert.deepEqual(await within(30_000, late), [2, 3, 4, 5]);
      assert.deepEqual(await within(30_000, live), [4, 5]);
      stop.abort();
    });

    it('ends a watch when its signal aborts and when the store closes', async () => {
      await using harness = await make();
      const store = await openStore(harness);
      const stop = new AbortController();
      const aborted = collect(store.watch({ signal: stop.signal }), 1);
      const closed = collect(store.watch({ signal: new AbortController().signal }), 1);
      stop.abort();
      assert.deepEqual(await within(30_000, aborted), []);
      await store[Symbol.asyncDispose]();
      assert.deepEqual(await within(30_000, closed), []);
      await assert.rejects(
        store.update(() => 1),
        hasCode('unavailable'),
      );
    });

    it('tells a watcher that asks for what is not kept, or is too slow', async () => {
      await using harness = await make();
      await using store = await openStore(harness, 10);
      const signal = AbortSignal.timeout(30_000);
      await store.update((tx) => tx.create('task', aTask('first')));
      const slow = store.watch({ from: 0, signal })[Symbol.asyncIterator]();
      assert.equal(((await slow.next()).value as Commit).revision, 1);
      for (let index = 0; index < 50; index += 1) {
        await store.update((tx) => tx.create('task', aTask(`t${index}`)));
      }
      await assert.rejects(slow.next(), hasCode('resource-exhausted'));
      assert.throws(() => store.watch({ from: 1, signal }), hasCode('resource-exhausted'));
      assert.throws(() => store.watch({ from: 99, signal }), hasCode('invalid-argument'));
      assert.deepEqual(await collect(store.watch({ from: 50, signal }), 1), [51]);
    });

    it('serves watchers that begin after a restart from the stored revision only', async () => {
      await using harness = await make();
      {
        await using store = await openStore(harness);
        await store.update((tx) => tx.create('task', aTask('t1')));
      }
      await using store = await openStore(harness);
      const signal = AbortSignal.timeout(30_000);
      assert.throws(() => store.watch({ from: 0, signal }), hasCode('resource-exhausted'));
      const next = collect(store.watch({ from: 1, signal }), 1);
      await store.update((tx) => tx.create('task', aTask('t2')));
      assert.deepEqual(await next, [2]);
    });
  });
};

const collect = async (commits: AsyncIterable<Commit>, count: number): Promise<number[]> => {
  const revisions: number[] = [];
  for await (const { revision } of commits) {
    revisions.push(revision);
    if (revisions.length === count) break;
  }
  return revisions;
};
