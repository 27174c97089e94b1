import assert from 'node:assert/strict';
import { test } from 'node:test';
import { up } from './up.ts';

const unused = async (): Promise<never> => await Promise.reject(new Error('not expected'));

test('what the cluster cannot have is refused before anything is made', async () => {
  const ports = {
    exec: unused,
    spawn: unused,
    path: '',
    member: { init: unused, join: unused, start: unused },
    report: () => assert.fail('nothing is done'),
  };
  const bases = { dataDirectory: '/nowhere', runDirectory: '/nowhere' };
  const options = { name: 'one', nodes: 3, agents: true, nat: false, engineArguments: [] };
  await assert.rejects(up(ports, bases, { ...options, managers: 2 }), {
    code: 'not-implemented',
    message: '--managers must be 1: a cluster keeps its state in SQLite and so has one manager',
  });
  await assert.rejects(up(ports, bases, { ...options, managers: 4 }), { code: 'invalid-argument' });
});
