import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import { createStore } from './create.ts';
import { memoryDisk, memoryDriver } from './drivers/memory.ts';
import { aService } from './fixtures.ts';
import { TuttiError } from '../model/errors.ts';
import type { Service } from '../model/service.ts';
import type { Commit, Store, Transaction, View } from './store.ts';

type Operation =
  | { readonly kind: 'create' | 'update'; readonly id: number; readonly name: number; readonly stack: number }
  | { readonly kind: 'delete'; readonly id: number };

interface Step {
  readonly operations: readonly Operation[];
  /** Throws after its operations, so that it is to be left out. */
  readonly fails: boolean;
  /** Begins together with the step before. */
  readonly joins: boolean;
}

const keys = fc.nat(5);
const operation: fc.Arbitrary<Operation> = fc.oneof(
  fc.record({ kind: fc.constantFrom('create' as const, 'update' as const), id: keys, name: keys, stack: fc.nat(2) }),
  fc.record({ kind: fc.constant('delete' as const), id: keys }),
);
const step: fc.Arbitrary<Step> = fc.record({
  operations: fc.array(operation, { maxLength: 6 }),
  fails: fc.boolean(),
  joins: fc.boolean(),
});

const row = ({ id, name, stack }: { id: number; name: number; stack: number }): Service =>
  aService(`name${name}`, { id: `id${id}` as never, stack: `stack${stack}` });

/** The naive store: one map, copied for each transaction. */
type Rows = Map<string, Service>;

const applyNaively = (rows: Rows, one: Operation): Rows | undefined => {
  const id = `id${one.id}`;
  if (rows.has(id) === (one.kind === 'create')) return undefined;
  const next = new Map(rows);
  if (one.kind === 'delete') next.delete(id);
  else {
    const made = row(one);
    if ([...rows.values()].some((other) => other.id !== id && other.spec.name === made.spec.name)) return undefined;
    next.set(id, made);
  }
  return next;
};

const apply = (transaction: Transaction, one: Operation): void => {
  if (one.kind === 'delete') transaction.delete('service', `id${one.id}`);
  else transaction[one.kind]('service', row(one));
};

/** Everything that a view can be asked. */
const seen = (view: View) => ({
  rows: [...view.list('service')].map(({ id, spec }) => `${id} ${spec.name}`).toSorted(),
  count: view.count('service'),
  names: range.map((name) => view.find('service', 'name', `name${name}`).map(({ id }) => id)),
  stacks: range.map((stack) =>
    view
      .find('service', 'stack', `stack${stack}`)
      .map(({ id }) => id)
      .toSorted(),
  ),
  counts: range.map((stack) => view.countOf('service', 'stack', `stack${stack}`)),
  gets: range.map((id) => view.get('service', `id${id}`)?.spec.name),
});

const seenNaively = (rows: Rows): ReturnType<typeof seen> => {
  const all = [...rows.values()];
  const ids = (test: (service: Service) => boolean) =>
    all
      .filter(test)
      .map(({ id }) => id)
      .toSorted();
  const stackOf = ({ spec }: Service) => Object.values(spec.labels ?? {})[0];
  return {
    rows: all.map(({ id, spec }) => `${id} ${spec.name}`).toSorted(),
    count: all.length,
    names: range.map((name) => ids(({ spec }) => spec.name === `name${name}`)),
    stacks: range.map((stack) => ids((service) => stackOf(service) === `stack${stack}`)),
    counts: range.map((stack) => ids((service) => stackOf(service) === `stack${stack}`).length),
    gets: range.map((id) => rows.get(`id${id}`)?.spec.name),
  };
};

const range = [0, 1, 2, 3, 4, 5];

/** Runs one step on both, asking both everything after every operation. Returns the naive rows after it. */
const runStep = (transaction: Transaction, before: Rows, { operations, fails }: Step): Rows => {
  let rows = before;
  assert.deepEqual(seen(transaction), seenNaively(rows));
  for (const one of operations) {
    const next = applyNaively(rows, one);
    if (next === undefined) assert.throws(() => apply(transaction, one), TuttiError);
    else apply(transaction, one);
    rows = next ?? rows;
    assert.deepEqual(seen(transaction), seenNaively(rows));
  }
  if (fails) throw new Left();
  return rows;
};

class Left extends Error {}

const runAll = async (store: Store, steps: readonly Step[]): Promise<Rows> => {
  let rows: Rows = new Map();
  let running: Promise<unknown>[] = [];
  for (const one of steps) {
    if (!one.joins) await Promise.all(running.splice(0));
    running.push(
      store
        .update((transaction) => {
          rows = runStep(transaction, rows, one);
        })
        .catch((error: unknown) => {
          if (!(error instanceof Left)) throw error;
        }),
    );
  }
  await Promise.all(running);
  running = [];
  return rows;
};

it('behaves as the naive store does, whatever is run together and whatever fails', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
      const disk = memoryDisk();
      const commits: Commit[] = [];
      {
        await using store = await createStore({ driver: memoryDriver(disk), clock: { now: () => 1 } });
        using _ = store.subscribe((commit) => commits.push(commit));
        const rows = await runAll(store, steps);
        assert.deepEqual(seen(store.view), seenNaively(rows));
        assert.deepEqual(
          replay(commits),
          [...store.view.list('service')].map(({ id, version }) => `${id} ${version}`).toSorted(),
        );
        assert.deepEqual(
          commits.map(({ revision }) => revision),
          commits.map((_commit, index) => index + 1),
        );
      }
      await using again = await createStore({ driver: memoryDriver(disk), clock: { now: () => 1 } });
      assert.equal(again.view.revision, commits.length);
      assert.deepEqual(
        replay(commits),
        [...again.view.list('service')].map(({ id, version }) => `${id} ${version}`).toSorted(),
      );
    }),
    { numRuns: 300 },
  );
});

/** What a watcher that begins with nothing has in the end; each change must say rightly what was there before. */
const replay = (commits: readonly Commit[]): string[] => {
  const rows = new Map<string, unknown>();
  for (const { changes } of commits) {
    for (const { id, before, after } of changes) {
      assert.equal(rows.get(id), before);
      if (after === undefined) rows.delete(id);
      else rows.set(id, after);
    }
  }
  return [...rows].map(([id, value]) => `${id} ${(value as Service).version}`).toSorted();
};
