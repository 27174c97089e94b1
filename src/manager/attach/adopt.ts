import type { NodeId } from '../../model/ids.ts';
import { plainContainerSpec } from '../../model/single-container.ts';
import type { SingleContainer } from '../../model/single-container.ts';
import type { Clock, Randomness } from '../../platform/ports.ts';
import type { Store } from '../../store/store.ts';
import { newRow } from '../commands/context.ts';
import type { KnownContainer } from '../manager.ts';
import { noteRunning, runs } from './running.ts';

export interface AdoptPorts {
  readonly store: Store;
  readonly clock: Pick<Clock, 'now' | 'after'>;
  readonly random: Pick<Randomness, 'id'>;
}

/** What has to be known of a container for a row of its own. */
export type Adoptable = Pick<KnownContainer, 'id' | 'nodeId' | 'name'> &
  Partial<Pick<KnownContainer, 'summary'>> & {
    /** Its own resolvers. */
    readonly servers?: readonly string[];
  };

/** A row for a container that was made on its engine, not through Tutti. */
export const adoptedRow = (
  ports: Pick<AdoptPorts, 'clock' | 'random'>,
  { id, nodeId, name, summary, servers = [] }: Adoptable,
): SingleContainer => ({
  ...newRow(ports),
  nodeId: nodeId as NodeId,
  engineId: id,
  spec: {
    ...plainContainerSpec(name, summary?.Image ?? ''),
    ...(servers.length > 0 && { request: { HostConfig: { Dns: servers } } }),
  },
});

/**
 * Makes a row for a container that was made on its engine, not through Tutti: what it has on the cluster's networks has to
 * be written somewhere. Throws `already-exists` where another container of the cluster has its name.
 */
export const adopt = async (
  ports: AdoptPorts,
  container: KnownContainer & Pick<Adoptable, 'servers'>,
): Promise<SingleContainer> => {
  const { value: row } = await ports.store.update((transaction) => {
    const [present] = transaction.find('container', 'engine', container.id);
    if (present !== undefined) return present;
    const fresh = adoptedRow(ports, container);
    transaction.create('container', fresh);
    return fresh;
  });
  noteRunning(ports.store, row, runs(container.summary.State));
  return ports.store.view.get('container', row.id) ?? row;
};
