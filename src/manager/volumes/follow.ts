import type { Log } from '../../platform/ports.ts';
import { eachEngineEvent } from '../engines/each-event.ts';
import type { Inventory, Volumes } from '../manager.ts';

/** Keeps rows with what engines make and remove by themselves, until it is disposed. */
export const followVolumes = (
  inventory: Pick<Inventory, 'events'>,
  volumes: Pick<Volumes, 'adopt' | 'forget'>,
  log: Log,
): Disposable =>
  eachEngineEvent(inventory, log, async ({ nodeId, event }) => {
    if (event.Type !== 'volume') return;
    const name = event.Actor?.ID ?? '';
    if (event.Action === 'create') await volumes.adopt(name, nodeId);
    if (event.Action === 'destroy') await volumes.forget(name, nodeId);
  });
