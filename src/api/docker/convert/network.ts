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
  /** Of clients before API 1.44; names are always unique here. */
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
type DockerNetwork = z.infer<typeof networkSchema>;

/** Throws `not-implemented` for what is not an overlay network over the cluster. */
export const networkFrom = (network: DockerNetwork): NetworkSpec => {
  refuseOthers(network);
  return sparse({
    name: network.Name,
    labels: network.Labels,
    driver: 'overlay' as const,
    options: network.Options,
    internal: network.Internal,
    attachable: network.Attachable,
    ingress: network.Ingress,
    ipam: given(network.IPAM, (ipam) =>
      sparse({
        driver: ipam.Driver === '' ? undefined : ipam.Driver,
        options: ipam.Options,
        configs: ipam.Config?.map(ipamConfigFrom),
      }),
    ),
  });
};

const refuseOthers = (network: DockerNetwork): void => {
  const refuse = (what: string): never => {
    throw new TuttiError('not-implemented', `network ${network.Name}: ${what}`);
  };
  const driver = network.Driver ?? '';
  if (driver !== 'overlay' && driver !== '') {
    refuse(`driver "${driver}" makes a network of one engine; use "--driver overlay" for one that spans the cluster`);
  }
  if (network.Scope !== undefined && !['', 'swarm', 'global'].includes(network.Scope)) {
    refuse(`scope "${network.Scope}" is not there; networks span the cluster`);
  }
  const from = network.ConfigFrom?.Network ?? '';
  if (network.ConfigOnly === true || from !== '') refuse('config-only networks are not there');
  if (network.EnableIPv4 === false) refuse('IPv4 cannot be switched off');
  if (network.EnableIPv6 === true) refuse('networks have IPv4 addresses only');
  // To take it silently would be to promise what is not done.
  const encrypted = network.Options?.['encrypted'];
  if (encrypted !== undefined && encrypted !== 'false') refuse('networks are not encrypted between nodes yet');
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

/** The network without its endpoints. Subnets are those in force. */
export const networkTo = (network: Network): Definitions['Network'] & { Id: string; Name: string } => {
  const { spec } = network;
  return {
    Name: spec.name,
    Id: network.id,
    Created: timestampOf(network.createdAt),
    Scope: 'swarm',
    Driver: spec.driver === 'none' ? 'null' : spec.driver,
    EnableIPv4: true,
    EnableIPv6: spec.ipv6 ?? false,
    IPAM: { Driver: spec.ipam?.driver ?? 'default', Options: { ...spec.ipam?.options }, Config: ipamConfigs(network) },
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

const ipamConfigs = (network: Network): Definitions['IPAMConfig'][] => {
  const asked = network.spec.ipam?.configs ?? [];
  if (network.subnet === undefined) {
    return asked.map((config) =>
      sparse({
        Subnet: config.subnet,
        IPRange: config.ipRange,
        Gateway: config.gateway,
        AuxiliaryAddresses: config.auxiliaryAddresses,
      }),
    );
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
