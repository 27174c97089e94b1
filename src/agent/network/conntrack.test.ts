import assert from 'node:assert/strict';
import { test } from 'node:test';
import { staleFlows } from './conntrack.ts';
import type { Publication } from './publish.ts';

const udp = (published: number, ...backends: string[]): Publication => ({
  protocol: 'udp',
  published,
  target: 53,
  backends,
  turns: [],
});
const port = (published: number) => ['-D', '-p', 'udp', '--orig-port-dst', String(published)];

test('flows to a task that is gone are forgotten, and no others', () => {
  assert.deepEqual(staleFlows([udp(53, 'a', 'b')], [udp(53, 'b', 'c')]), [[...port(53), '--reply-src', 'a']]);
  assert.deepEqual(staleFlows([udp(53, 'a')], [udp(53, 'a')]), []);
});

test('flows that began before there was a task are forgotten', () => {
  assert.deepEqual(staleFlows([udp(53)], [udp(53, 'a')]), [port(53)]);
  assert.deepEqual(staleFlows([], [udp(53, 'a')]), [port(53)]);
});

test('so are those of a port that is published no more', () => {
  assert.deepEqual(staleFlows([udp(53, 'a')], []), [port(53)]);
});

test('TCP is left alone', () => {
  assert.deepEqual(staleFlows([{ ...udp(53, 'a'), protocol: 'tcp' }], []), []);
});
