import { TuttiError } from '../../model/errors.ts';
import type { AddressPair } from '../../model/network-address.ts';
import type { SingleContainer } from '../../model/single-container.ts';
import type { Clock } from '../../platform/ports.ts';
import { withDeadline } from '../../rpc/deadline.ts';
import type { Store, View } from '../../store/store.ts';
import type { Inventory } from '../manager.ts';

/** As far as is known; what is not known yet, after a restart of the manager, runs. */
export const isRunning = (view: View, containerId: string): boolean =>
  view.get('containerStatus', containerId)?.running !== false;

export interface RunningContainer extends AddressPair {
  readonly container: SingleContainer;
}

/** The single containers that run on a network, as far as is known. */
export const runningOn = (view: View, networkId: string): readonly RunningContainer[] => {
  const found: RunningContainer[] = [];
  for (const container of view.list('container')) {
    const attachment = container.attachments?.find((one) => one.networkId === networkId);
    if (attachment === undefined || !isRunning(view, container.id)) continue;
    const { address, address6 } = attachment;
    found.push({ container, address, ...(address6 !== undefined && { address6 }) });
  }
  return found;
};

/** Throws `permission-denied` where a container that runs has an address that this one asked for. */
export const checkAddresses = (view: View, engineId: string): void => {
  const [row] = view.find('container', 'engine', engineId);
  const fixed = (row?.attachments ?? []).flatMap(({ networkId, address, address6, ...one }) => [
    ...(one.fixed === true ? [{ networkId, address }] : []),
    ...(address6 === undefined ? [] : [{ networkId, address: address6 }]),
  ]);
  if (row === undefined || fixed.length === 0) return;
  for (const { networkId, address } of fixed) {
    const other = runningOn(view, networkId).find(
      (one) => (one.address === address || one.address6 === address) && one.container.id !== row.id,
    );
    if (other === undefined) continue;
    throw new TuttiError(
      'permission-denied',
      `Address already in use: ${address} is that of ${other.container.spec.name}`,
    );
  }
};

export interface RunningPorts {
  readonly store: Store;
  readonly inventory: Inventory;
  readonly clock: Pick<Clock, 'after'>;
}

/** Of a container's state, as its engine lists it. Paused counts: it has its address. */
export const runs = (state: string | undefined): boolean => state === 'running' || state === 'paused';

/** `endedAt`: see `SingleContainerStatus`. */
export const noteRunning = (
  store: Store,
  { id, nodeId }: SingleContainer,
  running: boolean,
  endedAt?: number,
): void => {
  const before = store.view.get('containerStatus', id);
  if (before?.running === running && before.nodeId === nodeId) return;
  const status = { nodeId, running, ...(endedAt !== undefined && { endedAt }) };
  store.observe((soft) => soft.put('containerStatus', id, status));
};

/** Takes over what the inventory knows of a container that somebody has changed through the cluster. */
export const noteSeen = ({ store, inventory }: RunningPorts, engineId: string): void => {
  const [row] = store.view.find('container', 'engine', engineId);
  const known = row === undefined ? undefined : inventory.peek(engineId);
  if (row === undefined || known === undefined) return;
  noteRunning(store, row, runs(known.summary.State));
  const status = store.view.get('containerStatus', row.id);
  if (status?.endedAt === undefined) return;
  const { endedAt: _asked, ...now } = status;
  store.observe((soft) => soft.put('containerStatus', row.id, now));
};

const verifyMs = 2_000;

/** What an engine does not say in time stays as it is. */
export const verifyRunning = async (ports: RunningPorts, networkId: string, signal: AbortSignal): Promise<void> => {
  const ids = runningOn(ports.store.view, networkId).map(({ container }) => container);
  using limit = withDeadline(ports.clock, verifyMs, 'the engines', signal);
  await Promise.all(
    ids.map(async ({ nodeId, engineId }) => {
      if (engineId === undefined) return;
      await ports.inventory.refresh(nodeId, [engineId], limit.signal).catch(() => undefined);
      noteSeen(ports, engineId);
    }),
  );
  signal.throwIfAborted();
};
