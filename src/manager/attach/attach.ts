import type { ContainerAttachment } from '../../model/attachment.ts';
import type { AttachmentWish } from '../../core/allocate/container.ts';
import { TuttiError } from '../../model/errors.ts';
import type { NetworkId } from '../../model/ids.ts';
import type { SingleContainer } from '../../model/single-container.ts';
import { formatNetworksPath, readyNetworks } from '../../rpc/networks.ts';
import type { ReadyNetworks } from '../../rpc/networks.ts';
import type { NodeRequests } from '../../rpc/transport.ts';
import type { Clock } from '../../platform/ports.ts';
import { withDeadline } from '../../rpc/deadline.ts';
import type { Store } from '../../store/store.ts';
import type { Allocator } from '../allocator.ts';
import { readAnswerJson } from '../engines/ask.ts';
import type { ResolvedNetwork } from './resolve.ts';

export interface AttachPorts {
  readonly store: Store;
  readonly allocator: Allocator;
  readonly requests: NodeRequests;
  readonly clock: Pick<Clock, 'now' | 'after'>;
}

type ClusterNetwork = Extract<ResolvedNetwork, { kind: 'cluster' }>;

export const wishOf = ({ network, settings }: ClusterNetwork): AttachmentWish => {
  const address = settings.IPAMConfig?.IPv4Address ?? '';
  const aliases = settings.Aliases ?? [];
  const links = settings.Links ?? [];
  const ipv6Address = settings.IPAMConfig?.IPv6Address ?? '';
  return {
    networkId: network.id,
    ...(address !== '' && { address }),
    ...(aliases.length > 0 && { aliases: [...new Set(aliases)] }),
    ...(links.length > 0 && { links: [...new Set(links)] }),
    ...(ipv6Address !== '' && { ipv6Address }),
  };
};

/**
 * Writes attachments for the wishes into the container's row, beside those that it has; a wish for a network that it is
 * on already changes nothing. Gives all of them. Throws `not-found` where the row is gone, `permission-denied` where an
 * address cannot be given.
 */
export const attach = async (
  { store, allocator }: AttachPorts,
  containerId: string,
  wishes: readonly AttachmentWish[],
): Promise<readonly ContainerAttachment[]> => {
  try {
    const { value } = await store.update((transaction) => {
      const row = transaction.get('container', containerId);
      if (row === undefined) throw new TuttiError('not-found', `container ${containerId} is gone`);
      const present = row.attachments ?? [];
      const fresh = wishes.filter(({ networkId }) => !present.some((one) => one.networkId === networkId));
      if (fresh.length === 0) return present;
      const given = allocator.giveContainer(transaction, containerId, fresh);
      if (given.kind === 'refused') throw new TuttiError('permission-denied', given.reason);
      transaction.update('container', { ...row, attachments: given.value });
      return given.value;
    });
    return value;
  } catch (thrown) {
    allocator.takeBackContainer(containerId);
    throw thrown;
  }
};

/** Gives the attachment that the container has on the wish's network other names; the address stays. Gives all attachments. */
export const renameOn = async (
  { store }: Pick<AttachPorts, 'store'>,
  containerId: string,
  { networkId, aliases, links }: AttachmentWish,
): Promise<readonly ContainerAttachment[]> => {
  const { value } = await store.update((transaction) => {
    const row = transaction.get('container', containerId);
    if (row === undefined) throw new TuttiError('not-found', `container ${containerId} is gone`);
    const attachments = (row.attachments ?? []).map((one): ContainerAttachment => {
      if (one.networkId !== networkId) return one;
      const { aliases: _aliases, links: _links, ...kept } = one;
      return { ...kept, ...(aliases !== undefined && { aliases }), ...(links !== undefined && { links }) };
    });
    transaction.update('container', { ...row, attachments });
    return attachments;
  });
  return value;
};

/** Takes the container off a network of the cluster: its address there is free. */
export const detach = async (
  { store }: Pick<AttachPorts, 'store'>,
  containerId: string,
  networkId: NetworkId,
): Promise<void> => {
  await store.update((transaction) => {
    const row = transaction.get('container', containerId);
    if (row?.attachments?.some((one) => one.networkId === networkId) !== true) return;
    const { attachments, ...others } = row;
    const left = attachments.filter((one) => one.networkId !== networkId);
    const next: SingleContainer = left.length === 0 ? others : { ...others, attachments: left };
    transaction.update('container', next);
  });
};

/** An engine makes a bridge within a second; several may be asked for at once, and the engine be busy. */
const readyMs = 30_000;

/** Resolves when the node's engine has the networks. Throws `unavailable`, and what is in the node's way. */
export const makeReady = async (
  { requests, clock }: AttachPorts,
  nodeId: string,
  networkIds: readonly string[],
  signal: AbortSignal,
): Promise<ReadyNetworks> => {
  using limit = withDeadline(clock, readyMs, `networks on node ${nodeId}`, signal);
  const response = await requests.request(nodeId, { path: formatNetworksPath(networkIds) }, limit.signal);
  return readyNetworks.parse(await readAnswerJson(response));
};
