import * as z from 'zod';
import { TuttiError } from '../../../model/errors.ts';
import type { Network, NetworkSpec } from '../../../model/network.ts';
import type { Definitions } from '../../../platform/engine/types.generated.ts';
import { textMap } from './schema.ts';
import { given, sparse } from './sparse.ts';
import { timestampOf } from './time.ts';

const ipamConfigSchema = z.strictObject({
  Subnet: z.string().optional(),
  IPRange: z.string().optional(),
  Gateway: z.string().optional(),
  AuxiliaryAddresses: textMap.optional(),
  AuxAddress: textMap.optional(),
});

export const networkSchema = z.strictObject({
  Name: z.string(),
  /** Of clients before API 1.44: false makes a second network of the name, as engines did. */
  CheckDuplicate: z.boolean().optional(),
  Driver: z.string().optional(),
  Scope: z.string().optional(),
  Internal: z.boolean().optional(),
  Attachable: z.boolean().optional(),
  Ingress: z.boolean().optional(),
  ConfigOnly: z.boolean().optional(),
  ConfigFrom: z.strictObject({ Network: z.string().optional() }).optional(),
  IPAM: z
    .strictObject({
      Driver: z.string().optional(),
      Options: textMap.optional(),
      Config: z.array(ipamConfigSchema).max(16).optional(),
    })
    .optional(),
  EnableIPv4: z.boolean().optional(),
  EnableIPv6: z.boolean().optional(),
  Options: textMap.optional(),
  Labels: textMap.optional(),
});
export type DockerNetwork = z.infer<typeof networkSchema>;

/** Whether the network is to span the nodes. All other drivers, and networks for or from a configuration, are an engine's own. */
export const spansNodes = ({ Driver = '', ConfigOnly, ConfigFrom }: DockerNetwork): boolean =>
  ['', 'overlay', 'bridge'].includes(Driver) && ConfigOnly !== true && (ConfigFrom?.Network ?? '') === '';

/** Throws `not-implemented` for what networks over the nodes cannot be. */
export const networkFrom = (network: DockerNetwork): NetworkSpec => {
  refuseOthers(network);
  return sparse({
    name: network.Name,
    labels: network.Labels,
    driver: 'overlay' as const,
    shownDriver: network.Driver === 'overlay' ? undefined : ('bridge' as const),
    options: network.Options,
    internal: network.Internal,
    attachable: network.Attachable,
    ingress: network.Ingress,
    ipv6: network.EnableIPv6,
    ipam: given(network.IPAM, (ipam) => {
      const configs = ipam.Config?.map(ipamConfigFrom);
      const sixth = configs?.filter(isSixth) ?? [];
      return sparse({
        driver: ipam.Driver === '' ? undefined : ipam.Driver,
        options: ipam.Options,
        configs: configs?.filter((config) => !isSixth(config)),
        ipv6Configs: sixth.length === 0 ? undefined : sixth,
      });
    }),
  });
};

const isSixth = ({ subnet }: { readonly subnet?: string | undefined }): boolean => subnet?.includes(':') === true;

const refuseOthers = (network: DockerNetwork): void => {
  const refuse = (what: string): never => {
    throw new TuttiError('not-implemented', `network ${network.Name}: ${what}`);
  };
  if (network.EnableIPv4 === false) refuse('IPv4 cannot be switched off');
  const ipam = network.IPAM?.Driver ?? '';
  if (ipam !== '' && ipam !== 'default') refuse(`there is no IPAM driver "${ipam}"`);
};

const ipamConfigFrom = (config: z.infer<typeof ipamConfigSchema>) =>
  sparse({
    subnet: unlessEmpty(config.Subnet),
    ipRange: unlessEmpty(config.IPRange),
    gateway: unlessEmpty(config.Gateway),
    auxiliaryAddresses: config.AuxiliaryAddresses ?? config.AuxAddress,
  });

const unlessEmpty = (text: string | undefined): string | undefined => (text === '' ? undefined : text);

const driverOf = ({ spec }: Network): string => {
  if (spec.driver === 'none') return 'null';
  return spec.shownDriver ?? spec.driver;
};

/** As the driver has it on one engine: clients take `swarm` for a network that only services may be on. */
const scopeOf = (network: Network): string => (driverOf(network) === 'overlay' ? 'swarm' : 'local');

/** The network without its endpoints. Subnets are those in force. */
export const networkTo = (network: Network): Definitions['Network'] & { Id: string; Name: string } => {
  const { spec } = network;
  return {
    Name: spec.name,
    Id: network.id,
    Created: timestampOf(network.createdAt),
    Scope: scopeOf(network),
    Driver: driverOf(network),
    EnableIPv4: true,
    EnableIPv6: spec.ipv6 ?? false,
    IPAM: {
      Driver: spec.ipam?.driver ?? 'default',
      ...(spec.ipam?.options !== undefined && { Options: { ...spec.ipam.options } }),
      Config: ipamConfigs(network),
    },
    Internal: spec.internal ?? false,
    Attachable: spec.attachable ?? false,
    Ingress: spec.ingress ?? false,
    ConfigFrom: { Network: '' },
    ConfigOnly: false,
    Containers: {},
    Options: { ...spec.options },
    Labels: { ...spec.labels },
  };
};

const ipamConfigs = (network: Network): Definitions['IPAMConfig'][] => [
  ...configsInForce(network),
  ...configsInForce6(network),
];

/** Of a network of the version before, as it was asked for. */
const configsInForce6 = ({ ipv6, spec }: Network): Definitions['IPAMConfig'][] => {
  const asked = spec.ipam?.ipv6Configs ?? [];
  if (ipv6 === undefined) return asked.map(ipamConfigTo);
  return [ipamConfigTo({ ...ipv6, auxiliaryAddresses: asked[0]?.auxiliaryAddresses })];
};

/** Of either family. */
interface IpamConfig {
  readonly subnet?: string | undefined;
  readonly ipRange?: string | undefined;
  readonly gateway?: string | undefined;
  readonly auxiliaryAddresses?: Readonly<Record<string, string>> | undefined;
}

const ipamConfigTo = (config: IpamConfig): Definitions['IPAMConfig'] =>
  sparse({
    Subnet: config.subnet,
    IPRange: config.ipRange,
    Gateway: config.gateway,
    AuxiliaryAddresses: config.auxiliaryAddresses,
  });

const configsInForce = (network: Network): Definitions['IPAMConfig'][] => {
  const asked = network.spec.ipam?.configs ?? [];
  if (network.subnet === undefined) {
    return asked.map(ipamConfigTo);
  }
  const auxiliary = asked.find((config) => config.auxiliaryAddresses !== undefined)?.auxiliaryAddresses;
  return [
    sparse({
      Subnet: network.subnet,
      IPRange: network.ipRange,
      Gateway: network.gateway,
      AuxiliaryAddresses: auxiliary,
    }),
  ];
};
