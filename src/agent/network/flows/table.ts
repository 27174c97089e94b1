import { isIPv4 } from 'node:net';
import type { NftChain, NftSet, NftTable } from '../kernel-state.ts';
import { flowsTableName, overlayDevice } from '../names.ts';
import { inChainName, isDevice, isMac } from '../nft/words.ts';

/** A container's port of a bridge, with what it has on that network. */
export interface FlowPort {
  /** Of the device on the node's side. */
  readonly device: string;
  readonly mac: string;
  readonly address: string;
}

/** What the table is made from. */
export interface FlowInputs {
  readonly ports: readonly FlowPort[];
  /** Virtual address → its number, from 1. */
  readonly numbers: ReadonlyMap<string, number>;
  /** MAC address of the node's end of the overlay. */
  readonly mac: string;
}

/** What a connection is known for until its packets take the long way once more. */
const knownSeconds = 20;
/** Connections, of each kind. What is more takes the long way. */
const most = 65_536;

/** In the place of a virtual address' number: the packet asked for what it shows. Numbers end before it. */
const asItIs = 0xffff;
/** And is no fragment. */
export const dontFragment = '0x4000';
/** Neither beginning nor end of a connection, and either. */
const isAmid = 'tcp flags & (fin | syn | rst | ack) == ack';
const isEdge = 'tcp flags & (fin | syn | rst | ack) != ack';

const sent = 'ip saddr . tcp sport . ip daddr . tcp dport';
const received = 'ip daddr . tcp dport . ip saddr . tcp sport';
/** With the number of a virtual address where the address was. */
const balanced = 'ip saddr . tcp sport . ip id . tcp dport';

/** The maps that the kernel fills by itself. */
export const learnt = ['flows', 'ways', 'targets', 'fronts'] as const;

/**
 * The short way for packets amid a TCP connection between a container here and another node. What the long way did with one
 * packet is done with those that follow, without asking again: by conntrack it is accepted, translated and routed, and the
 * `learn` chain sees the outcome. What is not found leaves the packet to the long way, as the long way wants it.
 *
 * A translated packet shows no more what its client asked for. So it is told by the packet's IP identification, which
 * means nothing where a packet must not be fragmented (RFC 6864, 4.1): the number of the virtual address goes there. What
 * did not come by a port of this table may have any there: nothing is learnt of it unless it was `asked` for, or is `straight`.
 */
export function flowsTable({ ports, numbers, mac }: FlowInputs): NftTable {
  const sound = ports.filter(isSound);
  const numbered = [...numbers].map(([address, number]): [string, string] => [address, String(number)]);
  return {
    family: 'netdev',
    name: flowsTableName,
    sets: new Map<string, NftSet>([
      // Of connections as they are: → the MAC address of the other node.
      ['flows', kernelMap(`${sent} : ether daddr`, knownSeconds)],
      // Of connections to virtual addresses: which packets are on the long way, the node, the task, and back.
      [
        'asked',
        { declaration: `typeof ${balanced}; flags dynamic,timeout; timeout 2s; size ${most};`, ...empty('set') },
      ],
      // Of connections to what they show: which packets are on the long way. A translated one shows something else where it ends.
      [
        'straight',
        { declaration: `typeof ${sent}; flags dynamic,timeout; timeout 2s; size ${most};`, ...empty('set') },
      ],
      ['ways', kernelMap(`${balanced} : ether daddr`, knownSeconds + 5)],
      ['targets', kernelMap(`${balanced} : ip daddr`, knownSeconds)],
      ['fronts', kernelMap(`${sent} : ip id`, knownSeconds)],
      ['numbers', { declaration: 'typeof ip daddr : ip id;', kind: 'map', elements: new Map(numbered) }],
      [
        'virtual',
        {
          declaration: 'typeof ip id : ip daddr;',
          kind: 'map',
          elements: new Map(numbered.map(([address, number]) => [number, address])),
        },
      ],
      [
        'here',
        {
          declaration: 'type ipv4_addr : verdict;',
          kind: 'map',
          elements: new Map(sound.map((port) => [port.address, `goto ${arrivalOf(port)}`])),
        },
      ],
    ]),
    chains: new Map<string, NftChain>([
      ...fixedChains,
      [
        'learn',
        {
          hook: `type filter hook egress device "${overlayDevice}" priority 0; policy accept;`,
          rules: [
            // What comes by the short way has its container's address still.
            `ether saddr != ${mac} accept`,
            'ip protocol != tcp accept',
            `${isEdge} goto learn_edge`,
            `ip frag-off != ${dontFragment} accept`,
            `${balanced} @asked goto learn_balanced`,
            `ip id ${asItIs} ${sent} @straight add @flows { ${sent} : ether daddr }`,
          ],
        },
      ],
      ...sound.flatMap((port): [string, NftChain][] => [
        [arrivalOf(port), { rules: arrivals(port) }],
        [
          departureOf(port),
          {
            hook: `type filter hook ingress device "${port.device}" priority 0; policy accept;`,
            rules: departures(port),
          },
        ],
      ]),
    ]),
  };
}

/** With nobody else's addresses: the guard of the bridge does not see what goes on from here. Nearly all goes by the first rule. */
const departures = ({ mac, address }: FlowPort): readonly string[] => {
  const own = `ether saddr ${mac} ip saddr ${address} ip frag-off ${dontFragment}`;
  return [
    `${own} ${isAmid} ether daddr set ${sent} map @flows fwd to "${overlayDevice}"`,
    `${own} ip protocol tcp goto leave`,
  ];
};

/** Addresses are written where nothing is left to be found. A map cannot be asked without a place for its answer: that is the MAC address. */
const arrivals = ({ device, mac }: FlowPort): readonly string[] => {
  const whole = `ip frag-off ${dontFragment} ${isAmid}`;
  const onwards = `ether daddr set ${mac} fwd to "${device}"`;
  return [
    `${whole} ether daddr set ${received} map @flows ${onwards}`,
    `${whole} ip id set ${sent} map @fronts ip saddr set ip id map @virtual ${onwards}`,
  ];
};

const kernelMap = (types: string, seconds: number): NftSet => ({
  declaration: `typeof ${types}; flags dynamic,timeout; timeout ${seconds}s; size ${most};`,
  ...empty('map'),
});

const empty = (kind: NftSet['kind']): Pick<NftSet, 'kind' | 'elements'> => ({ kind, elements: new Map() });

const fixedChains: readonly (readonly [string, NftChain])[] = [
  [
    'leave',
    {
      rules: [
        `${isEdge} goto edge`,
        'ip id set ip daddr map @numbers goto leave_balanced',
        `ip id set ${asItIs} update @straight { ${sent} }`,
      ],
    },
  ],
  [
    'leave_balanced',
    {
      rules: [
        `ip daddr set ${balanced} map @targets goto leave_translated`,
        `update @asked { ${balanced} } accept`,
        // There was no room: 0 is nobody's number, and nothing is learnt of it.
        'ip id set 0',
      ],
    },
  ],
  [
    'leave_translated',
    {
      rules: [
        `ether daddr set ${balanced} map @ways fwd to "${overlayDevice}"`,
        // The long way wants it with the address that was asked for.
        'ip daddr set ip id map @virtual',
      ],
    },
  ],
  [
    'edge',
    {
      // A connection begins or ends: of one before it with the same ports nothing is known any more.
      rules: [
        `delete @flows { ${sent} : ether daddr }`,
        `ip id set ip daddr map @numbers delete @targets { ${balanced} : ip daddr } delete @ways { ${balanced} : ether daddr }`,
      ],
    },
  ],
  [
    'arrive',
    {
      hook: `type filter hook ingress device "${overlayDevice}" priority 0; policy accept;`,
      rules: ['ip daddr vmap @here'],
    },
  ],
  [
    'learn_balanced',
    {
      rules: [
        // The way lasts longer than the task, and each time anew: one without the other helps nobody.
        `update @ways { ${balanced} : ether daddr } add @targets { ${balanced} : ip daddr } add @fronts { ${received} : ip id }`,
      ],
    },
  ],
  ['learn_edge', { rules: [`delete @flows { ${sent} : ether daddr }`, `delete @fronts { ${received} : ip id }`] }],
];

const arrivalOf = ({ device }: FlowPort): string => `to_${inChainName(device)}`;
export const departurePrefix = 'from_';
const departureOf = ({ device }: FlowPort): string => `${departurePrefix}${inChainName(device)}`;

const isSound = ({ device, mac, address }: FlowPort): boolean => isDevice(device) && isMac(mac) && isIPv4(address);
