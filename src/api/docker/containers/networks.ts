import type { Manager } from '../../../manager/manager.ts';
import { networkIdOf } from '../../../model/network.ts';
import type { SingleContainer } from '../../../model/single-container.ts';
import { isRecord } from './record.ts';

/** What a network of an engine is in the cluster; undefined: an engine's own. */
export type ClusterNetwork = { readonly id: string; readonly name: string } | undefined;

/** Texts without this name no network of the cluster. */
export const networkMark = '"tutti-';

export const clusterNetworkOf = ({ networks }: Pick<Manager, 'networks'>, name: string): ClusterNetwork => {
  const id = networkIdOf(name);
  const called = id === undefined ? undefined : networks.nameOf(id);
  return id === undefined || called === undefined ? undefined : { id, name: called };
};

const builtInEndpoint =
  /(?<before>"(?<name>bridge|host|none)":\{(?:[^{}]|\{[^{}]*\})*?"NetworkID":")[0-9a-f]{64}(?=")/g;

/**
 * What an engine wrote of a container, with the cluster's ids of the networks that every engine has one of: clients look
 * them up. Keys of objects are not escaped, so no text of a client's looks like this.
 */
export const withBuiltInIds = ({ queries }: Pick<Manager, 'queries'>, text: string): string =>
  text.replace(builtInEndpoint, (whole: string, before: string, name: string) => {
    const id = queries.networks().find(({ spec }) => spec.name === name)?.id;
    return id === undefined ? whole : `${before}${id}`;
  });

/** Names of a network that an engine may know it by, for its filters. */
export const engineNetworksOf = ({ queries }: Pick<Manager, 'queries'>, reference: string): readonly string[] => {
  const network = queries.networks().find(({ id, spec }) => spec.name === reference || id.startsWith(reference));
  if (network === undefined) return [reference];
  return [reference, network.spec.name, `tutti-1-${network.id}`, `tutti-0-${network.id}`];
};

/**
 * What an engine says of a container, with the networks of the cluster called as the cluster does: `HostConfig.NetworkMode`
 * and `NetworkSettings.Networks`, of a list as of an inspection. What the container's row says of its request and its
 * attachments stands for what the engine was told instead.
 */
export const withClusterNetworks = (
  container: Readonly<Record<string, unknown>>,
  named: (name: string) => ClusterNetwork,
  row?: SingleContainer,
): Readonly<Record<string, unknown>> => {
  const { HostConfig: host, NetworkSettings: settings } = container;
  return {
    ...container,
    ...(isRecord(host) && { HostConfig: withMode(host, named, row) }),
    ...(isRecord(settings) &&
      isRecord(settings['Networks']) && {
        NetworkSettings: { ...settings, Networks: withNames(settings['Networks'], named, row) },
      }),
  };
};

type Fields = Readonly<Record<string, unknown>>;

const withMode = (host: Fields, named: (name: string) => ClusterNetwork, row: SingleContainer | undefined): Fields => {
  const mode = host['NetworkMode'];
  const network = typeof mode === 'string' ? named(mode) : undefined;
  if (network === undefined) return host;
  const asked = row?.spec.request['HostConfig'];
  const { NetworkMode = network.name, Dns = [] } = isRecord(asked) ? asked : {};
  return { ...host, NetworkMode, ...('Dns' in host && { Dns }) };
};

const withNames = (networks: Fields, named: (name: string) => ClusterNetwork, row: SingleContainer | undefined) =>
  Object.fromEntries(
    Object.entries(networks).map(([name, endpoint]) => {
      const network = named(name);
      if (network === undefined || !isRecord(endpoint)) return [name, endpoint];
      return [network.name, { ...endpoint, ...asAsked(endpoint, network.id, row), NetworkID: network.id }];
    }),
  );

/** Aliases and an address that was not asked for are not the engine's to tell. */
const asAsked = (endpoint: Fields, networkId: string, row: SingleContainer | undefined): Fields => {
  const attachment = row?.attachments?.find((one) => one.networkId === networkId);
  if (attachment === undefined) return {};
  const { aliases = [], fixed, ipv6Address } = attachment;
  const { Aliases, DNSNames, IPAMConfig } = endpoint;
  const added = (names: unknown): readonly unknown[] => [
    ...new Set([...aliases, ...(Array.isArray(names) ? names : [])]),
  ];
  return {
    ...(aliases.length > 0 && {
      Aliases: added(Aliases),
      ...(Array.isArray(DNSNames) && { DNSNames: added(DNSNames) }),
    }),
    ...(isRecord(IPAMConfig) && {
      IPAMConfig: asked(fixed === true ? IPAMConfig : withoutAddress(IPAMConfig), ipv6Address),
    }),
  };
};

const withoutAddress = ({ IPv4Address: _given, ...others }: Fields): Fields => others;
const withoutAddress6 = ({ IPv6Address: _given, ...others }: Fields): Fields => others;

const asked = (config: Fields, ipv6Address: string | undefined): Fields | null => {
  const all = ipv6Address === undefined ? withoutAddress6(config) : { ...config, IPv6Address: ipv6Address };
  return Object.keys(all).length === 0 ? null : all;
};
