import type { Log } from '../../platform/ports.ts';
import { eachEngineEvent } from '../engines/each-event.ts';
import type { Inventory, Volumes } from '../manager.ts';

/** Drops the rows of volumes that were removed on their engine, until it is disposed. */
export const forgetDestroyed = (
  inventory: Pick<Inventory, 'events'>,
  volumes: Pick<Volumes, 'forget'>,
  log: Log,
): Disposable =>
  eachEngineEvent(inventory, log, async ({ nodeId, event }) => {
    if (event.Type === 'volume' && event.Action === 'destroy') await volumes.forget(event.Actor?.ID ?? '', nodeId);
  });
