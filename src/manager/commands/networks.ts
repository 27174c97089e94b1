import { TuttiError } from '../../model/errors.ts';
import type { Network, NetworkSpec } from '../../model/network.ts';
import { nodeName } from '../../model/node.ts';
import type { Transaction, View } from '../../store/store.ts';
import { runningOn } from '../attach/running.ts';
import { ingressNetwork, publishesEverywhere } from '../allocator.ts';
import { createNetwork, isPredefined } from '../cluster.ts';
import type { Commands } from '../manager.ts';
import { resolve } from '../references.ts';
import type { CommandContext } from './context.ts';
import { serviceList, usersOf } from './files.ts';

type NetworkCommands = Pick<Commands, 'createNetwork' | 'removeNetwork'>;

export const networkCommands = (context: CommandContext): NetworkCommands => {
  const { store } = context;
  return {
    createNetwork: async (spec) => {
      const { value: id } = await store.update((transaction) => addNetwork(transaction, spec, context));
      return { id, warnings: spec.ipv6 === true ? remarksOnIpv6(store.view) : [] };
    },
    removeNetwork: async (reference) => {
      await store.update((transaction) => dropNetwork(transaction, resolve(transaction, 'network', reference)));
    },
  };
};

/** Nodes where the network has IPv4 alone. */
const remarksOnIpv6 = (view: View): string[] => {
  const lacking = [...view.list('node')].filter(
    ({ description }) => description !== undefined && description.ipv6 !== true,
  );
  if (lacking.length === 0) return [];
  return [`IPv6 is switched off on ${lacking.map(nodeName).join(', ')}: the network has IPv4 addresses only there`];
};

/** Returns the id. */
export const addNetwork = (transaction: Transaction, spec: NetworkSpec, context: CommandContext): string => {
  if (spec.ingress === true) checkIngress(transaction, spec);
  if (spec.driver !== 'overlay') {
    throw new TuttiError(
      'invalid-argument',
      `a network of the cluster is an overlay; ${spec.driver} is each engine's own`,
    );
  }
  const id = context.random.id();
  createNetwork(transaction, spec, { allocator: context.allocator, now: context.clock.now(), id });
  return id;
};

/** As Swarm has it: one at a time, for published ports alone. */
const checkIngress = (view: View, { attachable, internal }: NetworkSpec): void => {
  if (attachable === true) throw new TuttiError('invalid-argument', 'ingress network cannot be attachable');
  if (internal === true) {
    throw new TuttiError('invalid-argument', 'ingress network cannot be internal: no port would answer from outside');
  }
  const present = ingressNetwork(view);
  if (present === undefined) return;
  throw new TuttiError('already-exists', `ingress network (${present.id}) is already present`);
};

/** Deletes a network. Throws `in-use` with the services that are on it. */
export const dropNetwork = (transaction: Transaction, network: Network): void => {
  const { id, spec } = network;
  if (isPredefined(network)) {
    throw new TuttiError('permission-denied', `network ${spec.name} is there from the start and cannot be removed`);
  }
  if (spec.ingress === true) {
    const user = Array.from(transaction.list('service')).find(publishesEverywhere);
    if (user === undefined) transaction.delete('network', id);
    else throw new TuttiError('in-use', `ingress network cannot be removed because service ${user.id} depends on it`);
    return;
  }
  const users = usersOf(transaction, ({ task }) => task.networks?.some(({ networkId }) => networkId === id) === true);
  if (users.length > 0) throw new TuttiError('in-use', `network ${spec.name} is in use by ${serviceList(users)}`);
  const [first] = runningOn(transaction, id);
  if (first !== undefined) {
    const { engineId, id: own, spec: named } = first.container;
    throw new TuttiError(
      'permission-denied',
      `error while removing network: network ${spec.name} id ${id} has active endpoints (name:"${named.name}" id:"${(engineId ?? own).slice(0, 12)}")`,
    );
  }
  transaction.delete('network', id);
};
