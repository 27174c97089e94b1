import { isIPv6 } from 'node:net';
import type { NetworkId } from '../../model/ids.ts';
import type { NetworkSpec } from '../../model/network.ts';
import type { NetworkAttachment } from '../../model/service.ts';
import type { Names } from './names.ts';
import type { Section } from './section.ts';
import { compact, compactOrNone, orNone } from './section.ts';
import { stackLabels } from './labels.ts';

type Ipam = NonNullable<NetworkSpec['ipam']>;
type IpamConfig = NonNullable<Ipam['configs']>[number];

/** Networks of the engine itself that `network_mode` can name. */
const engineNetworks = ['host', 'none', 'bridge'] as const;

/** The engine network that a service asks for with `network_mode`. */
export function engineNetwork(service: Section): string | undefined {
  const mode = service.text('network_mode');
  return mode === 'default' ? undefined : engineNetworks.find((one) => one === mode);
}

/**
 * Where a service is connected, and under which names beside its full one: its key in the file, its `container_name`,
 * its aliases, and the names by which others link to it.
 */
export function attachments(
  service: Section,
  names: Names,
  known: { readonly key: string; readonly linkedAs: readonly string[] },
): readonly NetworkAttachment[] | undefined {
  const mode = service.text('network_mode');
  const engine = engineNetwork(service);
  if (engine !== undefined) return [{ networkId: engine as NetworkId }];
  if (mode !== undefined && mode !== 'default') {
    service.warn('network_mode', `${JSON.stringify(mode)} is ignored; the service is on the network "default"`);
    return [{ networkId: names.network('default') as NetworkId, aliases: [known.key] }];
  }
  const container = service.text('container_name');
  const common = [known.key, ...(container === undefined ? [] : [container]), ...known.linkedAs];
  const attached = service.named('networks').map(([name, options]) =>
    compact<NetworkAttachment>({
      networkId: names.network(name) as NetworkId,
      aliases: engineNetworks.some((engine) => engine === names.network(name))
        ? undefined
        : [...new Set([...(options.texts('aliases') ?? []), ...common])],
      driverOptions: options.dictionary('driver_opts'),
      ipv4Address: address(service, options, 'ipv4_address'),
      ipv6Address: address(service, options, 'ipv6_address'),
    }),
  );
  // By name, as the docker CLI has them: a file in another order is the same stack.
  return orNone(attached.sort((a, b) => (a.networkId < b.networkId ? -1 : 1)));
}

/** One address is for one task. */
function address(service: Section, options: Section, key: 'ipv4_address' | 'ipv6_address'): string | undefined {
  const text = options.text(key);
  if (text === undefined) return undefined;
  const deploy = service.section('deploy');
  const several = ![undefined, '0', '1'].includes(deploy.text('replicas') ?? service.text('scale'));
  if (several || deploy.text('mode')?.startsWith('global') === true) {
    options.fail(key, 'cannot be given to a service that may have several tasks');
  } else if (key === 'ipv4_address' ? !isAddress(text) : !isIPv6(text)) {
    const example = key === 'ipv4_address' ? '10.5.0.7' : 'fd00:5::7';
    options.fail(key, `${JSON.stringify(text)} is not an address such as ${example}`);
  }
  return text;
}

export function networkSpec(stack: string, key: string, network: Section, names: Names): NetworkSpec {
  remarkOptions(network);
  remarkDriver(network);
  return compact<NetworkSpec>({
    name: names.network(key),
    labels: stackLabels(stack, network.dictionary('labels')),
    driver: 'overlay',
    options: orEmpty(network.dictionary('driver_opts')),
    internal: network.boolean('internal'),
    attachable: network.boolean('attachable'),
    ingress: undefined,
    ipv6: network.boolean('enable_ipv6'),
    ipam: ipam(network.section('ipam'), network.boolean('enable_ipv6') === true),
  });
}

/** The one option that has an effect. */
const mtuOption = 'com.docker.network.driver.mtu';

function remarkOptions(network: Section): void {
  for (const [option, value] of network.entries('driver_opts')) {
    if (option === 'encrypted' && value !== 'false') {
      network.warn('driver_opts', 'encrypted is for all networks or none: tutti encryption on has it so for all');
    } else if (option !== mtuOption) network.warn('driver_opts', `${option} is ignored; ${mtuOption} has an effect`);
  }
}

function remarkDriver(network: Section): void {
  const asked = network.text('driver') ?? 'overlay';
  if (asked === 'overlay' || asked === 'default') return;
  network.warn('driver', `${JSON.stringify(asked)} is ignored; the network spans the nodes, as an overlay`);
}

function ipam(section: Section, dual: boolean): NetworkSpec['ipam'] {
  const all = section.sections('config');
  const [sixth, fourth] = [true, false].map((wanted) =>
    all
      .filter((config) => isSixth(config) === wanted)
      .flatMap((config) => (wanted ? ipamConfig6(config, dual) : ipamConfig(config)) ?? []),
  );
  for (const [configs, family] of [
    [fourth, 'IPv4'],
    [sixth, 'IPv6'],
  ] as const) {
    if ((configs?.length ?? 0) > 1)
      section.fail('config', `a network has one subnet of ${family}; take the others out`);
  }
  return compactOrNone<Ipam>({
    driver: undefined,
    options: undefined,
    configs: orNone(fourth ?? []),
    ipv6Configs: orNone(sixth ?? []),
  });
}

const isSixth = (config: Section): boolean => config.text('subnet')?.includes(':') === true;

function ipamConfig6(config: Section, dual: boolean): IpamConfig | undefined {
  if (!dual) {
    config.warn('subnet', 'ignored, because the network does not say "enable_ipv6: true"');
    return undefined;
  }
  for (const key of ['subnet', 'ip_range']) {
    const text = config.text(key);
    if (text !== undefined && !isNetwork6(text))
      config.fail(key, `${JSON.stringify(text)} is not a network such as fd00:5::/64`);
  }
  const gateway = config.text('gateway');
  if (gateway !== undefined && !isIPv6(gateway)) {
    config.fail('gateway', `${JSON.stringify(gateway)} is not an address such as fd00:5::1`);
  }
  return ipamFields(config);
}

function ipamConfig(config: Section): IpamConfig | undefined {
  for (const key of ['subnet', 'ip_range']) {
    const text = config.text(key);
    if (text !== undefined && !isNetwork(text))
      config.fail(key, `${JSON.stringify(text)} is not a network such as 10.5.0.0/16`);
  }
  const gateway = config.text('gateway');
  if (gateway !== undefined && !isAddress(gateway)) {
    config.fail('gateway', `${JSON.stringify(gateway)} is not an address such as 10.5.0.1`);
  }
  return ipamFields(config);
}

const ipamFields = (config: Section): IpamConfig | undefined =>
  compactOrNone<IpamConfig>({
    subnet: config.text('subnet'),
    ipRange: config.text('ip_range'),
    gateway: config.text('gateway'),
    auxiliaryAddresses: orEmpty(config.dictionary('aux_addresses')),
  });

function isAddress(text: string): boolean {
  const parts = text.split('.');
  return parts.length === 4 && parts.every((part) => /^\d{1,3}$/.test(part) && Number(part) <= 255);
}

function isNetwork(text: string): boolean {
  const [address = '', length = '', ...rest] = text.split('/');
  return isAddress(address) && /^\d{1,2}$/.test(length) && Number(length) <= 32 && rest.length === 0;
}

function isNetwork6(text: string): boolean {
  const [address = '', length = '', ...rest] = text.split('/');
  return isIPv6(address) && /^\d{1,3}$/.test(length) && Number(length) <= 128 && rest.length === 0;
}

function orEmpty<Values extends object>(values: Values | undefined): Values | undefined {
  return values === undefined || Object.keys(values).length === 0 ? undefined : values;
}
