import * as z from 'zod';
import type { AddressPair } from '../../model/network-address.ts';
import type { ReadyNetworks } from '../../rpc/networks.ts';

/** The body of Docker's `POST /containers/create`. */
export type CreateRequest = Readonly<Record<string, unknown>>;

/** Docker's EndpointSettings, as far as they are read; the rest is passed on. */
const endpointSettings = z.looseObject({
  Aliases: z.array(z.string().max(255)).max(256).nullish(),
  Links: z.array(z.string().max(512)).max(256).nullish(),
  IPAMConfig: z.looseObject({ IPv4Address: z.string().nullish(), IPv6Address: z.string().nullish() }).nullish(),
});
export type EndpointSettings = z.infer<typeof endpointSettings>;

const networking = z.object({
  HostConfig: z.looseObject({ NetworkMode: z.string().max(4096).nullish() }).nullish(),
  NetworkingConfig: z
    .looseObject({ EndpointsConfig: z.record(z.string(), endpointSettings.nullish()).nullish() })
    .nullish(),
});

export interface AskedNetwork {
  /** As the user wrote it: a name, an id, `node/name`. */
  readonly reference: string;
  readonly settings: EndpointSettings;
}

export interface AskedNetworks {
  /** `host`, `none`, `container:x`: the container has no network of its own to choose. */
  readonly fixedMode: boolean;
  /** The first is the one that the container is made on. */
  readonly networks: readonly AskedNetwork[];
}

/** The settings, or undefined where they cannot be read. */
export const readSettings = (value: unknown): EndpointSettings | undefined =>
  endpointSettings.safeParse(value ?? {}).data;

/** What a request asks of networks; undefined where it cannot be read, which is the engine's to say. */
export const askedNetworks = (request: CreateRequest): AskedNetworks | undefined => {
  const parsed = networking.safeParse(request);
  if (!parsed.success) return undefined;
  const mode = parsed.data.HostConfig?.NetworkMode ?? '';
  const named = Object.entries(parsed.data.NetworkingConfig?.EndpointsConfig ?? {}).map(([reference, settings]) => ({
    reference: reference === 'default' ? 'bridge' : reference,
    settings: settings ?? {},
  }));
  if (mode === 'host' || mode === 'none' || mode.startsWith('container:')) return { fixedMode: true, networks: named };
  // As engines do: with the default mode and networks named, it is on those alone.
  if (mode === '' || mode === 'default') return { fixedMode: false, networks: named };
  const first = named.find(({ reference }) => reference === mode) ?? { reference: mode, settings: {} };
  return { fixedMode: false, networks: [first, ...named.filter(({ reference }) => reference !== mode)] };
};

/** A network as the engine of the container's node knows it. */
export interface EnginePlace {
  /** The engine's name for it. */
  readonly network: string;
  readonly settings: EndpointSettings;
}

/**
 * A container's place on a network of the cluster, for its engine. The aliases stay with the resolver of the cluster: the
 * engine would answer them with the containers of this node alone.
 */
export const placeOn = (
  settings: EndpointSettings,
  { address, address6 }: AddressPair,
  { dockerNetwork, ipv6 }: ReadyNetworks[string],
): EnginePlace => {
  const { Aliases: _aliases, NetworkID: _id, EndpointID: _endpoint, IPAMConfig, ...others } = settings;
  const { IPv6Address: _ipv6, ...ipam } = IPAMConfig ?? {};
  const given = { IPv4Address: address, ...(ipv6 === true && address6 !== undefined && { IPv6Address: address6 }) };
  return { network: dockerNetwork, settings: { ...others, IPAMConfig: { ...ipam, ...given } } };
};

/** The request with its networks as the engine knows them, the first before others, and the cluster's resolvers. */
export const rewritten = (
  request: CreateRequest,
  places: readonly [EnginePlace, ...EnginePlace[]],
  dns: readonly string[],
): CreateRequest => {
  const host = (request['HostConfig'] ?? {}) as CreateRequest;
  return {
    ...request,
    HostConfig: { ...host, NetworkMode: places[0].network, ...(dns.length > 0 && { Dns: dns }) },
    NetworkingConfig: { EndpointsConfig: Object.fromEntries(places.map((place) => [place.network, place.settings])) },
  };
};
