import { isIP, isIPv4, isIPv6 } from 'node:net';
import { parseAddress6 } from '../../../model/ipv6.ts';
import type { NftChain, NftSet, NftTable } from '../kernel-state.ts';
import { guardTableName } from '../names.ts';
import { inChainName, isDevice, isMac } from '../nft/words.ts';
import type { Occupant } from './ports-of.ts';

/** What only a network's router, or a DHCP server, has to say; the bridge is the one, and there is none of the other. */
const orders = [
  'icmpv6 type { nd-router-advert, nd-redirect } drop',
  'icmp type redirect drop',
  'udp dport { 68, 546 } drop',
];

/** What a container may show of itself. */
type Speaker = Pick<Occupant, 'mac' | 'addresses'>;

/**
 * What may come out of each container's port of a bridge: what has its own MAC and IP addresses as the source, and tells of no
 * others. It is looked at before the bridge learns anything of it. What would be an order does not reach such a port either:
 * it may come from one that nobody has looked at yet.
 */
export function guardTable(ports: ReadonlyMap<string, Speaker>): NftTable {
  const known = [...ports].filter(([port, occupant]) => isSound(port, occupant));
  return {
    family: 'bridge',
    name: guardTableName,
    sets: new Map<string, NftSet>([
      [
        'ports',
        {
          declaration: 'type ifname : verdict;',
          kind: 'map',
          elements: new Map(known.map(([port]) => [port, `goto ${chainOf(port)}`])),
        },
      ],
      ['guarded', { declaration: 'type ifname;', kind: 'set', elements: new Map(known.map(([port]) => [port, ''])) }],
    ]),
    chains: new Map<string, NftChain>([
      ...known.map(([port, occupant]): [string, NftChain] => [chainOf(port), { rules: rulesOf(occupant) }]),
      ['from', { hook: 'type filter hook prerouting priority -310; policy accept;', rules: ['iifname vmap @ports'] }],
      [
        'to',
        {
          hook: 'type filter hook forward priority -210; policy accept;',
          rules: orders.map((order) => `oifname @guarded ${order}`),
        },
      ],
    ]),
  };
}

const chainOf = (port: string): string => `port_${inChainName(port)}`;

const isSound = (port: string, occupant: Speaker): boolean =>
  isDevice(port) && isMac(occupant.mac) && occupant.addresses.every((one) => isIP(one) !== 0);

const rulesOf = ({ mac, addresses }: Speaker): string[] => {
  const fourth = ['0.0.0.0', ...addresses.filter((one) => isIPv4(one))].join(', ');
  const sixth = addresses.filter((one) => isIPv6(one));
  return [
    `ether saddr != ${mac} drop`,
    // What comes most, first: none of the orders is in it.
    ...addresses.filter((one) => isIPv4(one)).map((one) => `ip protocol tcp ip saddr ${one} accept`),
    ...orders,
    `arp saddr ether ${mac} arp saddr ip { ${fourth} } accept`,
    `ip saddr { ${fourth} } accept`,
    // The target is 64 bits behind the header's start. What is of the link alone leads nowhere.
    ...sixth.map((one) => `${advert} @th,64,128 0x${parseAddress6(one).toString(16)} accept`),
    `${advert} @th,64,64 != 0xfe80000000000000 drop`,
    `ip6 saddr { ${['::', 'fe80::/10', ...sixth].join(', ')} } accept`,
    'drop',
  ];
};

const advert = 'icmpv6 type nd-neighbor-advert';
