import assert from 'node:assert/strict';
import { test } from 'node:test';
import { engineGraceMs, judgeNode } from './heal.ts';
import type { NodeContact } from './heal.ts';

const options = { leaderSince: 1_000, nodeTimeoutMs: 3_000 };

test('a node that was heard within the timeout is ready', () => {
  assert.deepEqual(judgeNode({ connected: true, lastSeen: 9_000 }, { ...options, now: 10_999 }), {
    state: 'ready',
    message: '',
    judgeAgainAt: 11_000,
  });
});

test('silence for the timeout makes a node down, connected or not', () => {
  assert.equal(judgeNode({ connected: true, lastSeen: 9_000 }, { ...options, now: 12_000 }).state, 'down');
  assert.equal(judgeNode({ connected: false, lastSeen: 9_000 }, { ...options, now: 12_000 }).state, 'down');
});

test('a lost connection alone does not', () => {
  assert.equal(judgeNode({ connected: false, lastSeen: 9_000 }, { ...options, now: 9_001 }).state, 'disconnected');
});

test('one whose agent is not heard is given time while its machine answers', () => {
  for (const connected of [true, false]) {
    const at = (now: number, answeredAt?: number) =>
      judgeNode({ connected, lastSeen: 9_000, ...(answeredAt !== undefined && { answeredAt }) }, { ...options, now });
    assert.equal(at(12_000).state, 'down');
    assert.equal(at(12_000, 9_000).state, 'down', 'it answered before it fell silent');
    assert.deepEqual(at(12_500, 11_000), {
      state: 'disconnected',
      message: 'its agent is not heard, its machine answers',
      inDoubt: true,
      judgeAgainAt: 13_000,
    });
    assert.deepEqual(at(12_000, 11_900).state, 'disconnected', 'from the first moment on');
    assert.equal(at(13_000, 11_000).state, 'down', 'it answers no more');
    assert.deepEqual([at(23_999, 23_900).state, at(24_000, 23_900).state], ['disconnected', 'down']);
    // A cluster that allows more silence than that is not judged sooner.
    const patient = { ...options, nodeTimeoutMs: 30_000, now: 30_000 };
    assert.equal(
      judgeNode({ connected, lastSeen: 9_000, answeredAt: 10_000 }, patient).state,
      connected ? 'ready' : 'disconnected',
    );
  }
});

test('a machine is asked from a second before its silence is too long, at once where the connection broke, and not on leave', () => {
  const doubt = (contact: Partial<NodeContact>, now: number) =>
    judgeNode({ connected: true, lastSeen: 9_000, ...contact }, { ...options, now }).inDoubt;
  assert.deepEqual([doubt({}, 10_999), doubt({}, 11_000), doubt({}, 12_000)], [undefined, true, undefined]);
  assert.equal(doubt({ connected: false }, 9_000), true);
  assert.equal(doubt({ connected: false, tookLeave: true }, 11_500), undefined);
  assert.equal(doubt({ engineAwaySince: 9_000 }, 11_000), true);
  assert.equal(doubt({ engineAwaySince: 9_000 - engineGraceMs }, 11_000), undefined, 'it is down already');
});

test('nobody is down in the grace period of a new leader', () => {
  assert.deepEqual(judgeNode({ connected: false }, { ...options, now: 8_999 }), {
    state: 'unknown',
    message: 'has not connected to this manager yet',
    judgeAgainAt: 9_000,
  });
  assert.equal(judgeNode({ connected: false }, { ...options, now: 9_000 }).state, 'down');
});

test('a node whose engine is away takes nothing new, and is down after a grace', () => {
  const contact = { connected: true, lastSeen: 50_000, engineAwaySince: 21_000 };
  assert.deepEqual(judgeNode(contact, { ...options, now: 50_000 }), {
    state: 'disconnected',
    message: 'its Docker Engine does not answer',
    engineAway: true,
    judgeAgainAt: 21_000 + engineGraceMs,
  });
  assert.equal(judgeNode(contact, { ...options, now: 21_000 + engineGraceMs }).state, 'down');
  // It may fall silent before that.
  assert.equal(judgeNode({ ...contact, engineAwaySince: 49_000 }, { ...options, now: 50_000 }).judgeAgainAt, 52_000);
  assert.equal(judgeNode({ connected: true, lastSeen: 50_000 }, { ...options, now: 52_000 }).state, 'ready');
});
