import { TuttiError } from '../../model/errors.ts';
import type { Clock, Log } from '../../platform/ports.ts';
import type { EngineEvent, Inventory } from '../manager.ts';

export interface EachEventPorts {
  readonly inventory: Pick<Inventory, 'events'>;
  readonly log: Log;
  readonly clock: Pick<Clock, 'sleep'>;
}

/** After a fault it begins anew: the first time at once, so that little is missed, then no more often than this. */
const pauseMs = 1_000;

/**
 * Calls for every event of every engine until it is disposed. What comes between a fault, or its having fallen behind, and
 * its beginning anew is missed: whoever needs all of it compares besides.
 */
export const eachEngineEvent = (
  { inventory, log, clock }: EachEventPorts,
  call: (event: EngineEvent) => void | Promise<void>,
): Disposable => {
  const stopped = new AbortController();
  const { signal } = stopped;
  const follow = async (): Promise<void> => {
    for (let faults = 0; !signal.aborted; faults += 1) {
      if (faults > 1) await clock.sleep(pauseMs, signal);
      try {
        for await (const event of inventory.events(signal)) await call(event);
        return;
      } catch (thrown) {
        if (!signal.aborted) log.error('events of engines were missed', { error: TuttiError.from(thrown).message });
      }
    }
  };
  // Ended by the signal in the middle of a pause.
  follow().catch(() => undefined);
  return { [Symbol.dispose]: () => stopped.abort(new TuttiError('cancelled', 'the manager ends')) };
};
