import type { TaskObservation } from '../../model/task.ts';
import type { Clock, Log } from '../../platform/ports.ts';
import { within } from '../within.ts';
import type { TaskWorker } from './ports.ts';

export interface LearnPorts {
  readonly worker: Pick<TaskWorker, 'listed' | 'observations'>;
  /** Takes what the worker's first listing does not tell of: tasks without a container. */
  readonly observe: (observation: TaskObservation) => void;
  /** Resolves when a manager has told the whole set. */
  readonly told: Promise<void>;
  /** Called when this agent knows as much as one before it did, or it has taken too long; not once it is stopped. */
  readonly known: () => void;
  readonly clock: Pick<Clock, 'sleep'>;
  readonly log: Log;
}

/** Longer an agent does not hold back what it knows. */
const learnMs = 10_000;
/** A manager that was killed too knows of what has just become ready elsewhere when the agents there have told it again. */
const hearsayMs = 2_000;

/** What is on disk is older than what an agent that was killed had told already. */
export const learn = async (ports: LearnPorts, signal: AbortSignal): Promise<void> => {
  const { worker, clock, log } = ports;
  const listed = worker.listed().then(() => worker.observations().forEach(ports.observe));
  const heard = ports.told.then(async () => await clock.sleep(hearsayMs, signal));
  try {
    await within(learnMs, Promise.all([listed, heard]), clock, signal);
  } catch (thrown) {
    if (signal.aborted) return;
    log.warn('what runs on this node could not be told to its network', { error: String(thrown) });
  }
  ports.known();
};
