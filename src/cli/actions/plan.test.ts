import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ApplyView } from '../../model/native.ts';
import { fakeSession } from '../testing/session.ts';
import { planDeployment } from './plan.ts';

const file = 'services: {web: {image: "i:1", attach: false}}';
const change = { path: 'task.containers[main].stopGraceMs', before: '10000' };
const answer: ApplyView = {
  steps: [
    { kind: 'create', object: 'network', name: 'shop_default' },
    { kind: 'update', object: 'service', name: 'shop_web', changes: [change] },
  ],
  warnings: ['the manager has its own'],
};

const plan = async (json: boolean) => {
  const { session, written } = fakeSession(
    { planStack: async () => answer },
    { json, files: { '/compose.yaml': file } },
  );
  const flags = { file: ['compose.yaml'], profile: [], envFile: [], prune: false };
  await planDeployment(session, 'shop', flags);
  return written;
};

test('a plan has the keys of the file, and all warnings beside it', async () => {
  const { stdout, stderr } = await plan(false);
  assert.equal(
    stdout,
    '+ network shop_default\n~ service shop_web\n      stop_grace_period: 10s -> (not set)\n' +
      '1 to create, 1 to update, 0 to remove, 0 unchanged\n',
  );
  assert.match(
    stderr,
    /^warning: compose\.yaml:1:\d+: services\.web\.attach: ignored: .*\nwarning: the manager has its own\n$/,
  );
});

test('as JSON it has the fields of the model', async () => {
  const { stdout, stderr } = await plan(true);
  assert.deepEqual(JSON.parse(stdout), answer);
  assert.match(stderr, /services\.web\.attach/);
});
