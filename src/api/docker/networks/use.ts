import type { Manager } from '../../../manager/manager.ts';
import type { Network } from '../../../model/network.ts';
import { isTerminal } from '../../../model/task.ts';
import type { Definitions } from '../../../platform/engine/types.generated.ts';

/** Names of the services that are on the network. */
export const usersOf = ({ queries }: Manager, network: Network): readonly string[] =>
  queries
    .services()
    .filter(({ service }) => service.spec.task.networks?.some(({ networkId }) => networkId === network.id) === true)
    .map(({ service }) => service.spec.name);

type Endpoints = Readonly<Record<string, Definitions['NetworkContainer']>>;

/** The tasks on a network of the cluster, over all nodes: one virtual engine has them all. By container id. */
export const endpointsOf = ({ queries }: Manager, network: Network): Endpoints => {
  const prefix = network.subnet?.split('/')[1] ?? '32';
  return Object.fromEntries(
    queries.tasks().flatMap(({ task, status }) => {
      const attached = task.addresses?.find((address) => address.networkId === network.id);
      if (attached === undefined || isTerminal(status.state)) return [];
      const key = status.containers[0]?.containerId ?? task.id;
      const name = `${task.serviceName}.${task.slot ?? task.nodeId ?? ''}.${task.id}`;
      return [[key, endpoint(name, task.id, `${attached.address}/${prefix}`)]];
    }),
  );
};

const endpoint = (name: string, id: string, address: string): Definitions['NetworkContainer'] => ({
  Name: name,
  EndpointID: id,
  MacAddress: '',
  IPv4Address: address,
  IPv6Address: '',
});
