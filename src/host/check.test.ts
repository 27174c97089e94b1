import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { nodeId } from '../model/ids.ts';
import { checkMachine } from './check.ts';
import { writeConfig } from './config.ts';
import type { MemberOptions } from './host.ts';
import type { Machine } from './machine.ts';

const directory = await mkdtemp(join(tmpdir(), 'tutti-check-'));
after(async () => await rm(directory, { recursive: true }));

const machine = (changes: Partial<Machine> = {}): { readonly machine: Machine } => ({
  machine: {
    hostname: 'box',
    addresses6: () => Promise.resolve([]),
    addresses: () => Promise.resolve([{ address: '10.0.0.1', interface: 'eth0', mtu: 1500 }]),
    portTaken: () => Promise.resolve(undefined),
    engineProblem: () => Promise.resolve(undefined),
    ...changes,
  },
});
const two = [
  { address: '10.0.0.1', interface: 'eth0', mtu: 1500 },
  { address: '10.0.1.1', interface: 'eth0', mtu: 1500 },
];
const options = (changes: Partial<MemberOptions> = {}): MemberOptions => ({
  stateDirectory: join(directory, 'none'),
  runDirectory: join(directory, 'run'),
  engine: 'unix:///var/run/docker.sock',
  ...changes,
});

test('what is not said is found out', async () => {
  const found = await checkMachine(machine(), options(), true);
  assert.deepEqual(found, { address: '10.0.0.1', port: 2377, name: 'box' });
});

test('an address must be one of the machine, and be said where there are several', async () => {
  await assert.rejects(checkMachine(machine(), options({ address: '10.9.9.9' }), true), /10\.0\.0\.1 \(eth0\)/);
  const several = machine({ addresses: () => Promise.resolve(two) });
  await assert.rejects(checkMachine(several, options(), true), /--address/);
  assert.equal((await checkMachine(several, options({ address: '10.0.1.1' }), true)).address, '10.0.1.1');
  assert.equal((await checkMachine(machine(), options({ address: 'eth0' }), true)).address, '10.0.0.1');
  await assert.rejects(checkMachine(several, options({ address: 'eth0' }), true), /--address/);
  await assert.rejects(checkMachine(several, options({ address: 'eth1' }), true), /no interface/);
  // Of this machine alone.
  assert.equal((await checkMachine(several, options({ address: '127.0.0.1' }), true)).address, '10.0.0.1');
  const none = machine({ addresses: () => Promise.resolve([]) });
  await assert.rejects(checkMachine(none, options(), true), { code: 'invalid-argument' });
  const sixth = { ...none, machine: { ...none.machine, addresses6: () => Promise.resolve(['fd00::5']) } };
  await assert.rejects(checkMachine(sixth, options(), true), /no IPv4 address.*only IPv6 \(fd00::5\).*private IPv4/);
});

test('an engine that does not answer, and what to do about it', async () => {
  const without = machine({ engineProblem: () => Promise.resolve('no such file') });
  await assert.rejects(checkMachine(without, options(), true), /apt-get install docker.io.*--engine/);
});

test('a port that is taken matters to who listens on it', async () => {
  const busy = machine({ portTaken: (address, port) => Promise.resolve(`port ${port} of ${address} is taken`) });
  await assert.rejects(checkMachine(busy, options({ port: 99 }), true), { code: 'conflict' });
  await checkMachine(busy, options(), false);
});

test('a member does not become one again', async () => {
  const member = options({ stateDirectory: join(directory, 'member') });
  await writeConfig(member, {
    version: 1,
    nodeId: nodeId.parse('node-a'),
    clusterId: 'cluster',
    role: 'worker',
    address: '10.0.0.1',
    port: 2377,
    apiPort: 0,
    apiNames: [],
    engine: 'unix:///x',
    managers: ['10.0.0.1:2377'],
    runDirectory: '/run/x',
    socketMode: 0o660,
  });
  await assert.rejects(checkMachine(machine(), member, false), { code: 'already-exists' });
});
