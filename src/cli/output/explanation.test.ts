import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ExplanationView, TaskView } from '../../model/native.ts';
import { explanationText } from './explanation.ts';

const plain = (_: string, text: string): string => text;
const task = (more: Partial<TaskView>): TaskView => ({
  id: 'tzluwku9jxbt0123456789abc',
  name: 'shop_web.1',
  service: 'shop_web',
  serviceId: 's',
  slot: 1,
  image: 'i:1',
  state: 'pending',
  desiredState: 'running',
  since: 0,
  message: '',
  ready: false,
  addresses: [],
  ...more,
});
const explain = (more: Partial<ExplanationView>): string =>
  explanationText({ task: task({}), summary: 'It is so.', refusals: [], history: [], ...more }, 90_000, plain);

test('a task without a place: what every node says to it', () => {
  const refusals = [
    { filter: 'resources', reason: 'lack memory', nodes: 2 },
    { filter: 'ready', reason: 'is drained', nodes: 1 },
  ];
  assert.equal(
    explain({ refusals }),
    `shop_web.1 has no place yet, since 1970-01-01T00:00:00.000Z (1 min).
It is so.

  id         tzluwku9jxbt0123456789abc
  service    shop_web
  image      i:1

Why it has no place on any of 3 nodes:
NODES   REASON        FILTER
2       lack memory   resources
1       is drained    ready
`,
  );
});

test('a running task: where, since when, and what was before it in its place', () => {
  const history = [{ timestamp: 60_000, text: 'task 0123456789ab0123456789abc failed on n2' }];
  const addresses = [{ network: 'n', address: '10.0.0.2' }];
  const text = explain({ task: task({ state: 'running', node: 'n1', addresses }), history });
  assert.match(text, /^shop_web\.1 runs on n1, since 1970-01-01T00:00:00\.000Z \(1 min\)\.\nIt is so\.\n/);
  assert.match(text, /\n {2}addresses {2}10\.0\.0\.2\n/);
  assert.match(
    text,
    /What happened in its place:\nWHEN .*\n1970-01-01T00:01:00\.000Z +30 s ago +task 0123456789ab failed on n2\n$/,
  );
});

test('a task that ended: its error once, and its exit code', () => {
  const failed = task({ state: 'failed', node: 'n1', error: 'task: non-zero exit (3)', exitCode: 3 });
  const text = explain({ task: failed });
  assert.match(text, /^shop_web\.1 failed on n1 at .* \(1 min ago\)\.\nIt is so\.\nError: task: non-zero exit \(3\)\n/);
  assert.match(text, /exit code {2}3\n/);
  assert.doesNotMatch(explain({ task: failed, summary: 'It failed: task: non-zero exit (3).' }), /Error:/);
});
