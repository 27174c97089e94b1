import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { aNetwork } from '../../../test/support/assignments.ts';
import { assignmentKey } from '../../model/protocol.ts';
import { systemClock } from '../../platform/clock.ts';
import { formatNetworksPath, parseNetworksPath } from '../../rpc/networks.ts';
import { createNetworkReadiness } from './ready-networks.ts';

const network = aNetwork();
const ensure = (ids: readonly string[]) =>
  Promise.resolve(new Map(ids.map((id) => [id, { dockerNetwork: `engine-${id}`, dns: ['10.128.0.1'] }]))) as never;

const named = async (): Promise<void> => await Promise.resolve();

test('a node is ready for a network once it was assigned, and its names are answered', async () => {
  const answered = Promise.withResolvers<void>();
  let isReady = false;
  const readiness = createNetworkReadiness({ ensure, named: async () => await answered.promise }, systemClock);
  const asked = readiness.ready([network.id], new AbortController().signal);
  readiness.apply(new Map());
  readiness.apply(new Map([[assignmentKey(network), network]]));
  void asked.then(() => (isReady = true));
  await setImmediate();
  assert.equal(isReady, false);
  answered.resolve();
  assert.deepEqual(await asked, { [network.id]: { dockerNetwork: `engine-${network.id}`, dns: ['10.128.0.1'] } });
});

test('a network that never comes is refused, and nobody waits on', async () => {
  const late: (() => void)[] = [];
  const readiness = createNetworkReadiness(
    { ensure, named },
    { after: (_ms, call) => (late.push(call), { cancel: () => undefined }) },
  );
  const asked = readiness.ready(['other'], new AbortController().signal);
  for (const call of late) call();
  await assert.rejects(asked, /was not told of network other/);
});

test('the request is read as it was written, and others are not read as one', () => {
  assert.deepEqual(parseNetworksPath(formatNetworksPath(['a', 'b/c'])), ['a', 'b/c']);
  assert.equal(parseNetworksPath('/logs/x?y'), undefined);
  assert.throws(() => parseNetworksPath('/networks?%7B'), /cannot be read/);
});
