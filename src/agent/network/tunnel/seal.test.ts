import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { AssignedPeer, AssignedSelf } from '../../../model/assignment.ts';
import { mustSeal, nextSeal, refuses, sends } from './seal.ts';
import type { Seal } from './seal.ts';

const self = (more: Partial<AssignedSelf>): AssignedSelf =>
  ({ machine: 'm1', publicKey: 'k1', ...more }) as AssignedSelf;
const peer = (more: Partial<AssignedPeer>): AssignedPeer =>
  ({ machine: 'm2', publicKey: 'k2', ...more }) as AssignedPeer;

suite('what must be encrypted', () => {
  test('auto: between different machines that both can', () => {
    const auto = self({ encryption: 'auto' });
    assert.equal(mustSeal(auto, peer({})), true);
    assert.equal(mustSeal(auto, peer({ machine: 'm1' })), false);
    assert.equal(mustSeal(auto, { ...peer({}), publicKey: undefined } as unknown as AssignedPeer), false);
  });
  test('on: everything, also where a node cannot; off, or a manager that does not say: nothing', () => {
    assert.equal(mustSeal(self({ encryption: 'on' }), { machine: 'm1' } as AssignedPeer), true);
    assert.equal(mustSeal(self({ encryption: 'off' }), peer({})), false);
    assert.equal(mustSeal(self({}), peer({})), false);
  });
});

suite('the steps of encryption with a peer', () => {
  /** The kinds that it goes through, looked at every second. */
  const steps = (first: Seal | undefined, wanted: boolean, metAt: number, seconds: number): string[] => {
    let seal = first;
    const kinds: string[] = [];
    for (let now = 0; now <= seconds * 1000; now += 1000) {
      seal = nextSeal(seal, { wanted, met: now >= metAt, now });
      if (kinds.at(-1) !== seal.kind) kinds.push(seal.kind);
    }
    return kinds;
  };
  test('a peer that nothing has gone to yet is never talked to in clear', () => {
    assert.deepEqual(steps(undefined, true, Number.POSITIVE_INFINITY, 100), ['sealed']);
    assert.deepEqual(steps(undefined, false, 0, 100), ['open']);
  });
  test('turned on: in clear until the handshake, then both ways for a while', () => {
    assert.deepEqual(steps({ kind: 'open' }, true, 3_000, 60), ['waiting', 'sending', 'sealed']);
  });
  test('turned on, and the peer never shakes hands: not in clear for ever', () => {
    assert.deepEqual(steps({ kind: 'open' }, true, Number.POSITIVE_INFINITY, 60), ['waiting', 'sealed']);
  });
  test('turned off: taken in clear before it is sent in clear', () => {
    const kinds = steps({ kind: 'sealed' }, false, 0, 60);
    assert.deepEqual(kinds, ['opening', 'closing', 'open']);
    assert.ok(sends({ kind: 'opening', since: 0 }) && !refuses({ kind: 'opening', since: 0 }));
  });
  test('turned on and off and on again ends sealed', () => {
    const off = nextSeal({ kind: 'sending', since: 0 }, { wanted: false, met: true, now: 1 });
    assert.equal(off.kind, 'opening');
    assert.deepEqual(steps(off, true, 0, 60), ['sending', 'sealed']);
  });
});
