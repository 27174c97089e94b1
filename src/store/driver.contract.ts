import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Driver } from './driver.ts';
import { aNode, aService, aTask } from './fixtures.ts';
import { hasCode } from './has-code.ts';

/** A place that commits are kept in, which can be opened, closed and opened again. */
export interface DriverHarness extends AsyncDisposable {
  /** Opens the same place again; the one before is closed by the caller. */
  open(): Driver | Promise<Driver>;
}

/** What every driver must do. */
export const driverContract = (name: string, make: () => DriverHarness | Promise<DriverHarness>): void => {
  describe(`driver contract: ${name}`, () => {
    it('begins empty at revision 0', async () => {
      await using harness = await make();
      await using driver = await harness.open();
      assert.deepEqual(await contents(driver), { revision: 0, rows: {} });
      assert.equal(await driver.loadCheckpoint(), undefined);
    });

    it('keeps rows over being closed and opened', async () => {
      await using harness = await make();
      const [service, task] = [aService('web'), aTask('t1', { serviceName: 'wéb "x"\n' })];
      {
        await using driver = await harness.open();
        await driver.commit(0, 3, [
          { table: 'service', id: service.id, after: service },
          { table: 'task', id: task.id, after: task },
        ]);
      }
      await using driver = await harness.open();
      assert.deepEqual(await contents(driver), {
        revision: 3,
        rows: { [`service ${service.id}`]: service, 'task t1': task },
      });
    });

    it('replaces and deletes rows, the last write of a commit winning', async () => {
      await using harness = await make();
      await using driver = await harness.open();
      await driver.commit(0, 1, [
        { table: 'task', id: 't1', after: aTask('t1') },
        { table: 'task', id: 't2', after: aTask('t2') },
      ]);
      await driver.commit(1, 2, [
        { table: 'task', id: 't1', after: aTask('t1', { slot: 2 }) },
        { table: 'task', id: 't1', after: aTask('t1', { slot: 3 }) },
        { table: 'task', id: 't2', after: undefined },
        { table: 'task', id: 'never-was' },
      ]);
      assert.deepEqual(await contents(driver), { revision: 2, rows: { 'task t1': aTask('t1', { slot: 3 }) } });
    });

    it('keeps tables apart', async () => {
      await using harness = await make();
      await using driver = await harness.open();
      const [node, task] = [aNode('same', { id: 'same' as never }), aTask('same')];
      await driver.commit(0, 1, [
        { table: 'node', id: 'same', after: node },
        { table: 'task', id: 'same', after: task },
      ]);
      await driver.commit(1, 2, [{ table: 'task', id: 'same' }]);
      assert.deepEqual((await contents(driver)).rows, { 'node same': node });
    });

    it('refuses a commit that does not follow the stored revision, and stores nothing of it', async () => {
      await using harness = await make();
      await using driver = await harness.open();
      await driver.commit(0, 1, [{ table: 'task', id: 't1', after: aTask('t1') }]);
      await assert.rejects(
        driver.commit(0, 1, [{ table: 'task', id: 't2', after: aTask('t2') }]),
        hasCode('version-mismatch'),
      );
      assert.deepEqual(Object.keys((await contents(driver)).rows), ['task t1']);
      await driver.commit(1, 2, [{ table: 'task', id: 't3', after: aTask('t3') }]);
      assert.equal((await contents(driver)).revision, 2);
    });

    it('keeps the newest checkpoint, apart from revisions', async () => {
      await using harness = await make();
      {
        await using driver = await harness.open();
        await driver.saveCheckpoint('one');
        await driver.saveCheckpoint('two');
      }
      await using driver = await harness.open();
      assert.equal(await driver.loadCheckpoint(), 'two');
      assert.equal((await driver.load()).revision, 0);
    });
  });
};

const contents = async (driver: Driver): Promise<{ revision: number; rows: Record<string, unknown> }> => {
  const { revision, rows } = await driver.load();
  return { revision, rows: Object.fromEntries([...rows].map(({ table, id, row }) => [`${table} ${id}`, row])) };
};
