import { TuttiError } from '../../model/errors.ts';
import type { NetworkId } from '../../model/ids.ts';
import type { EndpointSettings, PreparedNetwork } from './engine.ts';
import type { RunnableTask } from './labels.ts';

/** Where a container's network comes from. */
export type Networking =
  /** The networks of the task; the first is the one that it is created on. */
  | { readonly kind: 'attached'; readonly endpoints: readonly NetworkEndpoint[]; readonly dns: readonly string[] }
  /** The engine's own `host`, `none` or `bridge`. */
  | { readonly kind: 'engine'; readonly mode: string }
  /** Another container of the pod. */
  | { readonly kind: 'shared'; readonly containerId: string };

export interface NetworkEndpoint {
  readonly network: string;
  readonly settings: EndpointSettings;
}

/** Engine networks that containers are not attached to by an endpoint. */
const engineModes = new Set(['host', 'none', 'bridge']);

/** Ids of all networks that the task needs on this node, those of its specification first. */
export function taskNetworkIds({ assigned }: RunnableTask): NetworkId[] {
  const declared = (assigned.spec.networks ?? []).map(({ networkId }) => networkId);
  return [...new Set([...declared, ...assigned.addresses.map(({ networkId }) => networkId)])];
}

/** How the pod's first container is connected. @throws TuttiError `not-found` for a network that was not prepared. */
export function taskNetworking(
  task: RunnableTask,
  prepared: ReadonlyMap<NetworkId, PreparedNetwork>,
  macAddress: string | undefined,
): Networking {
  const found = taskNetworkIds(task).map((id) => {
    const network = prepared.get(id);
    if (network === undefined) throw new TuttiError('not-found', `network ${id} is not known on this node`);
    return { id, ...network };
  });
  const own = found.find(({ dockerNetwork }) => engineModes.has(dockerNetwork));
  if (own !== undefined) return { kind: 'engine', mode: own.dockerNetwork };
  if (found.length === 0) return { kind: 'engine', mode: 'bridge' };
  return {
    kind: 'attached',
    endpoints: found.map(({ id, dockerNetwork, ipv6 }, index) => ({
      network: dockerNetwork,
      settings: endpointSettings(task, { id, ipv6 }, index === 0 ? macAddress : undefined),
    })),
    dns: [...new Set(found.flatMap(({ dns }) => dns))],
  };
}

function endpointSettings(
  task: RunnableTask,
  { id, ipv6 }: { readonly id: NetworkId; readonly ipv6: true | undefined },
  macAddress: string | undefined,
): EndpointSettings {
  const pair = task.assigned.addresses.find(({ networkId }) => networkId === id);
  const sixth = ipv6 === true ? pair?.address6 : undefined;
  const driverOptions = task.assigned.spec.networks?.find(({ networkId }) => networkId === id)?.driverOptions;
  return {
    ...(pair === undefined
      ? {}
      : { IPAMConfig: { IPv4Address: pair.address, ...(sixth !== undefined && { IPv6Address: sixth }) } }),
    ...(driverOptions === undefined ? {} : { DriverOpts: { ...driverOptions } }),
    ...(macAddress === undefined ? {} : { MacAddress: macAddress }),
  };
}
