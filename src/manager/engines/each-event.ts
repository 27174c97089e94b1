import { TuttiError } from '../../model/errors.ts';
import type { Log } from '../../platform/ports.ts';
import type { EngineEvent, Inventory } from '../manager.ts';

/** Calls for every event of every engine until it is disposed. After a fault, or when it fell behind, it goes on from then. */
export const eachEngineEvent = (
  inventory: Pick<Inventory, 'events'>,
  log: Log,
  call: (event: EngineEvent) => void | Promise<void>,
): Disposable => {
  const stopped = new AbortController();
  const follow = async (): Promise<void> => {
    for await (const event of inventory.events(stopped.signal)) await call(event);
  };
  const run = (): void => {
    follow().catch((thrown: unknown) => {
      if (stopped.signal.aborted) return;
      log.error('events of engines were missed', { error: TuttiError.from(thrown).message });
      run();
    });
  };
  run();
  return { [Symbol.dispose]: () => stopped.abort(new TuttiError('cancelled', 'the manager ends')) };
};
