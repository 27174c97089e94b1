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
  const wishes = (task.spec.networks ?? []).map(({ networkId, ipv4Address }) => ({ networkId, ipv4Address }));
  const ingress = options.ingress;
  if (ingress !== undefined && !wishes.some(({ networkId }) => networkId === ingress)) {
    wishes.push({ networkId: ingress, ipv4Address: undefined });
  }
  for (const { networkId, ipv4Address } of wishes) {
    const network = options.network(networkId);
    if (network === undefined) return { kind: 'refused', reason: `network ${networkId} does not exist` };
    if (network.spec.driver !== 'overlay') continue;
    if (network.subnet === undefined) return { kind: 'refused', reason: `network ${network.spec.name} has no subnet` };
    const given = ipv4Address === undefined ? book.pick(networkId) : take(networkId, ipv4Address, task, book, options);
    if (given.kind === 'refused') return given;
    addresses.push({ networkId, address: given.value });
  }
  book.note(task.id, addresses);
  return { kind: 'allocated', value: addresses };
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
