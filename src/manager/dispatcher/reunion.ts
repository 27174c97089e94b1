import type { NodeId } from '../../model/ids.ts';
import type { Clock } from '../../platform/ports.ts';
import type { Store } from '../../store/store.ts';

/**
 * The moment when a manager that has just begun knows what runs. What it remembers of readiness may be seconds old, so an
 * agent that was told the whole set before the others were heard would stop leading names and ports to what is ready
 * there. Until then agents go on with what they know.
 */
export interface Reunion extends Disposable {
  /** A node has come: perhaps it was the last one. */
  look(): void;
  readonly isDone: () => boolean;
}

export interface ReunionPorts {
  readonly store: Store;
  readonly clock: Pick<Clock, 'after'>;
  /** The node has said hello. */
  readonly isHere: (nodeId: NodeId) => boolean;
  /** Called once: when all are there that were not down, or when it is late. */
  readonly done: () => void;
}

/** Agents dial with pauses of up to a second. Who does not come in this time is waited for no longer. */
const patienceMs = 2_000;

export const createReunion = ({ store, clock, isHere, done }: ReunionPorts): Reunion => {
  let isDone = false;
  const finish = (): void => {
    if (isDone) return;
    isDone = true;
    timer.cancel();
    done();
  };
  const timer = clock.after(patienceMs, finish);
  const isMissing = (nodeId: NodeId): boolean =>
    !isHere(nodeId) && store.view.get('nodeStatus', nodeId)?.state !== 'down';
  return {
    look: () => {
      if (isDone) return;
      for (const { id } of store.view.list('node')) if (isMissing(id)) return;
      finish();
    },
    isDone: () => isDone,
    [Symbol.dispose]: () => {
      isDone = true;
      timer.cancel();
    },
  };
};
