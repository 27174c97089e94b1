import { TuttiError } from '../../model/errors.ts';
import type { SingleContainer } from '../../model/single-container.ts';
import type { View } from '../../store/store.ts';

export const isRunning = (view: View, containerId: string): boolean =>
  view.get('containerStatus', containerId)?.running === true;

/** The single containers that run on a network, as far as is known. */
export const runningOn = (
  view: View,
  networkId: string,
): readonly { readonly container: SingleContainer; readonly address: string }[] => {
  const found: { readonly container: SingleContainer; readonly address: string }[] = [];
  for (const container of view.list('container')) {
    const attachment = container.attachments?.find((one) => one.networkId === networkId);
    if (attachment === undefined || !isRunning(view, container.id)) continue;
    found.push({ container, address: attachment.address });
  }
  return found;
};

/** Throws `permission-denied` where a container that runs has an address that this one asked for. */
export const checkAddresses = (view: View, engineId: string): void => {
  const [row] = view.find('container', 'engine', engineId);
  const fixed = (row?.attachments ?? []).filter((one) => one.fixed === true);
  if (row === undefined || fixed.length === 0) return;
  for (const { networkId, address } of fixed) {
    const other = runningOn(view, networkId).find((one) => one.address === address && one.container.id !== row.id);
    if (other === undefined) continue;
    throw new TuttiError(
      'permission-denied',
      `Address already in use: ${address} is that of ${other.container.spec.name}`,
    );
  }
};
