import type { NftChain, NftSet, NftTable } from '../kernel-state.ts';
import { tunnelPattern, vxlanPort, wireguardPort } from '../names.ts';
import { refuses, sends } from './seal.ts';
import type { Seal } from './seal.ts';

const addresses = (keys: readonly string[]): NftSet => ({
  declaration: 'type ipv4_addr;',
  kind: 'set',
  elements: new Map(keys.map((key) => [key, ''])),
});

/**
 * What must not go in clear: a table of its own, in force before the overlay is. A chain that every packet meets is there only
 * as long as it can say something.
 */
export function tunnelTable(seals: ReadonlyMap<string, Seal>): NftTable {
  const those = (is: (seal: Seal) => boolean): string[] =>
    [...seals].flatMap(([address, seal]) => (is(seal) ? [address] : []));
  const sealed = those(sends);
  const strict = those(refuses);
  return {
    family: 'inet',
    sets: new Map([
      ['sealed', addresses(sealed)],
      ['strict', addresses(strict)],
    ]),
    chains: new Map([
      ...(those(({ kind }) => kind !== 'open').length > 0 ? untracked : []),
      ...(strict.length > 0 ? [input] : []),
      ...(sealed.length > 0 ? [output] : []),
    ]),
  };
}

type Named = readonly [string, NftChain];
const overlay = `udp dport ${vxlanPort}`;

const untracked: readonly Named[] = [
  [
    'raw_in',
    { hook: 'type filter hook prerouting priority raw; policy accept;', rules: [`udp dport ${wireguardPort} notrack`] },
  ],
  [
    'raw_out',
    { hook: 'type filter hook output priority raw; policy accept;', rules: [`udp dport ${wireguardPort} notrack`] },
  ],
];
const input: Named = [
  'input',
  {
    hook: 'type filter hook input priority filter; policy accept;',
    rules: [`${overlay} ip saddr @strict iifname != ${tunnelPattern} drop`],
  },
];
const output: Named = [
  'output',
  {
    hook: 'type filter hook output priority filter; policy accept;',
    // Also where WireGuard has died and its routes with it.
    rules: [`${overlay} ip daddr @sealed oifname != ${tunnelPattern} drop`],
  },
];
