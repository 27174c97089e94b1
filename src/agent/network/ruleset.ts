import type { AssignedNetwork, AssignedPeer } from '../../model/assignment.ts';
import { parseNetwork6 } from '../../model/ipv6.ts';
import type { NftChain, NftSet, NftTable } from './kernel-state.ts';
import {
  anyPattern,
  bridgeName,
  bridgePattern,
  overlayDevice,
  steerIndex,
  steerMark,
  steerMask,
  vxlanPort,
} from './names.ts';
import { vipChain, vipKey, vipRules } from './balance.ts';
import type { VirtualService } from './balance.ts';
import { publicationChain, publicationKey, publicationRule, unservedVerdict } from './publish.ts';
import type { Publication } from './publish.ts';

const maskText = `0x${steerMask.toString(16)}`;
const prefixes = 'type ipv4_addr; flags interval;';

/** What the rules are made from. */
export interface Rules {
  /** The node's own addresses that tasks of other nodes may see as their client. */
  readonly own: readonly string[];
  readonly networks: readonly AssignedNetwork[];
  readonly peers: readonly AssignedPeer[];
  readonly published: readonly Publication[];
  readonly services: readonly VirtualService[];
}

/** The table that forwards, isolates, balances, publishes and masquerades. */
export function ipTable({ own, networks, peers, published, services }: Rules): NftTable {
  const answered = published.filter(({ addresses }) => addresses.length > 0);
  const unserved = published.filter(({ addresses }) => addresses.length === 0);
  const served = services.filter(({ addresses }) => addresses.length > 0);
  return {
    family: 'ip',
    sets: new Map<string, NftSet>([
      ['subnets', set(prefixes, networks.map(subnet))],
      ['closed', set('type ifname;', networks.filter(({ internal }) => internal).map(bridge))],
      [
        'within',
        set(
          'type ipv4_addr . ipv4_addr; flags interval;',
          networks.map((n) => `${n.subnet} . ${n.subnet}`),
        ),
      ],
      ['reach', set('type ifname . ipv4_addr; flags interval;', networks.map(bridgeAndSubnet))],
      [
        'gateways',
        set(
          'type ipv4_addr;',
          networks.map(({ gateway }) => gateway),
        ),
      ],
      ['self', set('type ipv4_addr;', own)],
      [
        'peers',
        set(
          'type ipv4_addr;',
          peers.map(({ address }) => address),
        ),
      ],
      [
        'turns',
        set(
          'type ipv4_addr . ipv4_addr;',
          answered.flatMap(({ turns }) => turns),
        ),
      ],
      ['virtual', set('type ifname . ipv4_addr;', services.map(vipKey))],
      [
        'loops',
        set(
          'type ipv4_addr . ipv4_addr;',
          served.flatMap(({ own }) => own.map((address) => `${address} . ${address}`)),
        ),
      ],
      ['vips', map('type ifname . ipv4_addr : verdict;', served.map(keyAndChain))],
      ['marks', map('type ether_addr : mark;', peers.map(macAndMark))],
      ['published', map(`type ${portType} : verdict;`, answered.filter(isAnywhere).map(portAndChain))],
      ['published_at', map(`type ${portAtType} : verdict;`, answered.filter(isBound).map(portAndChain))],
      ['unserved', map(`type ${portType} : verdict;`, unserved.filter(isAnywhere).map(portAndVerdict))],
      ['unserved_at', map(`type ${portAtType} : verdict;`, unserved.filter(isBound).map(portAndVerdict))],
    ]),
    chains: new Map<string, NftChain>([
      ...fixedChains,
      ...answered.map((one): [string, NftChain] => [publicationChain(one), { rules: [publicationRule(one)] }]),
      ...served.map((one): [string, NftChain] => [vipChain(one), vipRules(one)]),
    ]),
  };
}

/**
 * Containers never hear one another's ARP: the bridge answers for every address of the network (proxy_arp_pvlan), so a
 * task that moves to another node, or back, keeps the MAC that everyone has for it. Also ends ARP spoofing.
 */
export function bridgeTable(networks: readonly AssignedNetwork[], dual: readonly AssignedNetwork[]): NftTable {
  return {
    family: 'bridge',
    sets: new Map([['subnets', set(prefixes, networks.map(subnet))]]),
    chains: new Map([
      [
        'forward',
        {
          hook: 'type filter hook forward priority 0; policy accept;',
          // Also what asks for an address elsewhere: whoever hears it believes what it says of the sender's.
          rules: [
            'arp daddr ip @subnets drop',
            'arp saddr ip @subnets drop',
            ...dual.map((network) => `${neighbourOf(network)} drop`),
          ],
        },
      ],
      [
        'input',
        {
          hook: 'type filter hook input priority 0; policy accept;',
          // "Has anyone my address?": the bridge, which answers for all, must not say yes.
          rules: dual.map((network) => `ip6 saddr :: ${neighbourOf(network)} drop`),
        },
      ],
    ]),
  };
}

/** Matches what asks for, or tells, the neighbour that has an address of the network. Its target is 64 bits behind the header's start. */
const neighbourOf = ({ ipv6 }: AssignedNetwork): string => {
  const { first, length } = parseNetwork6(ipv6?.subnet ?? '::/128');
  const target = (first >> BigInt(128 - length)).toString(16);
  return `icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } @th,64,${length} 0x${target}`;
};

const subnet = (network: AssignedNetwork): string => network.subnet;
const bridge = (network: AssignedNetwork): string => `"${bridgeName(network.id)}"`;
const bridgeAndSubnet = (network: AssignedNetwork): string => `${bridge(network)} . ${network.subnet}`;
const portType = 'inet_proto . inet_service';
const portAtType = `ipv4_addr . ${portType}`;
const isAnywhere = ({ address }: Publication): boolean => address === undefined;
const isBound = ({ address }: Publication): boolean => address !== undefined;
const portAndChain = (one: Publication): [string, string] => [publicationKey(one), `goto ${publicationChain(one)}`];
const portAndVerdict = (one: Publication): [string, string] => [publicationKey(one), unservedVerdict(one)];
const keyAndChain = (one: VirtualService): [string, string] => [vipKey(one), `goto ${vipChain(one)}`];
const macAndMark = (peer: AssignedPeer): [string, string] => [
  peer.overlayMac.toLowerCase(),
  hexadecimal(steerMark(steerIndex(peer.overlayAddress))),
];

/** As nftables prints marks. */
export const hexadecimal = (mark: number): string => `0x${mark.toString(16).padStart(8, '0')}`;

const set = (declaration: string, keys: readonly string[]): NftSet => ({
  declaration,
  kind: 'set',
  elements: new Map(keys.map((key) => [key, ''])),
});
const map = (declaration: string, entries: readonly (readonly [string, string])[]): NftSet => ({
  declaration,
  kind: 'map',
  elements: new Map(entries),
});

/**
 * The chains whose rules never change. A drop here is final; an accept is not (Docker's tables follow), which is why
 * DOCKER-USER has rules of ours too. Between nodes every packet meets most of them twice at each end, within the overlay and around it:
 * in each rule what most packets fail at comes first, and names of devices, which are copied and compared as text, last.
 * A base chain costs each packet more than a rule of it does: what can be said in a chain that there is has none of its own.
 */
const fixedChains: readonly (readonly [string, NftChain])[] = [
  [
    'raw_in',
    {
      hook: 'type filter hook prerouting priority raw; policy accept;',
      rules: [
        // route_localnet is on for our devices: what arrives there must not reach 127.0.0.0/8.
        `ip daddr 127.0.0.0/8 iifname ${anyPattern} drop`,
        `udp dport ${vxlanPort} notrack accept`,
      ],
    },
  ],
  [
    'raw_out',
    {
      hook: 'type filter hook output priority raw; policy accept;',
      rules: [
        `udp dport ${vxlanPort} notrack accept`,
        // Containers of one network on one node meet at the bridge's layer 3: no redirect may tell them a shorter way.
        `icmp type redirect oifname ${bridgePattern} drop`,
      ],
    },
  ],
  [
    'steer',
    {
      hook: 'type filter hook prerouting priority mangle; policy accept;',
      rules: [`ct mark & ${maskText} != 0 ct direction reply iifname ${bridgePattern} meta mark set ct mark`],
    },
  ],
  [
    'publish_in',
    {
      hook: 'type nat hook prerouting priority -110; policy accept;',
      rules: ['iifname . ip daddr vmap @vips', 'fib daddr type local jump publish'],
    },
  ],
  [
    'publish_out',
    { hook: 'type nat hook output priority -110; policy accept;', rules: ['fib daddr type local jump publish'] },
  ],
  [
    'publish',
    {
      rules: [
        // The resolver of a network listens there.
        `iifname ${bridgePattern} ip daddr @gateways meta l4proto { tcp, udp } th dport 53 return`,
        // Nor does a network without a way out reach other services by a node's address.
        'iifname @closed return',
        'meta l4proto { tcp, udp, sctp } ip daddr . meta l4proto . th dport vmap @published_at',
        'meta l4proto { tcp, udp, sctp } meta l4proto . th dport vmap @published',
      ],
    },
  ],
  [
    'forward',
    {
      hook: 'type filter hook forward priority filter; policy accept;',
      rules: [
        // The way is chosen. The outer packet of VXLAN inherits the mark: with one, each would have its way looked up anew.
        `meta mark & ${maskText} != 0 oifname "${overlayDevice}" meta mark set 0`,
        // Containers made before the MTU fell, and clients of published ports: nothing hangs where "too big" is not heard.
        `tcp flags & (syn | rst) == syn oifname "${overlayDevice}" tcp option maxseg size set rt mtu`,
        'ct state established,related accept',
        // A published port's connection from another node: replies go back there (`steer`), where its translation is undone.
        `ct state new iifname "${overlayDevice}" ip saddr != @subnets ct mark set ether saddr map @marks`,
        // The address of a service that has no ready task: nobody is behind it.
        'iifname . ip daddr @virtual goto refuse',
        // Nobody begins anything with an address that is somewhere else: another network's, or a remote task's.
        `iifname ${bridgePattern} fib saddr . iif oif missing goto prohibit`,
        // The bridge decides what a container may reach, whatever source address it writes.
        'iifname . ip daddr @reach accept',
        `iifname "${overlayDevice}" ip saddr . ip daddr @within accept`,
        // Nor does Docker's own translation lead out of a network without a way out.
        'iifname @closed goto prohibit',
        // A published port, asked for by way of a node's address.
        'ct status dnat accept',
        // Containers are told at once; strangers are told nothing.
        `iifname "${overlayDevice}" ip saddr @subnets goto prohibit`,
        `iifname ${bridgePattern} ip daddr @subnets goto prohibit`,
        `iifname ${bridgePattern} oifname "${overlayDevice}" goto prohibit`,
        // From outside straight to a task's address: only by a published port.
        `iifname != ${anyPattern} ip daddr @subnets drop`,
        `iifname != ${anyPattern} oifname "${overlayDevice}" drop`,
      ],
    },
  ],
  [
    'input',
    {
      hook: 'type filter hook input priority filter; policy accept;',
      rules: [
        `udp dport ${vxlanPort} goto overlay`,
        'ct state != new accept',
        // A network without a way out has no way by what the node itself serves either, as the front door is; names are told.
        'iifname @closed meta l4proto { tcp, udp, sctp } th dport != 53 goto prohibit',
        // Published ports that no task is behind.
        'meta l4proto { tcp, udp, sctp } ip daddr . meta l4proto . th dport vmap @unserved_at',
        'meta l4proto { tcp, udp, sctp } meta l4proto . th dport vmap @unserved',
      ],
    },
  ],
  [
    'overlay',
    {
      rules: [
        'ip saddr != @peers drop',
        // Nor from a container that writes another node's address: the way to that is by no container's bridge, ours or the engine's.
        'meta iifkind "bridge" fib saddr . iif oif missing drop',
      ],
    },
  ],
  ['prohibit', { rules: ['reject with icmp admin-prohibited'] }],
  ['refuse', { rules: ['meta l4proto tcp reject with tcp reset', 'reject with icmp port-unreachable'] }],
  [
    'sources',
    {
      hook: 'type nat hook postrouting priority srcnat; policy accept;',
      rules: [
        // Through a published port from loopback or from a container: the reply has to come by this node.
        `oifname ${anyPattern} ct status dnat ip saddr 127.0.0.0/8 masquerade`,
        `oifname ${anyPattern} ct status dnat ip saddr @subnets ct original ip daddr != @subnets masquerade`,
        `oifname ${anyPattern} ct status dnat ip saddr @subnets ct original ip daddr @gateways masquerade`,
        // A task that was given a connection of its own to its service: it would not take it from its own address.
        `oifname ${bridgePattern} ct status dnat ip saddr . ip daddr @loops masquerade`,
        // The same where the task's node has the client's address too, as it has every gateway's.
        `oifname "${overlayDevice}" ct status dnat fib saddr type local ip saddr != @self masquerade`,
        `oifname "${overlayDevice}" ct status dnat ip saddr . ip daddr @turns masquerade`,
        `oifname != ${anyPattern} ip saddr @subnets ip daddr != @subnets masquerade`,
      ],
    },
  ],
];
