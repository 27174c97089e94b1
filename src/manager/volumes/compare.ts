import type { NodeId } from '../../model/ids.ts';
import type { Volume } from '../../model/volume.ts';
import type { Clock } from '../../platform/ports.ts';
import type { Store } from '../../store/store.ts';
import { isMountedOn } from './users.ts';

interface ComparePorts {
  readonly store: Store;
  readonly clock: Pick<Clock, 'now'>;
}

/** A younger row may be of a volume that is made after its engine was asked. */
const freshMs = 60_000;

/** The names of all volumes that each of these nodes' engines has. */
export type PresentVolumes = ReadonlyMap<string, ReadonlySet<string>>;

/** Its engine does not have it: neither is it just being made, nor will it be for whoever mounts it there. */
export const isStale = ({ store, clock }: ComparePorts, { spec, nodeId, updatedAt }: Volume): boolean =>
  nodeId !== undefined && clock.now() - updatedAt > freshMs && !isMountedOn(store.view, nodeId, spec.name);

/** Deletes the row while it is as it was. */
export const dropVolume = async (store: Store, row: Volume): Promise<void> => {
  await store.update((transaction) => {
    if (transaction.get('volume', row.id)?.version === row.version) transaction.delete('volume', row.id);
  });
};

/** Makes the rows say what the engines have: what one does not have is forgotten, what one has was promised no longer. */
export const compareVolumes = async (ports: ComparePorts, present: PresentVolumes): Promise<void> => {
  const { store } = ports;
  for (const row of Array.from(store.view.list('volume'))) {
    const { spec, nodeId } = row;
    if (nodeId === undefined) {
      const holder = [...present].find(([, names]) => names.has(spec.name))?.[0];
      if (holder !== undefined) await keepPromise(store, row, holder as NodeId);
    } else if (present.get(nodeId)?.has(spec.name) === false && isStale(ports, row)) await dropVolume(store, row);
  }
};

const keepPromise = async (store: Store, row: Volume, nodeId: NodeId): Promise<void> => {
  await store.update((transaction) => {
    if (transaction.get('volume', row.id)?.version === row.version) transaction.update('volume', { ...row, nodeId });
  });
};
