import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startHarness } from '../testing/call.ts';

test('what the engine of the manager warns of is told, with its name', async () => {
  const information = { Name: 'node1', Warnings: ['WARNING: No memory limit support'] };
  const body = (async function* () {
    yield await Promise.resolve(Buffer.from(JSON.stringify(information)));
  })();
  const asked = { request: async () => await Promise.resolve({ status: 200, body }) };
  await using harness = await startHarness(undefined, asked);
  const { Warnings } = (await harness.read('GET', '/info')) as { readonly Warnings: unknown };
  assert.deepEqual(Warnings, ['WARNING: No memory limit support on node1']);
});
