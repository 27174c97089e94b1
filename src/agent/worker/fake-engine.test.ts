import { createFakeEngine } from '../../../test/fakes/engine/engine.ts';
import { engineContract } from '../../../test/fakes/engine/contract.ts';
import { systemClock } from '../../platform/clock.ts';

const quick = { create: 1, start: 1, stop: 1, remove: 1, list: 1, pull: 1, other: 1 };

engineContract('fake engine', async () => ({
  engine: createFakeEngine({ clock: systemClock, images: ['tiny'], latency: quick, healthyAfterMs: 5 }),
  image: 'tiny',
  prefix: 'contract',
  [Symbol.asyncDispose]: async () => undefined,
}));
