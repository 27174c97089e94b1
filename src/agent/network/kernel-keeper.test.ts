import assert from 'node:assert/strict';
import { test } from 'node:test';
import { aPeer, aSelf, setOf } from '../../../test/support/assignments.ts';
import { systemClock } from '../../platform/clock.ts';
import { createLog } from '../../platform/log.ts';
import { createFindings } from './findings.ts';
import { createKernelKeeper } from './kernel-keeper.ts';

test('a change is in force before a comparison that began earlier has read what there is', async () => {
  let assignments = setOf(aSelf());
  const changes: string[] = [];
  const listing = Promise.withResolvers<void>();
  const reading = Promise.withResolvers<void>();
  let comparing = false;
  let reads = 0;
  await using keeper = createKernelKeeper(
    {
      exec: async (command, args, { input = '' } = {}) => {
        if (args[0] === '-j' && args[1] === 'list') reads += args[3] === 'ip' ? 1 : 0;
        if (comparing && args.includes('-j')) {
          reading.resolve();
          await listing.promise;
        }
        if (command === 'ip' && args.includes('-batch')) changes.push(input);
        return { code: 0, stdout: args[0] === '-j' && args[1] === 'list' ? '{"nftables":[]}' : '[]', stderr: '' };
      },
      settings: { read: () => undefined, write: () => false, list: () => [] },
      clock: { ...systemClock, sleep: async () => undefined },
      log: createLog({ level: 'error', clock: systemClock, sink: assert.fail }),
      findings: createFindings(systemClock),
      flows: { overlay: () => false, forget: () => undefined },
      safe: async () => undefined,
    },
    () => ({ assignments, observations: new Map() }),
  );
  keeper.request();
  await keeper.settled();
  assert.equal(reads, 1);

  comparing = true;
  keeper.check();
  await reading.promise;
  assignments = setOf(aSelf(), aPeer());
  keeper.request();
  await keeper.settled();
  assert.match(changes.at(-1) ?? '', /100\.127\.0\.2/);

  listing.resolve();
  await keeper.compared();
  assert.equal(reads, 2, 'what was read beside the change does not count: it is read again');
  assert.equal(changes.length, 3, 'what is not there is put back');
});
