import type { NodeId } from '../../model/ids.ts';
import type { SingleContainer } from '../../model/single-container.ts';
import type { Clock, Randomness } from '../../platform/ports.ts';
import type { Store } from '../../store/store.ts';
import { newRow } from '../commands/context.ts';
import type { KnownContainer } from '../manager.ts';

export interface AdoptPorts {
  readonly store: Store;
  readonly clock: Pick<Clock, 'now' | 'after'>;
  readonly random: Pick<Randomness, 'id'>;
}

/**
 * Makes a row for a container that was made on its engine, not through Tutti: what it has on the cluster's networks has to
 * be written somewhere. Throws `already-exists` where another container of the cluster has its name.
 */
export const adopt = async (ports: AdoptPorts, container: KnownContainer): Promise<SingleContainer> => {
  const row: SingleContainer = {
    ...newRow(ports),
    nodeId: container.nodeId as NodeId,
    engineId: container.id,
    spec: {
      name: container.name,
      image: container.summary.Image ?? '',
      request: {},
      hints: { constraints: [], affinities: [] },
      reschedule: 'off',
      reservation: { nanoCpus: 0, memoryBytes: 0 },
      hostPorts: [],
      volumes: [],
      dependencies: [],
    },
  };
  await ports.store.update((transaction) => {
    if (transaction.find('container', 'engine', container.id).length === 0) transaction.create('container', row);
  });
  const running = container.summary.State === 'running' || container.summary.State === 'paused';
  ports.store.observe((soft) => soft.put('containerStatus', row.id, { nodeId: row.nodeId, running }));
  return ports.store.view.find('container', 'engine', container.id)[0] ?? row;
};
