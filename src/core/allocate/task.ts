import { canonical6 } from '../../model/ipv6.ts';
import type { NetworkId } from '../../model/ids.ts';
import type { Network } from '../../model/network.ts';
import type { Task, TaskAddress } from '../../model/task.ts';
import type { AddressBook, OwnerId } from './addresses.ts';
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
  const wishes: Wish[] = (task.spec.networks ?? []).map(({ networkId, ipv4Address, ipv6Address }) => {
    const isInForce = ipv6Address !== undefined && options.network(networkId)?.ipv6 !== undefined;
    return { networkId, address: ipv4Address, address6: isInForce ? canonical6(ipv6Address) : undefined };
  });
  const ingress = options.ingress;
  if (ingress !== undefined && !wishes.some(({ networkId }) => networkId === ingress)) {
    wishes.push({ networkId: ingress, address: undefined, address6: undefined });
  }
  for (const wish of wishes) {
    const { networkId, address6 } = wish;
    const network = options.network(networkId);
    if (network === undefined) return { kind: 'refused', reason: `network ${networkId} does not exist` };
    if (network.spec.driver !== 'overlay') continue;
    if (network.subnet === undefined) return { kind: 'refused', reason: `network ${network.spec.name} has no subnet` };
    const given = give(wish, task, book, options);
    if (given.kind === 'refused') return given;
    addresses.push({ networkId, address: given.value, ...(address6 !== undefined && { address6 }) });
  }
  book.note(task.id, addresses);
  return { kind: 'allocated', value: addresses };
};

interface Wish {
  readonly networkId: NetworkId;
  readonly address: string | undefined;
  readonly address6: string | undefined;
}

const give = (
  { networkId, address, address6 }: Wish,
  task: Task,
  book: AddressBook,
  options: TaskAllocationOptions,
): Allocation<string> => {
  const mayShare = (owner: OwnerId): boolean => owner === task.id || options.mayTakeOver(owner);
  const wanted = book.check6(networkId, { address, address6 }, mayShare);
  if (wanted.kind === 'refused') return wanted;
  return wanted.value === undefined ? book.pick(networkId) : take(networkId, wanted.value, task, book, options);
};

const take = (
  networkId: NetworkId,
  address: string,
  task: Task,
  book: AddressBook,
  { mayTakeOver }: TaskAllocationOptions,
): Allocation<string> => {
  const owner = book.ownerOf(networkId, address);
  if (owner !== undefined && owner !== task.id && !mayTakeOver(owner)) {
    return { kind: 'refused', reason: `address ${address} is in use by ${owner}` };
  }
  return book.check(networkId, address);
};
