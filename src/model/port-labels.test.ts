import assert from 'node:assert/strict';
import { test } from 'node:test';
import { idlePortLabels, readPortLabels, withPortLabels } from './port-labels.ts';
import type { PublishedPort } from './service.ts';

const port: PublishedPort = { protocol: 'tcp', target: 80, published: 8080, mode: 'ingress' };

test('labels say how a port is served, of one protocol or of all', () => {
  const labels = { 'tutti.port.8080.tasks': 'local', 'tutti.port.8080/udp.unserved': 'drop', other: 'x' };
  const udp = { ...port, protocol: 'udp' } as const;
  assert.deepEqual(withPortLabels([port, udp, { ...port, published: 81 }], labels), [
    { ...port, tasks: 'local' },
    { ...udp, tasks: 'local', unserved: 'drop' },
    { ...port, published: 81 },
  ]);
  assert.deepEqual(withPortLabels([port], { 'tutti.port.8080.tasks': 'any' }), [port]);
});

test('each address is a port of its own', () => {
  assert.deepEqual(withPortLabels([port], { 'tutti.port.8080.address': '192.0.2.1, fd00::1' }), [
    { ...port, hostAddress: '192.0.2.1' },
    { ...port, hostAddress: 'fd00::1' },
  ]);
});

test('what is none is named, and so is what leads to nothing', () => {
  const problems = (label: string, text: string): string => readPortLabels({ [label]: text }).problems.join();
  assert.match(
    problems('tutti.port.80.tasks', 'mine'),
    /label tutti\.port\.80\.tasks: must be any or local or near, not "mine"/,
  );
  assert.match(problems('tutti.port.80.unserved', 'eat'), /must be refuse or drop/);
  assert.match(problems('tutti.port.80.address', 'localhost'), /must be addresses of nodes/);
  assert.match(problems('tutti.port.http.tasks', 'local'), /write tutti\.port\.8080\.FIELD/);
  assert.match(problems('tutti.port.80.task', 'local'), /a FIELD is tasks, unserved, address/);
  assert.deepEqual(idlePortLabels([port], { 'tutti.port.80.tasks': 'near', 'tutti.port.8080.tasks': 'near' }), [80]);
  assert.deepEqual(idlePortLabels([{ ...port, mode: 'host' }], { 'tutti.port.8080.tasks': 'near' }), [8080]);
});
