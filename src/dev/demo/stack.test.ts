import assert from 'node:assert/strict';
import { test } from 'node:test';
import { countReady, deployVotingApp } from './stack.ts';

test('services are ready when all of their tasks run', () => {
  assert.deepEqual(countReady('2/2\n0/1\n3/3 (max 1 per node)\n'), { ready: 2, total: 3 });
  assert.deepEqual(countReady(''), { ready: 0, total: 0 });
});

test('the data node is labelled before anything is constrained to it', async () => {
  const calls: string[] = [];
  await deployVotingApp(async (...args) => {
    calls.push(args.join(' '));
    return '';
  }, 'node1');
  assert.equal(calls[0], 'node update --label-add storage=yes node1');
  assert.match(
    calls[1] ?? '',
    /^stack deploy --resolve-image never -c .*compose.yaml -c .*compose.cluster.yaml voting$/,
  );
});
