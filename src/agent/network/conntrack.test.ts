import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { VirtualService } from './balance.ts';
import { staleFlows } from './conntrack.ts';
import type { Publication } from './publish.ts';

const udp = (published: number, ...addresses: string[]): Publication => ({
  protocol: 'udp',
  published,
  target: 53,
  addresses,
  members: new Set(addresses),
  affinity: undefined,
  turns: [],
});
const tcp = (published: number, ...addresses: string[]): Publication => ({
  ...udp(published, ...addresses),
  protocol: 'tcp',
});
const virtual = (addresses: readonly string[], members = addresses): VirtualService => ({
  networkId: 'net',
  address: 'vip',
  addresses,
  members: new Set(members),
  affinity: undefined,
  own: [],
});
const port = (published: number, protocol = 'udp') => ['-D', '-p', protocol, '--orig-port-dst', String(published)];
const ports = (...publications: Publication[]) => ({ publications, services: [] });
const services = (...all: VirtualService[]) => ({ publications: [], services: all });

test('flows to a task that is gone are forgotten, and no others', () => {
  assert.deepEqual(staleFlows(ports(udp(53, 'a', 'b')), ports(udp(53, 'b', 'c'))), [[...port(53), '--reply-src', 'a']]);
  assert.deepEqual(staleFlows(ports(udp(53, 'a')), ports(udp(53, 'a'))), []);
});

test('flows that began before there was a task are forgotten', () => {
  assert.deepEqual(staleFlows(ports(udp(53)), ports(udp(53, 'a'))), [port(53)]);
  assert.deepEqual(staleFlows(ports(), ports(udp(53, 'a'))), [port(53)]);
});

test('so are those of a port that is published no more', () => {
  assert.deepEqual(staleFlows(ports(udp(53, 'a')), ports()), [port(53)]);
});

test('connections are left alone until their task is gone', () => {
  const draining = { ...tcp(80), members: new Set(['a']) };
  assert.deepEqual(staleFlows(ports(tcp(80, 'a')), ports(draining)), []);
  assert.deepEqual(staleFlows(ports(draining), ports(tcp(80))), [[...port(80, 'tcp'), '--reply-src', 'a']]);
  assert.deepEqual(staleFlows(ports(), ports(tcp(80, 'a'))), []);
});

test('by a virtual address only UDP leaves a task that is not ready any more, and everything one that is gone', () => {
  const both = virtual(['a', 'b']);
  const to = ['--orig-dst', 'vip'];
  assert.deepEqual(staleFlows(services(both), services(virtual(['b'], ['a', 'b']))), [
    ['-D', '-p', 'udp', ...to, '--reply-src', 'a'],
  ]);
  assert.deepEqual(staleFlows(services(virtual(['b'], ['a', 'b'])), services(virtual(['b']))), [
    ['-D', ...to, '--reply-src', 'a'],
  ]);
  assert.deepEqual(staleFlows(services(both), services()), [['-D', ...to]]);
  assert.deepEqual(staleFlows(services(), services(both)), []);
});
