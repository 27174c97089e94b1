import type { Manager } from '../../../manager/manager.ts';
import { withPrefixes } from '../../../model/network-address.ts';
import type { Network } from '../../../model/network.ts';
import { isTerminal } from '../../../model/task.ts';
import type { Definitions } from '../../../platform/engine/types.generated.ts';

/** Whether a service is on the network, or a container runs on it. */
export const isUsed = ({ queries, networks }: Manager, network: Network): boolean =>
  networks.on(network.id).length > 0 ||
  queries
    .services()
    .some(({ service }) => service.spec.task.networks?.some(({ networkId }) => networkId === network.id) === true);

export type Endpoints = Readonly<Record<string, Definitions['NetworkContainer']>>;

/** What runs on a network of the cluster, over all nodes: one virtual engine has them all. By container id. */
export const endpointsOf = ({ queries, networks }: Manager, network: Network): Endpoints => {
  const single = networks
    .on(network.id)
    .map(({ container: { id, engineId, spec }, ...pair }) => [
      engineId ?? id,
      endpoint(spec.name, id, withPrefixes(network, pair)),
    ]);
  return Object.fromEntries([
    ...single,
    ...queries.tasks().flatMap(({ task, status }) => {
      const attached = task.addresses?.find((address) => address.networkId === network.id);
      if (attached === undefined || isTerminal(status.state)) return [];
      const key = status.containers[0]?.containerId ?? task.id;
      const name = `${task.serviceName}.${task.slot ?? task.nodeId ?? ''}.${task.id}`;
      return [[key, endpoint(name, task.id, withPrefixes(network, attached))]];
    }),
  ]) as Endpoints;
};

export const endpoint = (
  name: string,
  id: string,
  [fourth = '', sixth = '']: readonly string[],
): Definitions['NetworkContainer'] => ({
  Name: name,
  EndpointID: id,
  MacAddress: '',
  IPv4Address: fourth,
  IPv6Address: sixth,
});
