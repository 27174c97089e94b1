import type { Manager } from '../../../manager/manager.ts';
import { isRecord } from './record.ts';

/** What a network of an engine is in the cluster; undefined: an engine's own. */
export type ClusterNetwork = { readonly id: string; readonly name: string } | undefined;

/** The engine's network of a cluster's one has this name (agent/network/names.ts). */
const engineName = /^tutti-[01]-([0-9a-z]+)$/;

/** Texts without this name no network of the cluster. */
export const networkMark = '"tutti-';

export const clusterNetworkOf = ({ queries }: Pick<Manager, 'queries'>, name: string): ClusterNetwork => {
  const id = engineName.exec(name)?.[1];
  const network = id === undefined ? undefined : queries.networks().find((one) => one.id === id);
  return network === undefined ? undefined : { id: network.id, name: network.spec.name };
};

/** Names of a network that an engine may know it by, for its filters. */
export const engineNetworksOf = ({ queries }: Pick<Manager, 'queries'>, reference: string): readonly string[] => {
  const network = queries.networks().find(({ id, spec }) => spec.name === reference || id.startsWith(reference));
  return network === undefined ? [reference] : [reference, `tutti-1-${network.id}`, `tutti-0-${network.id}`];
};

/**
 * What an engine says of a container, with the networks of the cluster called as the cluster does: `HostConfig.NetworkMode`
 * and `NetworkSettings.Networks`, of a list as of an inspection.
 */
export const withClusterNetworks = (
  container: Readonly<Record<string, unknown>>,
  named: (name: string) => ClusterNetwork,
): Readonly<Record<string, unknown>> => {
  const { HostConfig: host, NetworkSettings: settings } = container;
  return {
    ...container,
    ...(isRecord(host) && { HostConfig: withMode(host, named) }),
    ...(isRecord(settings) &&
      isRecord(settings['Networks']) && {
        NetworkSettings: { ...settings, Networks: withNames(settings['Networks'], named) },
      }),
  };
};

const withMode = (host: Readonly<Record<string, unknown>>, named: (name: string) => ClusterNetwork) => {
  const mode = host['NetworkMode'];
  const network = typeof mode === 'string' ? named(mode) : undefined;
  return network === undefined ? host : { ...host, NetworkMode: network.name };
};

const withNames = (networks: Readonly<Record<string, unknown>>, named: (name: string) => ClusterNetwork) =>
  Object.fromEntries(
    Object.entries(networks).map(([name, endpoint]) => {
      const network = named(name);
      if (network === undefined || !isRecord(endpoint)) return [name, endpoint];
      return [network.name, { ...endpoint, NetworkID: network.id }];
    }),
  );
