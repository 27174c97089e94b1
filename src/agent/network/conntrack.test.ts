import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { VirtualService } from './balance.ts';
import { forgetFlows, staleFlows } from './conntrack.ts';
import type { Publication } from './publish.ts';

const udp = (published: number, ...addresses: string[]): Publication => ({
  protocol: 'udp',
  address: undefined,
  published,
  target: 53,
  unserved: 'refuse',
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
const leaving = (address: string, ...more: string[]) => ['-D', ...more, '-g', '--reply-src', address];
const ports = (...publications: Publication[]) => ({ publications, services: [] });
const services = (...all: VirtualService[]) => ({ publications: [], services: all });

test('flows to a task that is gone are forgotten, and no others', () => {
  assert.deepEqual(staleFlows(ports(udp(53, 'a', 'b')), ports(udp(53, 'b', 'c'))), [leaving('a')]);
  assert.deepEqual(staleFlows(ports(udp(53, 'a')), ports(udp(53, 'a'))), []);
});

test('flows that began before there was a task are forgotten', () => {
  assert.deepEqual(staleFlows(ports(udp(53)), ports(udp(53, 'a'))), [port(53)]);
  assert.deepEqual(staleFlows(ports(), ports(udp(53, 'a'))), [port(53)]);
});

test('so are those of a port that is published no more, and none that merely go to such a port elsewhere', () => {
  assert.deepEqual(staleFlows(ports(udp(53, 'a')), ports()), [['-D', '-g', '-p', 'udp', '--orig-port-dst', '53']]);
  const bound = { ...udp(53, 'a'), address: '192.0.2.1' };
  assert.deepEqual(staleFlows(ports(bound), ports({ ...bound, address: '192.0.2.2' })), [
    ['-D', '-p', 'udp', '--orig-dst', '192.0.2.2', '--orig-port-dst', '53'],
    ['-D', '-g', '-p', 'udp', '--orig-dst', '192.0.2.1', '--orig-port-dst', '53'],
  ]);
});

test('a task that is gone from all is looked for once; one that another front still has, at its own', () => {
  const before = ports(tcp(80, 'a', 'b'), tcp(443, 'a', 'b'), udp(53, 'a', 'b'));
  assert.deepEqual(staleFlows(before, ports(tcp(80, 'b'), tcp(443, 'b'), udp(53, 'b'))), [leaving('a')]);
  assert.deepEqual(staleFlows(before, ports(tcp(80, 'b'), tcp(443, 'a', 'b'), udp(53, 'a', 'b'))), [
    [...port(80, 'tcp'), '--reply-src', 'a'],
  ]);
  const local = { ...udp(53, 'b'), members: new Set(['a', 'b']) };
  assert.deepEqual(staleFlows(before, ports(tcp(80, 'a', 'b'), tcp(443, 'a', 'b'), local)), [
    [...port(53), '--reply-src', 'a'],
  ]);
});

test('many are deleted by one process, and one by one where conntrack is older', async () => {
  const ran: string[] = [];
  const exec =
    (codes: Readonly<Record<string, number>>) =>
    async (_: string, args: readonly string[], options = {}) => {
      ran.push([...args, ...('input' in options ? [options.input] : [])].join(' '));
      return await Promise.resolve({ code: codes[args[0] ?? ''] ?? 0, stdout: '', stderr: '' });
    };
  const two = [port(53), port(54)];
  assert.equal(await forgetFlows(exec({}), []), true);
  assert.equal(await forgetFlows(exec({}), two), true);
  assert.deepEqual(ran.splice(0), ['-R - -D -p udp --orig-port-dst 53\n-D -p udp --orig-port-dst 54\n']);
  assert.equal(await forgetFlows(exec({ '-R': 2, '-D': 1 }), two), true);
  assert.deepEqual(ran.splice(0).slice(1), ['-D -p udp --orig-port-dst 53', '-D -p udp --orig-port-dst 54']);
  assert.equal(await forgetFlows(exec({ '-R': -1 }), two), false);
});

test('connections are left alone until their task is gone', () => {
  const draining = { ...tcp(80), members: new Set(['a']) };
  assert.deepEqual(staleFlows(ports(tcp(80, 'a')), ports(draining)), []);
  assert.deepEqual(staleFlows(ports(draining), ports(tcp(80))), [leaving('a')]);
  assert.deepEqual(staleFlows(ports(), ports(tcp(80, 'a'))), []);
});

test('by a virtual address only UDP leaves a task that is not ready any more, and everything one that is gone', () => {
  const both = virtual(['a', 'b']);
  const to = ['--orig-dst', 'vip'];
  assert.deepEqual(staleFlows(services(both), services(virtual(['b'], ['a', 'b']))), [leaving('a', '-p', 'udp')]);
  assert.deepEqual(staleFlows(services(virtual(['b'], ['a', 'b'])), services(virtual(['b']))), [leaving('a')]);
  assert.deepEqual(staleFlows(services(both), services()), [['-D', ...to]]);
  assert.deepEqual(staleFlows(services(), services(both)), []);
});
