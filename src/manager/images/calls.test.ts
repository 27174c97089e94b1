import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { TuttiError } from '../../model/errors.ts';
import type { Ensured, Images } from '../manager.ts';
import { manualClock } from '../testing/clock.ts';
import { createImageCalls } from './calls.ts';

const peer = { nodeId: 'node1', role: 'worker', clusterId: 'c', address: '10.0.0.1' } as const;

const start = (origin: Awaited<ReturnType<Images['origin']>>) => {
  const clock = manualClock();
  const journeys: {
    readonly arrive: (ensured: Ensured) => void;
    readonly fail: (error: Error) => void;
    signal: AbortSignal;
  }[] = [];
  const images: Images = {
    origin: () => Promise.resolve(origin),
    follow: () => Promise.resolve([]),
    ensure: async (_node, _image, { signal, onBytes }) => {
      const { promise, resolve, reject } = Promise.withResolvers<Ensured>();
      journeys.push({ arrive: resolve, fail: reject, signal });
      onBytes?.(5e6);
      return await promise;
    },
  };
  const { image } = createImageCalls({ images, clock });
  const ask = async (pullFailed = false) => await image?.handle({ image: 'app:1', pullFailed }, { address: '', peer });
  const settle = async () => {
    for (let turn = 0; turn < 5; turn += 1) await setImmediate();
  };
  return { clock, journeys, ask, settle };
};

test('an image that is nowhere, or in a registry, does not travel', async () => {
  const nowhere = start('nowhere');
  assert.deepEqual(await nowhere.ask(true), { kind: 'nowhere' });
  const registry = start('registry');
  assert.deepEqual(await registry.ask(), { kind: 'pull' });
  assert.equal(registry.journeys.length, 0);
  const asked = registry.ask(true);
  await registry.settle();
  registry.journeys[0]?.arrive({ kind: 'travelled', id: 'sha256:1', from: 'node2' });
  assert.deepEqual(await asked, { kind: 'here', id: 'sha256:1' });
});

test('a long journey is asked for again and again; it is one', async () => {
  const { clock, journeys, ask, settle } = start('cluster');
  for (let turn = 0; turn < 3; turn += 1) {
    const asked = ask();
    await settle();
    clock.advance(4000);
    assert.deepEqual(await asked, { kind: 'coming', bytes: 5e6 });
    clock.advance(20_000);
  }
  assert.equal(journeys.length, 1);
  const asked = ask();
  await settle();
  journeys[0]?.arrive({ kind: 'present', id: 'sha256:1' });
  assert.deepEqual(await asked, { kind: 'here', id: 'sha256:1' });
});

test('a node that does not ask any more ends it; what goes wrong is told', async () => {
  const { clock, journeys, ask, settle } = start('cluster');
  const asked = ask();
  await settle();
  clock.advance(4000);
  await asked;
  clock.advance(30_000);
  assert.equal(journeys[0]?.signal.aborted, true);
  const again = ask();
  await settle();
  journeys[1]?.fail(new TuttiError('unavailable', 'the disk is full'));
  await assert.rejects(async () => await again, /the disk is full/);
});
