import type { NetworkId } from '../../model/ids.ts';
import type { Network } from '../../model/network.ts';
import type { Task, TaskAddress } from '../../model/task.ts';
import type { AddressBook, OwnerId } from './addresses.ts';
import { giveAddress, wantedAddress6 } from './give.ts';
import type { AddressWish, Recipient } from './give.ts';
import type { Allocation } from './subnet.ts';

export interface TaskAllocationOptions {
  readonly network: (id: string) => Network | undefined;
  /** The network of published ports, where the service has any. */
  readonly ingress?: NetworkId | undefined;
  /** Whether a fixed address may be taken over from its present owner: one out of the way in the same place. */
  readonly mayTakeOver: (owner: OwnerId) => boolean;
}

/** The addresses of a new task: one on each overlay network that it is on. What is allocated is noted in the book. */
export const allocateTask = (
  task: Task,
  book: AddressBook,
  options: TaskAllocationOptions,
): Allocation<readonly TaskAddress[]> => {
  const addresses: TaskAddress[] = [];
  const recipient: Recipient = {
    id: task.id,
    mayShare: options.mayTakeOver,
    taken: (address, owner) => `address ${address} is in use by ${owner}`,
  };
  for (const [networkId, wish] of wishesOf(task, options)) {
    const network = options.network(networkId);
    if (network === undefined) return { kind: 'refused', reason: `network ${networkId} does not exist` };
    if (network.spec.driver !== 'overlay') continue;
    if (network.subnet === undefined) return { kind: 'refused', reason: `network ${network.spec.name} has no subnet` };
    const given = giveAddress(networkId, wish, recipient, book);
    if (given.kind === 'refused') return given;
    const { address6 } = wish;
    addresses.push({ networkId, address: given.value, ...(address6 !== undefined && { address6 }) });
  }
  book.note(task.id, addresses);
  return { kind: 'allocated', value: addresses };
};

const wishesOf = (
  { spec }: Task,
  { network, ingress }: TaskAllocationOptions,
): readonly (readonly [NetworkId, AddressWish])[] => {
  const wishes = (spec.networks ?? []).map(({ networkId, ipv4Address, ipv6Address }) => {
    const wish: AddressWish = { address: ipv4Address, address6: wantedAddress6(network(networkId), ipv6Address) };
    return [networkId, wish] as const;
  });
  if (ingress === undefined || wishes.some(([networkId]) => networkId === ingress)) return wishes;
  return [...wishes, [ingress, { address: undefined, address6: undefined }]];
};
