import { eachEngineEvent } from '../engines/each-event.ts';
import type { EachEventPorts } from '../engines/each-event.ts';
import type { Volumes } from '../manager.ts';

/** Keeps rows with what engines make and remove by themselves, until it is disposed. */
export const followVolumes = (ports: EachEventPorts, volumes: Pick<Volumes, 'adopt' | 'forget'>): Disposable =>
  eachEngineEvent(ports, async ({ nodeId, event }) => {
    if (event.Type !== 'volume') return;
    const name = event.Actor?.ID ?? '';
    if (event.Action === 'create') await volumes.adopt(name, nodeId);
    if (event.Action === 'destroy') await volumes.forget(name, nodeId);
  });
