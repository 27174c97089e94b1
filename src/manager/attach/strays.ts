import type { NetworkId } from '../../model/ids.ts';
import type { SingleContainer } from '../../model/single-container.ts';
import { TuttiError } from '../../model/errors.ts';
import type { Clock, Log } from '../../platform/ports.ts';
import { every } from '../../rpc/every.ts';
import type { Store } from '../../store/store.ts';
import type { Engines, Inventory } from '../manager.ts';
import { detach } from './attach.ts';
import { networksOn } from './connect.ts';

export interface StraysPorts {
  readonly store: Store;
  readonly inventory: Pick<Inventory, 'listed' | 'on'>;
  readonly engines: Engines;
  readonly clock: Pick<Clock, 'now' | 'after'>;
  readonly log: Log;
}

const compareMs = 60_000;
/** A younger row may be of a container that is just being connected. */
const freshMs = 120_000;

/**
 * Frees what containers have on networks that their engines took them off while nobody listened. The inventory only says
 * where to look: the engine is asked.
 */
export const followStrays = (ports: StraysPorts): Disposable => {
  const { store, clock, log } = ports;
  const stop = new AbortController();
  const compare = async (): Promise<void> => {
    for (const row of Array.from(store.view.list('container'))) {
      if (suspectsOf(ports, row).length > 0) await look(ports, row, stop.signal);
    }
  };
  const comparing = every(clock, compareMs, async () => {
    try {
      await compare();
    } catch (thrown) {
      if (!stop.signal.aborted) log.debug('networks of containers', { error: TuttiError.from(thrown).message });
    }
  });
  return {
    [Symbol.dispose]: () => {
      stop.abort();
      comparing[Symbol.dispose]();
    },
  };
};

/** Networks that the container is on, and its engine was last heard to have it on no longer. */
const suspectsOf = ({ inventory, clock }: StraysPorts, row: SingleContainer): readonly NetworkId[] => {
  const { engineId, attachments = [], moving, nodeId, updatedAt } = row;
  if (engineId === undefined || moving !== undefined || attachments.length === 0) return [];
  if (clock.now() - updatedAt < freshMs || !inventory.listed(nodeId)) return [];
  const networks = inventory.on(nodeId, engineId)?.summary.NetworkSettings?.Networks;
  return networks === undefined ? [] : missingIn(Object.keys(networks), row);
};

/** Engines know a network of the cluster by a name that ends with its id. */
const missingIn = (names: readonly string[], { attachments = [] }: SingleContainer): readonly NetworkId[] =>
  attachments.map(({ networkId }) => networkId).filter((id) => !names.some((name) => name.endsWith(`-${id}`)));

const look = async (ports: StraysPorts, row: SingleContainer, signal: AbortSignal): Promise<void> => {
  const { nodeId, engineId = '' } = row;
  const names = await networksOn(ports, { id: engineId, nodeId }, signal).catch(() => undefined);
  // What was changed meanwhile is looked at again.
  if (names === undefined || ports.store.view.get('container', row.id)?.version !== row.version) return;
  for (const networkId of missingIn([...names], row)) {
    await detach(ports, row.id, networkId);
    ports.log.info('container is no longer on a network', { container: row.spec.name, network: networkId });
  }
};
