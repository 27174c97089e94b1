import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from '../../platform/clock.ts';
import { transportContract } from '../transport.contract.ts';
import { createMemoryNetwork } from './network.ts';

transportContract('in memory', (service) => {
  const network = createMemoryNetwork({ clock: systemClock, delay: () => 0, connectTimeoutMs: 100 });
  const listener = network.listen('manager:2377', service);
  return Promise.resolve({
    address: 'manager:2377',
    listener,
    agent: (nodeId) =>
      Promise.resolve(network.agent({ nodeId, role: 'worker', clusterId: 'cluster', address: '10.0.0.2' })),
    [Symbol.asyncDispose]: () => listener[Symbol.asyncDispose](),
  });
});

test('what breaks the connections of a node breaks its attempt to connect', async () => {
  const network = createMemoryNetwork({ clock: systemClock, delay: () => 1, connectTimeoutMs: 100 });
  let sessions = 0;
  await using _listener = network.listen('manager:2377', {
    refusal: () => undefined,
    session: () => {
      sessions += 1;
      return { message: () => undefined, drain: () => undefined, closed: () => undefined };
    },
  });
  const agent = network.agent({ nodeId: 'n1', role: 'worker', clusterId: 'cluster', address: '10.0.0.2' });
  const handlers = { message: () => undefined, drain: () => undefined, closed: () => undefined };
  const attempt = agent.connect('manager:2377', handlers, AbortSignal.timeout(30_000));
  network.crash('n1', { silent: true });
  await assert.rejects(attempt, { code: 'unavailable' });
  assert.equal(sessions, 0);
});

test('a way that was cut twice is whole when both cuts are over, or all are ended', () => {
  const network = createMemoryNetwork({ clock: systemClock, delay: () => 0, connectTimeoutMs: 100 });
  const first = network.cut('n1');
  const second = network.cut('n1');
  second();
  second();
  assert.equal(network.isWhole('n1'), false);
  first();
  assert.equal(network.isWhole('n1'), true);
  const third = network.cut('n1');
  network.heal('n1');
  network.cut('n1');
  third();
  assert.equal(network.isWhole('n1'), false);
});
