import type { NftChain, NftSet, NftTable } from '../kernel-state.ts';
import { overlayDevice, tunnelPattern, vxlanPort, wireguardPort } from '../names.ts';
import { refuses, sends } from './seal.ts';
import type { Seal } from './seal.ts';

const addresses = (keys: readonly string[]): NftSet => ({
  declaration: 'type ipv4_addr;',
  kind: 'set',
  elements: new Map(keys.map((key) => [key, ''])),
});

/** What must not go in clear, and what makes it fit: a table of its own, in force before the overlay is. */
export function tunnelTable(seals: ReadonlyMap<string, Seal>): NftTable {
  const those = (is: (seal: Seal) => boolean): string[] =>
    [...seals].flatMap(([address, seal]) => (is(seal) ? [address] : []));
  return {
    family: 'inet',
    sets: new Map([
      ['sealed', addresses(those(sends))],
      ['strict', addresses(those(refuses))],
    ]),
    chains: new Map(chains),
  };
}

const overlay = `udp dport ${vxlanPort}`;
const chains: readonly (readonly [string, NftChain])[] = [
  [
    'raw_in',
    { hook: 'type filter hook prerouting priority raw; policy accept;', rules: [`udp dport ${wireguardPort} notrack`] },
  ],
  [
    'raw_out',
    { hook: 'type filter hook output priority raw; policy accept;', rules: [`udp dport ${wireguardPort} notrack`] },
  ],
  [
    'input',
    {
      hook: 'type filter hook input priority filter; policy accept;',
      rules: [`${overlay} ip saddr @strict iifname != ${tunnelPattern} drop`],
    },
  ],
  [
    'output',
    {
      hook: 'type filter hook output priority filter; policy accept;',
      // Also where WireGuard has died and its routes with it.
      rules: [`${overlay} ip daddr @sealed oifname != ${tunnelPattern} drop`],
    },
  ],
  [
    'clamp',
    {
      hook: 'type filter hook forward priority mangle; policy accept;',
      // Containers made before the MTU fell, and clients of published ports: nothing hangs where "too big" is not heard.
      rules: [`tcp flags & (syn | rst) == syn oifname "${overlayDevice}" tcp option maxseg size set rt mtu`],
    },
  ],
];
