import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { NodeId } from '../../model/ids.ts';
import { holderOf } from './holder.ts';
import type { Claimant } from './holder.ts';

const claimant = (id: string, over: Partial<Claimant> = {}): Claimant => ({
  id: id as NodeId,
  createdAt: 0,
  holds: false,
  proven: false,
  silent: false,
  ...over,
});

test('what a node has and says is its own stays its own while it is heard', () => {
  const victim = claimant('victim', { holds: true, createdAt: 9 });
  assert.equal(holderOf([claimant('thief'), victim]), 'victim');
  assert.equal(holderOf([claimant('thief', { proven: true }), victim]), 'victim', 'both come from one address');
});

test('of a node that is silent it goes to the one that proves to have it, and to no other', () => {
  const gone = claimant('gone', { holds: true, silent: true });
  assert.equal(holderOf([gone, claimant('thief')]), 'gone');
  assert.equal(holderOf([gone, claimant('thief', { proven: true, silent: true })]), 'gone', 'it is silent itself');
  assert.equal(holderOf([gone, claimant('thief'), claimant('anew', { proven: true })]), 'anew');
  const back = { ...gone, holds: false, silent: false, proven: true };
  assert.equal(holderOf([back, claimant('anew', { holds: true })]), 'anew', 'who has it now keeps it');
});

test('what nobody has any more goes to who proves it, is heard, or was there first', () => {
  const first = claimant('z', { createdAt: 1 });
  const second = claimant('a', { createdAt: 2 });
  assert.equal(holderOf([second, first]), 'z');
  assert.equal(holderOf([{ ...second, proven: true }, first]), 'a');
  assert.equal(holderOf([second, { ...first, silent: true }]), 'a');
  assert.equal(holderOf([{ ...second, createdAt: 1 }, first]), 'a', 'the ids decide');
  assert.equal(holderOf([]), undefined);
});

test('one holder, whatever the order, and asked again the same', () => {
  const any = fc.uniqueArray(
    fc.record({
      id: fc.constantFrom('a', 'b', 'c', 'd').map((id) => id as NodeId),
      createdAt: fc.nat(2),
      holds: fc.boolean(),
      proven: fc.boolean(),
      silent: fc.boolean(),
    }),
    { selector: ({ id }) => id, minLength: 1 },
  );
  fc.assert(
    fc.property(any, (claimants) => {
      const holder = holderOf(claimants);
      assert.equal(holderOf(claimants.toReversed()), holder);
      assert.equal(holderOf(claimants.map((one) => ({ ...one, holds: one.id === holder }))), holder);
    }),
  );
});
