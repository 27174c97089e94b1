import assert from 'node:assert/strict';
import { test } from 'node:test';
import { engineGraceMs, judgeNode } from './heal.ts';

const options = { leaderSince: 1_000, nodeTimeoutMs: 3_000 };

test('a node that was heard within the timeout is ready', () => {
  assert.deepEqual(judgeNode({ connected: true, lastSeen: 9_000 }, { ...options, now: 11_999 }), {
    state: 'ready',
    message: '',
    judgeAgainAt: 12_000,
  });
});

test('silence for the timeout makes a node down, connected or not', () => {
  assert.equal(judgeNode({ connected: true, lastSeen: 9_000 }, { ...options, now: 12_000 }).state, 'down');
  assert.equal(judgeNode({ connected: false, lastSeen: 9_000 }, { ...options, now: 12_000 }).state, 'down');
});

test('a lost connection alone does not', () => {
  assert.equal(judgeNode({ connected: false, lastSeen: 9_000 }, { ...options, now: 9_001 }).state, 'disconnected');
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
  const contact = { connected: true, lastSeen: 50_000, engineAwaySince: 22_000 };
  assert.deepEqual(judgeNode(contact, { ...options, now: 50_000 }), {
    state: 'disconnected',
    message: 'its Docker Engine does not answer',
    engineAway: true,
    judgeAgainAt: 22_000 + engineGraceMs,
  });
  assert.equal(judgeNode(contact, { ...options, now: 22_000 + engineGraceMs }).state, 'down');
  // It may fall silent before that.
  assert.equal(judgeNode({ ...contact, engineAwaySince: 49_000 }, { ...options, now: 50_000 }).judgeAgainAt, 53_000);
  assert.equal(judgeNode({ connected: true, lastSeen: 50_000 }, { ...options, now: 52_000 }).state, 'ready');
});
