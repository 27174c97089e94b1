import type { NodeId } from '../../model/ids.ts';
import type { Clock } from '../../platform/ports.ts';
import type { Store } from '../../store/store.ts';

/**
 * The moment when a manager that has just begun knows what runs. What it remembers of readiness may be seconds old, so an
 * agent that was told the whole set before the others were heard would stop leading names and ports to what is ready
 * there. Until then agents go on with what they know.
 */
export interface Reunion extends Disposable {
  /** The node has said hello: perhaps it was the last one. */
  heard(nodeId: NodeId): void;
  readonly isDone: () => boolean;
}

export interface ReunionPorts {
  readonly store: Store;
  readonly clock: Pick<Clock, 'after'>;
  /** Called once: when all have been heard that were not down before, or when it is late. */
  readonly done: () => void;
}

/** Agents dial with pauses of up to a second. Who does not come in this time is waited for no longer. */
const patienceMs = 2_000;

export const createReunion = ({ store, clock, done }: ReunionPorts): Reunion => {
  let isDone = false;
  // Now, because soon all that were not heard are called unknown, those that have been down for days too.
  const missing = new Set<NodeId>();
  for (const { id } of store.view.list('node')) {
    if (store.view.get('nodeStatus', id)?.state !== 'down') missing.add(id);
  }
  const finish = (): void => {
    if (isDone) return;
    isDone = true;
    timer.cancel();
    done();
  };
  const timer = clock.after(patienceMs, finish);
  return {
    heard: (nodeId) => {
      missing.delete(nodeId);
      if (missing.size === 0) finish();
    },
    isDone: () => isDone,
    [Symbol.dispose]: () => {
      isDone = true;
      timer.cancel();
    },
  };
};
