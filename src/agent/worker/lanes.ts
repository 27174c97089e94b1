import type { Clock } from '../../platform/ports.ts';
import type { LaneName } from './context.ts';
import { createLane } from './lane.ts';
import type { Lane } from './lane.ts';
import type { WorkerOptions } from './ports.ts';

const defaultLaunches = 4;
const defaultRemovals = 4;
/** A start that takes longer waits for something else than the processor: on a busy machine they take seconds. */
const launchPatienceMs = 10_000;
const pullsAtOnce = 3;
/** Stops wait out their grace period: many at once cost nothing. */
const stopsAtOnce = 256;

/** How much of each kind of work is done at once. Removals give way to what somebody waits for. */
export const createLanes = (
  { launches = defaultLaunches, removals = defaultRemovals }: WorkerOptions,
  clock: Clock,
): Readonly<Record<LaneName, Lane>> => {
  const launch = createLane(launches, { ramp: true, patience: { ms: launchPatienceMs, clock } });
  const stop = createLane(stopsAtOnce);
  return {
    launch,
    start: launch,
    pull: createLane(pullsAtOnce),
    stop,
    remove: createLane(removals, { yieldTo: [launch, stop] }),
  };
};
